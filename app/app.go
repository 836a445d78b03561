// Package app holds the use cases: one type and one file each, with a command and a Run method. Start at [Poll] and
// [Ingest], the main job, and at [New], which builds them all.
//
// A use case opens the transactions it needs and shows them in Run; it talks to marketplaces and secret stores before
// or after a transaction, never inside. Each comment says what running it twice does. All are safe for concurrent use.
package app

import (
	"errors"
	"log/slog"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Deps is what the use cases need.
type Deps struct {
	Repository ports.Repository                                   // required
	Directory  ports.Directory                                    // required
	Secrets    ports.SecretStore                                  // required
	Mailboxes  ports.MailboxChecker                               // required
	Clients    map[domain.MarketplaceType]ports.MarketplaceClient // required: the marketplaces that are enabled
	Clock      ports.Clock                                        // the system's clock when nil
	Log        *slog.Logger                                       // discarded when nil
	MockSource bool                                               // development only: allows sources of invented messages
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
	PollLoop     *PollLoop
	Ingest       *Ingest
	GetTicket    *GetTicket
	ListTickets  *ListTickets
	ListMessages *ListMessages
	ListEvents   *ListEvents
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
	need("Secrets", d.Secrets != nil)
	need("Mailboxes", d.Mailboxes != nil)
	need("Clients", len(d.Clients) > 0)
	if err := errors.Join(missing...); err != nil {
		return nil, err
	}
	if d.Clock == nil {
		d.Clock = ports.SystemClock{}
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	a := &App{}
	a.Connect = &Connect{d.Repository, d.Clients, d.Clock}
	a.Ingest = &Ingest{d.Repository, d.Clock}
	a.Poll = &Poll{d.Repository, d.Clients, a.Ingest, d.Clock, d.Log}
	a.ConnectMock = &ConnectMock{d.Repository, a.Connect, a.Poll, d.Clock, d.MockSource}
	a.SetMailbox = &SetMailbox{d.Repository, a.Connect, d.Mailboxes, d.Secrets, d.Clock, d.Log}
	a.Disconnect = &Disconnect{d.Repository, d.Secrets, d.Clock}
	a.Status = &Status{d.Repository}
	a.Sync = &Sync{d.Repository, a.Poll}
	a.PollAll = &PollAll{d.Directory, a.Poll, d.Log}
	a.PollLoop = &PollLoop{a.PollAll, d.Log}
	a.GetTicket = &GetTicket{d.Repository}
	a.ListTickets = &ListTickets{d.Repository}
	a.ListMessages = &ListMessages{d.Repository}
	a.ListEvents = &ListEvents{d.Repository}
	return a, nil
}
