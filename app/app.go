// Package app holds the use cases: one type and one file each, with a command and a Run method. Start at [Poll] and
// [Ingest], the main job, and at [New], which builds them all.
//
// A use case opens the transactions it needs and shows them in Run; it talks to marketplaces and secret stores before
// or after a transaction, never inside. Each comment says what running it twice does. All are safe for concurrent use.
package app

import (
	"errors"
	"log/slog"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/content"
	"github.com/keybuzzio/marketplaces/ports"
)

// Deps is what the use cases need.
type Deps struct {
	Repository   ports.Repository                                   // required
	Directory    ports.Directory                                    // required
	PollLedger   ports.PollLedger                                   // required
	Secrets      ports.SecretStore                                  // required
	Mailboxes    ports.MailboxChecker                               // required
	Submissions  ports.SubmissionChecker                            // nil where mailboxes are only read
	Sources      ports.SourceVault                                  // required
	Clients      map[domain.MarketplaceType]ports.MarketplaceClient // required: the marketplaces that are enabled
	Interpreters map[domain.MarketplaceType]ports.Interpreter       // those whose messages can be replayed
	Senders      map[domain.MarketplaceType]ports.Sender            // those whose buyers can be answered
	ReplyRules   map[domain.MarketplaceType]content.RuleSet         // what answers to them may hold; required of each of Senders
	Queue        ports.Queue                                        // nil where nothing works a queue: see PollAll
	Operations   ports.Operations                                   // nil where operators see nothing
	Observer     ports.Observer                                     // ports.NoObserver when nil
	Clock        ports.Clock                                        // the system's clock when nil
	Log          *slog.Logger                                       // discarded when nil
	MockSource   bool                                               // development only: allows sources of invented messages
	Routes       ports.Routes                                       // whose inbound addresses are; nil where no mail is pushed
	InboundHost  string                                             // domain of inbound addresses; "" where none are made
	Held         ports.UnarchivedSources                            // nil where raws stay in the database
	Objects      ports.ObjectStore                                  // where raws are moved to; nil where they stay
	Watcher      ports.MailboxWatcher                               // nil where mailboxes are only polled
	Leases       ports.Leases                                       // required with Watcher

	Authorizers     map[domain.MarketplaceType]ports.Authorizer  // those that sellers can authorize us at
	Orders          map[domain.MarketplaceType]ports.OrderSource // required of each of Authorizers
	PendingConsents ports.PendingConsents                        // required with Authorizers
	ReturnTargets   domain.ReturnTargets                         // where browsers may go after a consent

	HeldMail     int64         // bytes of large pushed mails that are in hand at most; 64 MiB when 0
	PollInterval time.Duration // from a good poll to the next while messages come; a minute when 0
}

// App is all use cases.
type App struct {
	Connect      *Connect
	ConnectMock  *ConnectMock
	SetMailbox   *SetMailbox
	Disconnect   *Disconnect
	Status       *Status
	Sync         *Sync
	Poll         *Poll
	PollAll      *PollAll
	PollTurn     *PollJob
	Reschedule   *Reschedule
	Ingest       *Ingest
	Replay       *Replay
	GetTicket    *GetTicket
	ListTickets  *ListTickets
	ListMessages *ListMessages
	ListEvents   *ListEvents
	GetText      *GetText
	GetFile      *GetFile
	GetOrder     *GetOrder
	RefreshOrder *RefreshOrder

	WriteReply   *WriteReply
	CheckReply   *CheckReply
	GetReply     *GetReply
	ListReplies  *ListReplies
	CancelReply  *CancelReply
	ResolveReply *ResolveReply
	SendReplies  *SendReplies
	AddNote      *AddNote

	AcceptInvitation *AcceptInvitation
	FinishConsent    *FinishConsent
	ContextTurn      *OrderSyncJob
	WarnExpiring     *WarnExpiring

	Deliver           *Deliver
	ListAddresses     *ListAddresses
	CreateAddress     *CreateAddress
	RetireAddress     *RetireAddress
	ValidateAddress   *ValidateAddress
	ListQuarantine    *ListQuarantine
	GetQuarantined    *GetQuarantined
	Assign            *Assign
	Dismiss           *Dismiss
	ReplayQuarantined *ReplayQuarantined
	EraseRaws         *EraseRaws
	MoveRaws          *MoveRaws
	Watch             *Watch

	// For operators, across tenants.
	ListJobs        *ListJobs
	ListConnections *ListConnections
	ListRejected    *ListRejected
	Resume          *Resume
	ReplayRejected  *ReplayRejected
}

// New builds the use cases. Its error names everything that d lacks.
func New(d Deps) (*App, error) {
	var missing []error
	need := func(name string, there bool) {
		if !there {
			missing = append(missing, domain.Errorf(domain.ErrInvalid, "app.Deps.%s is missing", name))
		}
	}
	need("Repository", d.Repository != nil)
	need("Directory", d.Directory != nil)
	need("PollLedger", d.PollLedger != nil)
	need("Secrets", d.Secrets != nil)
	need("Mailboxes", d.Mailboxes != nil)
	need("Sources", d.Sources != nil)
	need("Leases", d.Leases != nil || d.Watcher == nil)
	need("Clients", len(d.Clients) > 0)
	need("PendingConsents", d.PendingConsents != nil || len(d.Authorizers) == 0)
	for t := range d.Authorizers {
		need("Orders["+string(t)+"]", d.Orders[t] != nil)
	}
	for t := range d.Senders {
		_, there := d.ReplyRules[t]
		need("ReplyRules["+string(t)+"]", there)
	}
	if err := errors.Join(missing...); err != nil {
		return nil, err
	}
	if d.Clock == nil {
		d.Clock = ports.SystemClock{}
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Observer == nil {
		d.Observer = ports.NoObserver{}
	}
	if d.PollInterval == 0 {
		d.PollInterval = time.Minute
	}
	a := &App{}
	a.Connect = &Connect{d.Repository, d.Clients, d.Clock, d.InboundHost, consents{d.Authorizers, d.ReturnTargets, d.Clock}}
	a.AcceptInvitation = &AcceptInvitation{a.Connect}
	a.FinishConsent = &FinishConsent{d.Repository, d.PendingConsents, d.Authorizers, d.Secrets, d.Clock, d.Log}
	a.ContextTurn = &OrderSyncJob{d.Repository, d.Authorizers, d.Orders, d.Clock, d.Log}
	a.WarnExpiring = &WarnExpiring{d.Repository, d.Directory, d.Clock, d.Log}
	a.GetOrder = &GetOrder{d.Repository, d.Clock}
	a.RefreshOrder = &RefreshOrder{d.Repository, d.Clock}
	a.Ingest = &Ingest{d.Repository, d.Sources, d.Clock, d.Observer}
	a.Replay = &Replay{d.Repository, d.Sources, d.Interpreters, a.Ingest, d.Clock, d.Log}
	a.Poll = &Poll{d.Repository, d.PollLedger, d.Clients, a.Ingest, d.Clock, d.Observer, d.Log}
	a.ConnectMock = &ConnectMock{d.Repository, a.Connect, a.Poll, d.Clock, d.MockSource}
	a.SetMailbox = &SetMailbox{d.Repository, a.Connect, d.Mailboxes, d.Submissions, d.Secrets, d.Clock, d.Log}
	a.Disconnect = &Disconnect{d.Repository, d.Secrets, d.Clock}
	a.Status = &Status{d.Repository, d.Authorizers, d.Clock}
	a.Sync = &Sync{d.Repository, a.Poll}
	a.SendReplies = &SendReplies{d.Repository, d.Senders, d.Clock, d.Log}
	a.PollAll = &PollAll{d.Directory, a.Poll, a.ContextTurn, a.SendReplies}
	a.PollTurn = &PollJob{a.Poll, d.Repository, d.Clock, domain.Pace{Interval: d.PollInterval}}
	a.Reschedule = &Reschedule{d.Repository, d.Directory, d.Queue, d.Clients, d.Log}
	a.GetTicket = &GetTicket{d.Repository}
	a.ListTickets = &ListTickets{d.Repository}
	a.ListMessages = &ListMessages{d.Repository}
	a.ListEvents = &ListEvents{d.Repository}
	raws := rawReader{d.Sources, d.Interpreters, d.Log}
	a.GetText = &GetText{d.Repository, raws}
	a.GetFile = &GetFile{d.Repository, raws}
	a.Deliver = newDeliver(d, a.Ingest)
	a.ListAddresses = &ListAddresses{d.Repository}
	a.CreateAddress = &CreateAddress{a.Connect}
	a.RetireAddress = &RetireAddress{d.Repository, d.Clock}
	a.ValidateAddress = &ValidateAddress{d.Repository, d.Clock}
	a.ListQuarantine = &ListQuarantine{d.Repository}
	a.GetQuarantined = &GetQuarantined{d.Repository, raws}
	a.Assign = &Assign{d.Repository, a.GetQuarantined, d.Sources, d.Clock}
	a.Dismiss = &Dismiss{d.Repository, d.Clock}
	a.ReplayQuarantined = &ReplayQuarantined{d.Repository, a.Replay}
	a.EraseRaws = &EraseRaws{d.Repository, d.Sources, d.Clock}
	a.MoveRaws = &MoveRaws{d.Repository, d.Held, d.Objects, d.Log}
	a.Watch = &Watch{d.Repository, d.Directory, d.Watcher, d.Leases, d.Clock, d.Log}
	a.WriteReply = &WriteReply{d.Repository, d.Senders, d.ReplyRules, d.Clock, d.InboundHost}
	a.CheckReply = &CheckReply{d.Repository, a.WriteReply}
	a.GetReply = &GetReply{d.Repository}
	a.ListReplies = &ListReplies{d.Repository, d.Clock}
	a.CancelReply = &CancelReply{d.Repository, d.Clock}
	a.ResolveReply = &ResolveReply{d.Repository, d.Clock}
	a.AddNote = &AddNote{d.Repository, d.Clock}
	a.ListJobs = &ListJobs{d.Queue}
	a.ListConnections = &ListConnections{d.Operations}
	a.ListRejected = &ListRejected{d.Operations}
	a.Resume = &Resume{d.Repository, d.Operations, d.Clock}
	a.ReplayRejected = &ReplayRejected{d.Operations, a.Replay}
	return a, nil
}
