package porttest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// start is when the suites' stories begin. It has microseconds, which a store must keep.
var start = time.Date(2026, time.October, 5, 12, 34, 56, 789012000, time.UTC)

// later is when they are read.
var later = start.Add(30 * 24 * time.Hour)

// minute is a time of the suites' stories.
func minute(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }

// awkward is a text that stores trip over: quotes, question marks and dollars, other scripts, directions, no final newline.
const awkward = "L'été \"?\" ?0 ?? $1 %s :name \\ \\u0000 \t\r\n Zoë 日本語 🚚 \u202eabc\u202c e\u0301 \u200b{}[]"

func tenant(t *testing.T, name string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(name)
	is.New(t).NoErr(err)
	return id
}

// update runs fn in an Update that must succeed.
func (f RepositoryFixture) update(t *testing.T, tenant domain.TenantID, fn ports.TxFunc) {
	t.Helper()
	is.New(t).NoErr(f.Repository.Update(t.Context(), tenant, fn))
}

// view runs fn in a View that must succeed.
func (f RepositoryFixture) view(t *testing.T, tenant domain.TenantID, fn ports.TxFunc) {
	t.Helper()
	is.New(t).NoErr(f.Repository.View(t.Context(), tenant, fn))
}

// connection is a PENDING connection that is stored nowhere, with changes.
func connection(t *testing.T, tenant domain.TenantID, typ domain.MarketplaceType, changes ...func(*domain.ConnectionState)) *domain.Connection {
	t.Helper()
	is := is.New(t)
	c, err := domain.NewConnection(tenant, typ, start)
	is.NoErr(err)
	s := c.State()
	for _, change := range changes {
		change(&s)
	}
	c, err = domain.RestoreConnection(s)
	is.NoErr(err)
	return c
}

// connected makes a connection CONNECTED.
func connected(s *domain.ConnectionState) {
	s.Status, s.Source = domain.ConnectionConnected, domain.SourceMock
}

// connect stores a new connection.
func (f RepositoryFixture) connect(t *testing.T, tenant domain.TenantID, typ domain.MarketplaceType, changes ...func(*domain.ConnectionState)) domain.ConnectionState {
	t.Helper()
	c := connection(t, tenant, typ, changes...)
	f.update(t, tenant, func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Insert(ctx, c) })
	return c.State()
}

// ticket is a ticket of c that is stored nowhere, with changes.
func newTicket(t *testing.T, c domain.ConnectionState, key string, changes ...func(*domain.TicketState)) *domain.Ticket {
	t.Helper()
	s := domain.TicketState{
		ID: domain.NewID[domain.TicketID](), Tenant: c.Tenant, Connection: c.ID, Channel: c.Type.Channel(), ExternalID: key,
		Status: domain.TicketOpen, Priority: domain.PriorityNormal,
		LastMessageAt: start, CreatedAt: start, UpdatedAt: start,
	}
	for _, change := range changes {
		change(&s)
	}
	ticket, err := domain.RestoreTicket(s)
	is.New(t).NoErr(err)
	return ticket
}

// store stores an intake of c in an Update that must succeed.
func (f RepositoryFixture) store(t *testing.T, c domain.ConnectionState, in domain.PageWrite) {
	t.Helper()
	is.New(t).NoErr(f.tryStore(t.Context(), c, in))
}

// tryStore stores an intake of c as the contract asks: under the lock of the sync state and, for changed tickets, with
// their Candidates.
func (f RepositoryFixture) tryStore(ctx context.Context, c domain.ConnectionState, in domain.PageWrite) error {
	return f.Repository.Update(ctx, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.SyncStates.Lock(ctx, c.ID); err != nil {
			return err
		}
		var keys []string
		for _, ticket := range in.Changed {
			keys = append(keys, ticket.State().ExternalID)
		}
		if _, err := tx.Pages.Candidates(ctx, c.ID, domain.ConversationKeys{Threads: keys}, later); err != nil {
			return err
		}
		return tx.Pages.Store(ctx, in)
	})
}

// inbound is a readable buyer message.
func inbound(id, thread, order string, at time.Time) domain.InboundMessage {
	return domain.InboundMessage{
		ExternalID: id, ThreadID: thread, OrderID: order, BuyerName: "Zoë", BuyerEmail: "zoe@example.com", Language: "fr",
		Subject: "Où est ma commande ?", Body: "message " + id, ReceivedAt: at,
		Source: domain.Source{MediaType: "text/plain", Bytes: []byte("raw " + id)},
	}
}

// external is a message of c that is stored nowhere and on no ticket, with changes.
func external(c domain.ConnectionState, id string, changes ...func(*domain.ExternalMessage)) domain.ExternalMessage {
	m := domain.ExternalMessage{
		ID: domain.NewID[domain.MessageID](), Tenant: c.Tenant, Connection: c.ID, Type: c.Type, Kind: domain.KindBuyerMessage,
		ExternalID: id, ReceivedAt: start, Source: domain.Source{MediaType: "text/plain", Bytes: []byte("raw " + id)}.Plain(),
	}
	for _, change := range changes {
		change(&m)
	}
	return m
}

// sealed is a raw as a vault might have sealed it: other bytes, as many.
func sealed(raw domain.Source, key domain.SourceKeyID) domain.StoredSource {
	kept := raw.Plain()
	kept.Key, kept.Bytes = key, make([]byte, len(raw.Bytes))
	for i, b := range raw.Bytes {
		kept.Bytes[i] = b ^ 0xa5
	}
	return kept
}

// ingest takes a page in as the use case does, from one cursor to the next, and returns what was stored.
func ingest(ctx context.Context, tx ports.Tx, c domain.ConnectionState, from, next string, page []domain.InboundMessage) (domain.PageWrite, error) {
	s, err := tx.SyncStates.Lock(ctx, c.ID)
	if err != nil {
		return domain.PageWrite{}, err
	}
	if err := s.Advance(from, next, start); err != nil {
		return domain.PageWrite{}, err
	}
	screened := domain.Screen(c, page)
	known, err := tx.Pages.Known(ctx, c.Type, externalIDs(screened.Accepted))
	if err != nil {
		return domain.PageWrite{}, err
	}
	fresh := slices.DeleteFunc(screened.Accepted, func(m domain.InboundMessage) bool { return known[m.ExternalID] })
	book, err := tx.Pages.Candidates(ctx, c.ID, domain.Keys(fresh), later)
	if err != nil {
		return domain.PageWrite{}, err
	}
	in := domain.Thread(c, fresh, book, later)
	in.Rejected = screened.Rejected
	if err := tx.Pages.Store(ctx, in); err != nil {
		return domain.PageWrite{}, err
	}
	return in, tx.Pages.Store(ctx, domain.PageWrite{Sync: s})
}

// ingest takes a page in without moving the cursor; it must succeed.
func (f RepositoryFixture) ingest(t *testing.T, c domain.ConnectionState, page ...domain.InboundMessage) (in domain.PageWrite) {
	t.Helper()
	f.update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		s, err := tx.SyncStates.Get(ctx, c.ID)
		if err == nil {
			in, err = ingest(ctx, tx, c, s.State().Cursor, "", page)
		}
		return err
	})
	return in
}

func externalIDs(page []domain.InboundMessage) []string {
	ids := make([]string, len(page))
	for i, m := range page {
		ids[i] = m.ExternalID
	}
	return ids
}

// together runs do n times at once and returns the error of each.
func together(n int, do func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			defer func() {
				if p := recover(); p != nil {
					errs[i] = fmt.Errorf("panic: %v", p)
				}
			}()
			errs[i] = do(i)
		})
	}
	close(begin)
	wg.Wait()
	return errs
}
