package app_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/adapters/rawvault"
	"github.com/keybuzzio/marketplaces/adapters/s3"
	"github.com/keybuzzio/marketplaces/adapters/s3/s3test"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// rawStore is a store that raws are moved out of.
type rawStore interface {
	store
	ports.UnarchivedSources
}

// rawStage is the use cases with a real vault and an object store.
type rawStage struct {
	*stage
	vault   ports.SourceVault
	objects *outage
}

// outage is an object store that is away for some names.
type outage struct {
	ports.ObjectStore
	mu   sync.Mutex // guards away
	away func(name string) bool
}

func (o *outage) set(away func(name string) bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.away = away
}

func (o *outage) Put(ctx context.Context, name string, content []byte) error {
	o.mu.Lock()
	away := o.away != nil && o.away(name)
	o.mu.Unlock()
	if away {
		return domain.Errorf(domain.ErrUnavailable, "away")
	}
	return o.ObjectStore.Put(ctx, name, content)
}

func newRawStage(t *testing.T, s rawStore, objects ports.ObjectStore) *rawStage {
	t.Helper()
	st := &rawStage{stage: newStage(t, s), objects: &outage{ObjectStore: objects}}
	st.vault = rawvault.New(s, st.secrets, rawvault.Options{Objects: st.objects})
	a, err := app.New(app.Deps{
		Repository: s, Directory: s, PollLedger: s, Operations: s, Secrets: st.secrets, Mailboxes: st.mailboxes, Sources: st.vault, Clock: st.clock,
		Clients: st.clients(), Interpreters: map[domain.MarketplaceType]ports.Interpreter{domain.Amazon: st.today},
		Held: s, Objects: st.objects,
	})
	if err != nil {
		t.Fatal(err)
	}
	st.App = a
	return st
}

// poll gives a tenant n messages.
func (s *rawStage) take(t *testing.T, who domain.TenantID, n int) {
	t.Helper()
	c := s.connect(t, who)
	s.source.mu.Lock()
	s.source.messages = nil
	s.source.mu.Unlock()
	for i := range n {
		s.source.add(domain.InboundMessage{
			ExternalID: fmt.Sprintf("%s-%d", who, i), ThreadID: "thread", Body: "hello", ReceivedAt: noon,
			Source: domain.Source{MediaType: "message/rfc822", Bytes: fmt.Appendf(nil, "Subject: %s %d\r\n\r\nhello", who, i)},
		})
	}
	if _, err := s.Poll.Run(t.Context(), app.PollCommand{Tenant: who, Connection: c.ID}); err != nil {
		t.Fatal(err)
	}
}

// open opens all raws of a tenant, and says how many bytes of them are still in the database.
func (s *rawStage) open(t *testing.T, who domain.TenantID) (texts []string, held int, err error) {
	t.Helper()
	var all []domain.Stored
	viewErr := s.store.View(t.Context(), who, func(ctx context.Context, tx ports.Tx) (err error) {
		all, err = tx.Archive.Messages(ctx, domain.MessageID{}, 1000, 1<<30)
		return err
	})
	if viewErr != nil {
		t.Fatal(viewErr)
	}
	for _, m := range all {
		held += len(m.Message.Source.Bytes)
		raw, openErr := s.vault.Open(t.Context(), who, m.Message.Source)
		err = errors.Join(err, openErr)
		texts = append(texts, string(raw.Bytes))
	}
	return texts, held, err
}

// rawStores are the stores with which raws are moved: in memory, and real ones.
var rawStores = map[string]func(t *testing.T) *rawStage{
	"memory": func(t *testing.T) *rawStage { return newRawStage(t, memory.NewStore(), memory.NewObjectStore()) },
	"postgres and s3": func(t *testing.T) *rawStage {
		server := s3test.New(t)
		objects, err := s3.New(server.Options())
		if err != nil {
			t.Fatal(err)
		}
		db, err := postgres.Open(t.Context(), domain.NewSecret(pgtest.Database(t)), postgres.Options{MaxConns: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return newRawStage(t, postgres.NewRepository(db, nil), objects)
	},
}

func TestRawsMoveToTheObjectStore(t *testing.T) {
	t.Parallel()
	for name, open := range rawStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), open(t)
			one, two := tenant(t, "one"), tenant(t, "two")
			s.take(t, one, 5)
			s.take(t, two, 3)
			before, held, err := s.open(t, one)
			is.NoErr(err)
			is.Equal(len(before), 5)
			is.True(held > 0)

			// One tenant's trouble is not another's, and what is left is moved by the next run.
			s.objects.set(func(name string) bool { return name[:4] == "one/" })
			moved, err := s.MoveRaws.Run(t.Context())
			is.True(errors.Is(err, domain.ErrUnavailable))
			is.Equal(moved, 3)
			_, held, err = s.open(t, two)
			is.NoErr(err)
			is.Equal(held, 0)
			s.objects.set(nil)
			var wg sync.WaitGroup
			for range 4 { // many at once are harmless
				wg.Go(func() { _, _ = s.MoveRaws.Run(t.Context()) })
			}
			wg.Wait()
			after, held, err := s.open(t, one)
			is.NoErr(err)
			is.Equal(held, 0)
			is.Equal(after, before)
			moved, err = s.MoveRaws.Run(t.Context())
			is.NoErr(err)
			is.Equal(moved, 0)
		})
	}
}

func TestErasingMakesRawsUnreadableWhereverTheyAre(t *testing.T) {
	t.Parallel()
	for name, open := range rawStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), open(t)
			one, two := tenant(t, "one"), tenant(t, "two")
			s.take(t, one, 2)
			s.take(t, two, 2)
			_, err := s.MoveRaws.Run(t.Context())
			is.NoErr(err)
			var backup []domain.Stored // of the database, from before
			is.NoErr(s.store.View(t.Context(), one, func(ctx context.Context, tx ports.Tx) (err error) {
				backup, err = tx.Archive.Messages(ctx, domain.MessageID{}, 10, 1<<20)
				return err
			}))
			for range 2 { // running it again is harmless
				is.NoErr(s.EraseRaws.Run(t.Context(), app.EraseRawsCommand{Tenant: one, Actor: domain.ActorAgent, ActorID: "zoe"}))
			}
			texts, _, err := s.open(t, one)
			is.True(errors.Is(err, domain.ErrNotFound))
			is.Equal(texts, []string{"", ""})
			// Nor does what was copied before open: what it takes to open it is nowhere.
			again := rawvault.New(s.store, s.secrets, rawvault.Options{Objects: s.objects})
			for _, m := range backup {
				_, err := again.Open(t.Context(), one, m.Message.Source)
				is.True(errors.Is(err, domain.ErrNotFound))
				_, err = s.secrets.Get(t.Context(), domain.NewRawKeyPath(one, m.Message.Source.Key))
				is.True(errors.Is(err, domain.ErrNotFound))
			}
			others, _, err := s.open(t, two)
			is.NoErr(err)
			is.Equal(len(others), 2)
			// And the tenant's next messages are kept as ever.
			s.take(t, one, 3)
			texts, _, err = s.open(t, one)
			is.True(errors.Is(err, domain.ErrNotFound)) // of the two before
			is.Equal(len(texts), 3)
			is.True(texts[2] != "")
			var entries []domain.AuditEntry
			is.NoErr(s.store.View(t.Context(), one, func(ctx context.Context, tx ports.Tx) (err error) {
				entries, err = tx.Audit.List(ctx, one.String(), ports.Position{}, 10)
				return err
			}))
			is.Equal(len(entries), 2)
			is.Equal(entries[0].Action, domain.AuditErased)
			is.Equal(entries[0].ActorID, "zoe")
		})
	}
}

func TestRawsStayWhereNoObjectStoreIsSet(t *testing.T) {
	t.Parallel()
	_, err := newStage(t, memory.NewStore()).MoveRaws.Run(t.Context())
	is.New(t).True(errors.Is(err, domain.ErrForbidden))
}
