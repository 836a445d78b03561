package app_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"
	"go.uber.org/mock/gomock"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports/portmock"
)

func TestPollReadsEverythingOnce(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	c := s.connect(t, who)
	s.source.add(messages(5)...)
	cmd := app.PollCommand{Tenant: who, Connection: c.ID}

	result, err := s.Poll.Run(t.Context(), cmd)
	is.NoErr(err)
	is.Equal(result, app.PollResult{Fetched: 5, Created: 5})
	is.Equal(s.syncState(t, c).Cursor, "5")
	is.Equal(s.syncState(t, c).LastSuccessAt, s.clock.Now())

	result, err = s.Poll.Run(t.Context(), cmd)
	is.NoErr(err)
	is.Equal(result, app.PollResult{}) // nothing new

	s.source.redeliver = true
	result, err = s.Poll.Run(t.Context(), cmd)
	is.NoErr(err)
	is.Equal(result.Created, 0) // all known
	is.Equal(len(s.tickets(t, who)), 5)
}

func TestPollCountsEveryMessageOnce(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	c := s.connect(t, who)
	s.source.size = 100
	nul, utf8, noID, huge := message(10), message(11), message(12), message(13)
	nul.Body, utf8.Body, noID.ExternalID, huge.Body = "a\x00b", "caf\xe9", "", strings.Repeat("x", 20<<20)
	twin := message(1)
	twin.Body = "other words, same id"
	s.source.add(message(1), nul, message(1), utf8, twin, noID, huge, message(2))

	result, err := s.Poll.Run(t.Context(), app.PollCommand{Tenant: who, Connection: c.ID})
	is.NoErr(err)
	is.Equal(result, app.PollResult{Fetched: 8, Created: 2, Duplicates: 1, Rejected: 5})
	is.Equal(s.syncState(t, c).Cursor, "8") // bad messages do not block
	reasons := map[domain.RejectReason]int{}
	for _, r := range s.store.(*memory.Store).RejectedMessages(who, c.ID) {
		reasons[r.Reason]++
		is.True(r.Source.Sealed() && len(r.Source.Bytes) > 0) // can be replayed, by who has the key
	}
	is.Equal(reasons, map[domain.RejectReason]int{
		domain.RejectNUL: 1, domain.RejectUTF8: 1, domain.RejectNoID: 1, domain.RejectTooLarge: 1, domain.RejectDuplicateID: 1,
	})
}

func TestPollFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cause  error
		status domain.ConnectionStatus
		said   string
	}{
		"a temporary fault keeps the connection": {domain.Errorf(domain.ErrUnavailable, "no answer"), domain.ConnectionConnected, "no answer"},
		"a refusal needs a person":               {domain.Errorf(domain.ErrRejected, "wrong password"), domain.ConnectionError, "wrong password"},
		"a bug says nothing of itself":           {errors.New("index out of range: Dear Sir"), domain.ConnectionConnected, "internal error"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
			c := s.connect(t, who)
			s.source.add(messages(5)...)
			s.source.fail = func(page int) error {
				if page == 1 {
					return test.cause
				}
				return nil
			}
			result, err := s.Poll.Run(t.Context(), app.PollCommand{Tenant: who, Connection: c.ID})
			is.True(errors.Is(err, test.cause))
			is.Equal(result.Created, 2)             // what came before stands
			is.Equal(s.syncState(t, c).Cursor, "2") // and the cursor with it
			is.Equal(s.syncState(t, c).LastError, test.said)
			status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
			after := status.Connection
			found := status.Found
			is.NoErr(err)
			is.True(found)
			is.Equal(after.Status, test.status)
			is.Equal(after.LastError, test.said)

			s.source.fail = nil
			c = s.connect(t, who) // the seller sets the mailbox again
			result, err = s.Poll.Run(t.Context(), app.PollCommand{Tenant: who, Connection: c.ID})
			is.NoErr(err)
			is.Equal(result.Created, 3) // nothing was lost
			is.Equal(s.syncState(t, c).LastError, "")
		})
	}
}

func TestPollThatIsCancelledIsNoFailure(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	c := s.connect(t, who)
	s.source.add(messages(5)...)
	ctx, cancel := context.WithCancel(t.Context())
	s.source.onPage = func(page int) {
		if page == 1 {
			cancel()
		}
	}
	_, err := s.Poll.Run(ctx, app.PollCommand{Tenant: who, Connection: c.ID})
	is.True(errors.Is(err, context.Canceled))
	is.Equal(s.syncState(t, c).LastError, "")
	is.Equal(s.syncState(t, c).Cursor, "2") // the page in hand was given up
}

func TestPollersThatMeet(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	c := s.connect(t, who)
	s.source.add(messages(50)...)
	var all sync.WaitGroup
	results := make([]app.PollResult, 8)
	for i := range results {
		all.Go(func() {
			var err error
			if results[i], err = s.Poll.Run(t.Context(), app.PollCommand{Tenant: who, Connection: c.ID}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	created := 0
	for _, r := range results {
		created += r.Created
	}
	is.Equal(created, 50)
	is.Equal(len(s.tickets(t, who)), 50)
}

func TestDisconnectDuringAPollStopsIt(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	c := s.connect(t, who)
	s.source.add(messages(6)...)
	s.source.onPage = func(page int) {
		if page == 1 {
			_, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: who, Marketplace: domain.Amazon})
			is.NoErr(err)
		}
	}
	result, err := s.Poll.Run(t.Context(), app.PollCommand{Tenant: who, Connection: c.ID})
	is.NoErr(err)
	is.True(result.Superseded)
	is.Equal(result.Created, 2) // the page before
	is.Equal(s.syncState(t, c).Cursor, "2")
}

// A poll that began before the seller changed the connection must not act on what it is now.
func TestPollOfAnOldLinkChangesNothing(t *testing.T) {
	t.Parallel()
	stores := map[string]func(testing.TB) store{
		"memory":   func(testing.TB) store { return memory.NewStore() },
		"postgres": func(t testing.TB) store { return pgtest.Repository(t) },
	}
	changes := map[string]func(*testing.T, *stage, domain.TenantID) domain.ConnectionStatus{
		"the mailbox is mended while the old password is refused": func(t *testing.T, s *stage, who domain.TenantID) domain.ConnectionStatus {
			s.connect(t, who)
			s.source.fail = func(int) error { return domain.Errorf(domain.ErrRejected, "wrong password") }
			return domain.ConnectionConnected
		},
		"the seller disconnects": func(t *testing.T, s *stage, who domain.TenantID) domain.ConnectionStatus {
			if _, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: who, Marketplace: domain.Amazon}); err != nil {
				t.Fatal(err)
			}
			return domain.ConnectionDisabled
		},
		"and connects something else": func(t *testing.T, s *stage, who domain.TenantID) domain.ConnectionStatus {
			if _, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: who, Marketplace: domain.Amazon}); err != nil {
				t.Fatal(err)
			}
			s.connect(t, who)
			return domain.ConnectionConnected
		},
	}
	for kind, open := range stores {
		for name, change := range changes {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				is := is.New(t)
				s, who := newStage(t, open(t)), tenant(t, "t1")
				c := s.connect(t, who)
				s.source.add(messages(4)...)
				want := domain.ConnectionStatus("")
				s.source.onPage = func(page int) {
					if page == 0 {
						want = change(t, s, who)
					}
				}
				_, _ = s.Poll.Run(t.Context(), app.PollCommand{Tenant: who, Connection: c.ID})
				status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
				after := status.Connection
				is.NoErr(err)
				is.Equal(after.Status, want)
				is.Equal(after.LastError, "")
				is.True(after.LastSyncAt.IsZero())
				is.Equal(len(s.tickets(t, who)), 0) // nothing of the old source
			})
		}
	}
}

func TestIngestTriesAgainWhenSomebodyWasFirst(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	repo := portmock.NewMockRepository(gomock.NewController(t))
	a, err := app.New(app.Deps{
		Repository: repo, Directory: memory.NewStore(), PollLedger: memory.NewStore(), Secrets: memory.NewSecretStore(), Mailboxes: &mailboxes{}, Sources: memory.NewSourceVault(),
		Clients: newStage(t, memory.NewStore()).clients(),
	})
	is.NoErr(err)
	page := app.IngestCommand{Connection: domain.ConnectionState{Tenant: tenant(t, "t1")}}
	conflict := domain.Errorf(domain.ErrConflict, "somebody else was first")
	gomock.InOrder(
		repo.EXPECT().Update(gomock.Any(), gomock.Any(), gomock.Any()).Return(conflict),
		repo.EXPECT().Update(gomock.Any(), gomock.Any(), gomock.Any()).Return(nil),
	)
	_, err = a.Ingest.Run(t.Context(), page)
	is.NoErr(err)
	repo.EXPECT().Update(gomock.Any(), gomock.Any(), gomock.Any()).Return(conflict).Times(3)
	_, err = a.Ingest.Run(t.Context(), page)
	is.True(errors.Is(err, domain.ErrConflict)) // not for ever
}
