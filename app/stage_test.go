package app_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// store is a Repository and a Directory in one, as both adapters have them.
type store interface {
	ports.Repository
	ports.Directory
	ports.PollLedger
	ports.Operations
	ports.PendingConsents
}

// stage is the use cases on a store, with a source of messages that the test scripts.
type stage struct {
	*app.App
	store     store
	secrets   *secretStore
	deps      app.Deps
	clock     *memory.Clock
	source    *source
	mailboxes *mailboxes
	raws      *memory.SourceVault
	today     *today
	api       *api
}

func newStage(t testing.TB, s store) *stage {
	t.Helper()
	st := &stage{store: s, secrets: newSecretStore(), clock: memory.NewClock(noon), source: &source{size: 2}, mailboxes: &mailboxes{}, raws: memory.NewSourceVault(), today: newToday(), api: newAPI()}
	queue, _ := s.(ports.Queue) // Postgres has its own in adapters/riverjobs
	targets, err := domain.ParseReturnTargets([]string{"https://app.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	st.deps = app.Deps{
		Authorizers: map[domain.MarketplaceType]ports.Authorizer{domain.Amazon: st.api}, Orders: map[domain.MarketplaceType]ports.OrderSource{domain.Amazon: st.api},
		PendingConsents: s, ReturnTargets: targets,
		Repository: s, Directory: s, PollLedger: s, Operations: s, Queue: queue, Secrets: st.secrets, Mailboxes: st.mailboxes, Sources: st.raws, Clock: st.clock, MockSource: true, InboundHost: "inbound.example.com",
		Clients:      map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: st.source},
		Interpreters: map[domain.MarketplaceType]ports.Interpreter{domain.Amazon: st.today},
	}
	a, err := app.New(st.deps)
	if err != nil {
		t.Fatal(err)
	}
	st.App = a
	return st
}

func tenant(t testing.TB, s string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// connect makes a CONNECTED connection without polling it.
func (s *stage) connect(t testing.TB, who domain.TenantID) domain.ConnectionState {
	t.Helper()
	c, err := s.SetMailbox.Run(t.Context(), app.SetMailboxCommand{Tenant: who, Marketplace: domain.Amazon, Mailbox: mailbox})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var mailbox = domain.Mailbox{Host: "imap.example.com", User: "seller@example.com", Password: domain.NewSecret("right")}

// mailboxes is a MailboxChecker that lets in whoever knows the password.
type mailboxes struct{}

func (*mailboxes) CheckMailbox(_ context.Context, m domain.Mailbox) error {
	if m.Password.Reveal() != "right" {
		return domain.Errorf(domain.ErrRejected, "%s does not accept this user and password", m.Host)
	}
	return nil
}

// source is a marketplace in memory. Its cursor is the number of messages behind it.
type source struct {
	mu          sync.Mutex
	messages    []domain.InboundMessage
	size        int                  // messages a page
	newestFirst bool                 // pages run from the newest message to the oldest of what is unread
	noLastNext  bool                 // the last page has no next cursor
	redeliver   bool                 // every read starts from the beginning
	fail        func(page int) error // asked before each page of a read
	onPage      func(page int)       // called before each page is given
}

func (s *source) add(messages ...domain.InboundMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, messages...)
}

func (s *source) Pages(_ context.Context, _ domain.ConnectionState, cursor string) iter.Seq2[ports.Page, error] {
	return func(yield func(ports.Page, error) bool) {
		s.mu.Lock()
		all := slices.Clone(s.messages)
		s.mu.Unlock()
		from, err := strconv.Atoi(cursor)
		if err != nil || s.redeliver {
			from = 0
		}
		for n := 0; from < len(all); n++ {
			if s.fail != nil {
				if err := s.fail(n); err != nil {
					yield(ports.Page{}, err)
					return
				}
			}
			to := min(from+s.size, len(all))
			page := ports.Page{Messages: slices.Clone(all[from:to]), Next: strconv.Itoa(to)}
			if s.newestFirst {
				slices.Reverse(page.Messages)
			}
			if s.noLastNext && to == len(all) {
				page.Next = ""
			}
			if s.onPage != nil {
				s.onPage(n)
			}
			if !yield(page, nil) {
				return
			}
			from = to
		}
	}
}

// message is a sound message sent n minutes after noon, in a thread of its own.
func message(n int) domain.InboundMessage {
	return domain.InboundMessage{
		ExternalID: fmt.Sprintf("m-%04d", n), ThreadID: fmt.Sprintf("th-%04d", n), BuyerName: "Ana", Subject: "A question",
		Body: fmt.Sprintf("Question %d", n), ReceivedAt: noon.Add(time.Duration(n) * time.Minute),
		Source: domain.Source{MediaType: "text/plain", Bytes: fmt.Appendf(nil, "raw %d", n)},
	}
}

func messages(n int) []domain.InboundMessage {
	all := make([]domain.InboundMessage, n)
	for i := range all {
		all[i] = message(i)
	}
	return all
}

// tickets reads all tickets of a tenant, the most recently active first.
func (s *stage) tickets(t testing.TB, who domain.TenantID) []domain.TicketState {
	t.Helper()
	var all []domain.TicketState
	q := app.ListTicketsQuery{Tenant: who, TicketFilter: ports.TicketFilter{Limit: app.MaxList}}
	for {
		page, next, err := s.ListTickets.Run(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if next == (ports.Position{}) {
			return all
		}
		q.After = next
	}
}

func (s *stage) conversation(t testing.TB, k domain.TicketState) []domain.TicketMessage {
	t.Helper()
	all, next, err := s.ListMessages.Run(t.Context(), app.ConversationQuery{TicketQuery: app.TicketQuery{Tenant: k.Tenant, Ticket: k.ID}, Limit: app.MaxList})
	if err != nil || next != (ports.Position{}) {
		t.Fatal(err, next)
	}
	return all
}

func (s *stage) events(t testing.TB, k domain.TicketState, typ domain.EventType) []domain.TicketEvent {
	t.Helper()
	all, next, err := s.ListEvents.Run(t.Context(), app.ConversationQuery{TicketQuery: app.TicketQuery{Tenant: k.Tenant, Ticket: k.ID}, Limit: app.MaxList})
	if err != nil || next != (ports.Position{}) {
		t.Fatal(err, next)
	}
	return slices.DeleteFunc(all, func(e domain.TicketEvent) bool { return e.Type != typ })
}

// syncState reads a connection's sync state.
func (s *stage) syncState(t testing.TB, c domain.ConnectionState) (out domain.SyncStateData) {
	t.Helper()
	err := s.store.View(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		state, err := tx.SyncStates.Get(ctx, c.ID)
		if err == nil {
			out = state.State()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// put stores tickets as they are: conversations that people had before.
func (s *stage) put(t testing.TB, who domain.TenantID, in domain.PageWrite) {
	t.Helper()
	err := s.store.Update(t.Context(), who, func(ctx context.Context, tx ports.Tx) error { return tx.Pages.Store(ctx, in) })
	if err != nil {
		t.Fatal(err)
	}
}

// plain opens a raw that is stored, which must be sealed.
func (s *stage) plain(t testing.TB, who domain.TenantID, kept domain.StoredSource) string {
	t.Helper()
	raw, err := s.raws.Open(t.Context(), who, kept)
	if err != nil || !kept.Sealed() || raw.MediaType != kept.MediaType {
		t.Fatal(err, kept.MediaType)
	}
	return string(raw.Bytes)
}

// setStatus changes a ticket as a person would.
func (s *stage) setStatus(t testing.TB, k domain.TicketState, status domain.TicketStatus) {
	t.Helper()
	k.Status = status
	changed, err := domain.RestoreTicket(k)
	if err != nil {
		t.Fatal(err)
	}
	err = s.store.Update(t.Context(), k.Tenant, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.Pages.Candidates(ctx, k.Connection, domain.ConversationKeys{Threads: []string{k.ExternalID}}, s.clock.Now()); err != nil {
			return err
		}
		return tx.Pages.Store(ctx, domain.PageWrite{Changed: []*domain.Ticket{changed}})
	})
	if err != nil {
		t.Fatal(err)
	}
}
