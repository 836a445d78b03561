package app

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/content"
	"github.com/keybuzzio/marketplaces/ports"
)

// WriteReply puts an answer of a person on its way to the buyer.
type WriteReply struct {
	repo    ports.Repository
	senders map[domain.MarketplaceType]ports.Sender
	rules   map[domain.MarketplaceType]content.RuleSet
	clock   ports.Clock
	host    string // of Message-IDs
}

// ReplyCommand is an answer as its author wrote it.
type ReplyCommand struct {
	TicketQuery
	Author    string // the token's subject
	Key       string // the author's Idempotency-Key
	Asked     []byte // what was asked for with Key, byte for byte
	Text      string
	Language  string                 // ISO 639-1; "" when the author does not say
	Seen      domain.TicketMessageID // the last message that the author saw
	Delay     time.Duration          // before it leaves; 0 to domain.MaxReplyDelay
	Critical  bool                   // to reach a buyer who has opted out
	Overrides []domain.Override
}

// WrittenReply is a reply with its text.
type WrittenReply struct {
	domain.ReplyState
	Text string
}

// ReplyResult is the reply, and whether it was there before.
type ReplyResult struct {
	WrittenReply
	Repeated bool // the same request came before
}

// ConversationMoved is the conflict of a reply whose author has not seen what is new.
type ConversationMoved struct {
	News []domain.TicketMessage // behind the last message that the author saw, oldest first
}

// Error implements error.
func (*ConversationMoved) Error() string {
	return "the conversation has moved on: read what is new, then answer"
}

// BrokenRules are the rules of content that keep a reply from leaving.
type BrokenRules struct{ Violations []content.Violation }

// Error implements error.
func (*BrokenRules) Error() string { return "the reply breaks rules of the marketplace" }

// ErrKeyReused means that an Idempotency-Key came with another request before.
var ErrKeyReused = domain.Errorf(domain.ErrConflict, "this Idempotency-Key was used for another reply: take a new one for each")

// Run stores the reply and its job, both or neither; nothing leaves before.
//
//   - Idempotency: the same Key with the same Asked gives the same reply, however often and at once.
//   - Errors: ErrKeyReused; domain.ErrConflict with *ConversationMoved when something newer than Seen is there, or when the
//     ticket cannot be answered; domain.ErrInvalid with *BrokenRules; domain.ErrNotFound if the tenant has no such ticket.
func (u *WriteReply) Run(ctx context.Context, cmd ReplyCommand) (done ReplyResult, err error) {
	if err := cmd.check(); err != nil {
		return ReplyResult{}, err
	}
	for range 3 { // two who come at once with one key: the second finds the first's
		done, err = u.run(ctx, cmd)
		if domain.KindOf(err) != domain.ErrConflict || !errors.Is(err, errKeyTaken) {
			return done, err
		}
	}
	return done, err
}

// The most that a reply says about itself.
const (
	maxOverrides = 10
	maxReason    = 500 // bytes
)

// check refuses what could not be stored. The text is judged by the rules of content.
func (cmd ReplyCommand) check() error {
	plain := func(s string, most int) bool {
		return len(s) <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
	}
	switch {
	case !plain(cmd.Language, 8):
		return domain.Errorf(domain.ErrInvalid, "language: give an ISO 639-1 code such as fr")
	case len(cmd.Overrides) > maxOverrides:
		return domain.Errorf(domain.ErrInvalid, "override: give at most %d rules", maxOverrides)
	}
	for _, o := range cmd.Overrides {
		if !plain(o.Rule, 64) || !plain(o.Reason, maxReason) {
			return domain.Errorf(domain.ErrInvalid, "override: give the rule's name and a reason of up to %d bytes in one line", maxReason)
		}
	}
	return nil
}

// errKeyTaken means that another transaction took the key first.
var errKeyTaken = errors.New("the key is taken")

func (u *WriteReply) run(ctx context.Context, cmd ReplyCommand) (done ReplyResult, err error) {
	err = u.repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		conversation, err := tx.Conversations.Lock(ctx, cmd.Ticket)
		if err != nil {
			return err
		}
		if there, err := tx.Replies.ByKey(ctx, cmd.Key); err == nil {
			done, err = repeated(ctx, tx, there, cmd)
			return err
		} else if domain.KindOf(err) != domain.ErrNotFound {
			return err
		}
		if err := unseen(ctx, tx, cmd); err != nil {
			return err
		}
		r, err := u.write(ctx, tx, conversation, cmd)
		if err != nil {
			return err
		}
		s := r.State()
		message, event := conversation.Ticket.Replied(s, cmd.Text)
		err = tx.Conversations.Save(ctx, domain.ConversationWrite{Messages: []domain.TicketMessage{message}, Events: []domain.TicketEvent{event}})
		if err != nil {
			return err
		}
		if err := tx.Replies.Insert(ctx, r); domain.KindOf(err) == domain.ErrConflict {
			return domain.Wrap(domain.ErrConflict, errKeyTaken, "another reply was first")
		} else if err != nil {
			return err
		}
		done.WrittenReply = WrittenReply{s, cmd.Text}
		return tx.Jobs.Schedule(ctx, ports.JobReplies, s.Connection, s.DueAt)
	})
	if err != nil {
		return ReplyResult{}, err
	}
	return done, nil
}

// repeated returns the reply that the same key brought before.
func repeated(ctx context.Context, tx ports.Tx, there *domain.Reply, cmd ReplyCommand) (ReplyResult, error) {
	s := there.State()
	if !there.AskedBy(cmd.Asked) || s.Ticket != cmd.Ticket {
		return ReplyResult{}, ErrKeyReused
	}
	m, err := tx.Tickets.Message(ctx, s.Ticket, s.Message)
	return ReplyResult{WrittenReply{s, m.Body}, true}, err
}

// maxNews is how many new messages an author is told of.
const maxNews = 20

// unseen is the conflict with what is behind the last message that the author saw, nil if nothing is. Notes, and replies
// that did not leave, are nothing that a buyer knows of.
func unseen(ctx context.Context, tx ports.Tx, cmd ReplyCommand) error {
	seen, err := tx.Tickets.Message(ctx, cmd.Ticket, cmd.Seen)
	if domain.KindOf(err) == domain.ErrNotFound {
		return domain.Errorf(domain.ErrInvalid, "seenMessageId: give the id of the last message of this ticket that you saw")
	}
	if err != nil {
		return err
	}
	after := ports.Position{At: seen.SentAt, ID: seen.ID.String()}
	news := &ConversationMoved{}
	for len(news.News) < maxNews {
		page, err := tx.Tickets.Messages(ctx, cmd.Ticket, after, MaxList)
		if err != nil {
			return err
		}
		for _, m := range page {
			after = ports.Position{At: m.SentAt, ID: m.ID.String()}
			withdrawn := m.Delivery == domain.DeliveryCancelled || m.Delivery == domain.DeliveryFailed
			if !m.Internal && !withdrawn && len(news.News) < maxNews {
				news.News = append(news.News, m)
			}
		}
		if len(page) < MaxList {
			break
		}
	}
	if len(news.News) > 0 {
		return domain.Wrap(domain.ErrConflict, news, "%s", news.Error())
	}
	return nil
}

// write judges the reply and completes it.
func (u *WriteReply) write(ctx context.Context, tx ports.Tx, c domain.Conversation, cmd ReplyCommand) (*domain.Reply, error) {
	r, err := domain.NewReply(c, cmd.Key, cmd.Asked, cmd.Delay, u.clock.Now())
	if err != nil {
		return nil, err
	}
	s := r.State()
	conn, err := tx.Connections.Get(ctx, s.Connection)
	if err != nil {
		return nil, err
	}
	k := conn.State()
	switch {
	case k.Status == domain.ConnectionDisabled:
		return nil, domain.Errorf(domain.ErrConflict, "the account is disconnected: connect it again, then answer")
	case u.senders[k.Type] == nil:
		return nil, domain.Errorf(domain.ErrConflict, "answers to %s do not leave from this installation: its operator must set KEYBUZZ_SMTP_SUBMISSION_ADDR", k.Type.Title())
	}
	if found := u.check(k.Type, cmd.Text, cmd.Language, content.Buyer{Language: c.Buyer.Language}); len(found) > 0 {
		rules := make([]content.Rule, 0, len(cmd.Overrides))
		for _, o := range cmd.Overrides {
			if o.Reason != "" {
				rules = append(rules, content.Rule(o.Rule))
			}
		}
		if blocking := content.Blocking(found, rules); len(blocking) > 0 {
			broken := &BrokenRules{blocking}
			return nil, domain.Wrap(domain.ErrInvalid, broken, "%s", broken.Error())
		}
	}
	from, err := leavesFrom(ctx, tx, k, s.From)
	if err != nil {
		return nil, err
	}
	r.LeaveFrom(from)
	r.Author(cmd.Author, cmd.Language, u.host, cmd.Critical, cmd.Overrides)
	return r, nil
}

// check is what the marketplace's rules say of a text.
func (u *WriteReply) check(t domain.MarketplaceType, text, language string, buyer content.Buyer) []content.Violation {
	return content.CheckReply(content.Draft{Text: text, Language: language, Buyer: buyer}, u.rules[t])
}

// leavesFrom is the address that a reply leaves from: the one that received the conversation, "" for the mailbox's own.
//
//   - ErrConflict when that address is retired: the marketplace takes nothing from it any more.
//   - A pushed conversation of which nobody noted the address leaves from the connection's only one that is not retired. Of
//     several nobody guesses: ErrConflict.
func leavesFrom(ctx context.Context, tx ports.Tx, k domain.ConnectionState, received string) (string, error) {
	if received == "" && k.Source != domain.SourcePush {
		return "", nil
	}
	all, err := tx.Addresses.List(ctx, k.Type)
	if err != nil {
		return "", err
	}
	var found []string
	for _, a := range all {
		switch s := a.State(); {
		case s.Connection != k.ID:
		case s.Address == received && s.Status == domain.AddressRetired:
			return "", domain.Errorf(domain.ErrConflict, "the address that received this conversation is retired: answer in Seller Central")
		case s.Address == received:
			return received, nil
		case s.Status != domain.AddressRetired:
			found = append(found, s.Address)
		}
	}
	if received != "" || len(found) != 1 {
		return "", domain.Errorf(domain.ErrConflict,
			"it is not known by which address this conversation came: answer in Seller Central; newer messages can be answered here")
	}
	return found[0], nil
}
