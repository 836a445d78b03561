package app_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/matryer/is"
	"go.uber.org/mock/gomock"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/portmock"
)

func TestRawsAreStoredSealed(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		good := message(1)
		good.Source.Bytes = []byte("a buyer's words and his name \x00\xff")
		bad := spoilt(2, func(m *domain.InboundMessage) { m.Body = "\x00" })
		s.ingest(t, good, bad)
		kept := s.contents(t, s.who).stored(t, good.ExternalID).Message.Source
		is.Equal([]any{kept.Digest, kept.Size}, []any{domain.DigestOf(good.Source.Bytes), len(good.Source.Bytes)})
		is.True(!bytes.Contains(kept.Bytes, []byte("words")))
		is.Equal(s.plain(t, s.who, kept), string(good.Source.Bytes)) // byte for byte
		rejected := s.pending(t)[string(bad.Source.Bytes)].Source
		is.True(rejected.Sealed() && !bytes.Contains(rejected.Bytes, []byte("spoilt")))
		_, err := s.raws.Open(t.Context(), tenant(t, "t2"), kept)
		is.True(err != nil) // another tenant's key opens nothing
	})
}

// What cannot be sealed is not stored, so that it is not acknowledged either.
func TestNothingIsStoredUnsealed(t *testing.T) {
	t.Parallel()
	down := domain.Errorf(domain.ErrUnavailable, "the keys are away")
	tests := map[string]func(*portmock.MockSourceVault, *portmock.MockSourceSealer){
		"no sealer": func(v *portmock.MockSourceVault, _ *portmock.MockSourceSealer) {
			v.EXPECT().Sealer(gomock.Any(), gomock.Any()).Return(nil, down)
		},
		"a sealer that fails": func(v *portmock.MockSourceVault, s *portmock.MockSourceSealer) {
			v.EXPECT().Sealer(gomock.Any(), gomock.Any()).Return(s, nil)
			s.EXPECT().Seal(gomock.Any()).Return(domain.StoredSource{}, down)
		},
	}
	pages := map[string]func(*domain.InboundMessage){
		"a good message": func(*domain.InboundMessage) {},
		"a bad one":      func(m *domain.InboundMessage) { m.ExternalID = "" },
	}
	for name, fails := range tests {
		for what, spoil := range pages {
			t.Run(name+", "+what, func(t *testing.T) {
				t.Parallel()
				is := is.New(t)
				ctrl := gomock.NewController(t)
				vault, sealer := portmock.NewMockSourceVault(ctrl), portmock.NewMockSourceSealer(ctrl)
				fails(vault, sealer)
				s := newReplayStage(t, memory.NewStore())
				a, err := app.New(app.Deps{
					Repository: s.store, Directory: s.store, PollLedger: s.store, Secrets: s.secrets, Mailboxes: s.mailboxes, Sources: vault, Clients: s.clients(),
				})
				is.NoErr(err)
				before := s.syncState(t, s.c)
				m := message(1)
				spoil(&m)
				_, err = a.Ingest.Run(t.Context(), app.IngestCommand{Connection: s.c, Page: ports.Page{Messages: []domain.InboundMessage{m}, Next: "1"}})
				is.True(errors.Is(err, domain.ErrUnavailable))
				is.Equal(s.contents(t, s.who), contents{})
				is.Equal(s.syncState(t, s.c), before) // it will be read again
			})
		}
	}
}

// What was erased is unreadable for good: a replay leaves it as it was stored.
func TestReplayLeavesWhatWasErased(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, s *replayStage) {
		is := is.New(t)
		bad := spoilt(2, func(m *domain.InboundMessage) { m.Body = "\x00" })
		s.ingest(t, message(1), bad)
		before := s.contents(t, s.who)
		is.NoErr(s.raws.Erase(t.Context(), s.who))
		s.today.read(message(1), func(m *domain.InboundMessage) { m.Body = "another text" })
		s.today.read(bad, func(m *domain.InboundMessage) { m.Body = "readable today" })
		result, shown := s.replay(t, app.ReplayCommand{Apply: true})
		is.Equal(result, app.ReplayResult{Read: 1, Kept: 1})
		is.True(has(shown, "message status: stored → rejected as unreadable (kept:"))
		result, _ = s.replay(t, app.ReplayCommand{Rejected: true, Apply: true})
		is.Equal(result, app.ReplayResult{Read: 1, Rejected: 1})
		is.Equal(s.contents(t, s.who), before)
	})
}

// Keys that cannot be reached now end the replay: it goes on when they can.
func TestReplayWaitsForKeys(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newReplayStage(t, memory.NewStore())
	s.ingest(t, message(1))
	before := s.contents(t, s.who)
	vault := portmock.NewMockSourceVault(gomock.NewController(t))
	vault.EXPECT().Open(gomock.Any(), gomock.Any(), gomock.Any()).Return(domain.Source{}, domain.Errorf(domain.ErrUnavailable, "the keys are away"))
	a, err := app.New(app.Deps{
		Repository: s.store, Directory: s.store, PollLedger: s.store, Secrets: s.secrets, Mailboxes: s.mailboxes, Sources: vault, Clients: s.clients(),
		Interpreters: map[domain.MarketplaceType]ports.Interpreter{domain.Amazon: s.today},
	})
	is.NoErr(err)
	_, err = a.Replay.Run(t.Context(), app.ReplayCommand{Tenant: s.who, Since: noon.AddDate(-1, 0, 0), Apply: true, Actor: domain.ActorSystem})
	is.True(errors.Is(err, domain.ErrUnavailable))
	is.Equal(s.contents(t, s.who), before)
}

// To look is to change nothing: not even a key is made.
func TestReplayThatLooksMakesNoKey(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newReplayStage(t, memory.NewStore())
	bad := spoilt(2, func(m *domain.InboundMessage) { m.Body = "\x00" })
	s.ingest(t, bad)
	s.today.read(bad, func(m *domain.InboundMessage) { m.Body = "readable today" })
	vault := portmock.NewMockSourceVault(gomock.NewController(t)) // a Sealer that it does not expect
	vault.EXPECT().Open(gomock.Any(), gomock.Any(), gomock.Any()).DoAndReturn(
		func(ctx context.Context, who domain.TenantID, kept domain.StoredSource) (domain.Source, error) {
			return s.raws.Open(ctx, who, kept)
		})
	a, err := app.New(app.Deps{
		Repository: s.store, Directory: s.store, PollLedger: s.store, Secrets: s.secrets, Mailboxes: s.mailboxes, Sources: vault, Clients: s.clients(),
		Interpreters: map[domain.MarketplaceType]ports.Interpreter{domain.Amazon: s.today},
	})
	is.NoErr(err)
	result, err := a.Replay.Run(t.Context(), app.ReplayCommand{Tenant: s.who, Rejected: true})
	is.NoErr(err)
	is.Equal(result, app.ReplayResult{Read: 1, Accepted: 1})
}

// An attempt that comes to nothing leaves nothing behind for the next: the key that it sealed with may be erased by then.
func TestEachAttemptSealsAnew(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newReplayStage(t, memory.NewStore())
	ctrl := gomock.NewController(t)
	vault, repo := portmock.NewMockSourceVault(ctrl), portmock.NewMockRepository(ctrl)
	vault.EXPECT().Sealer(gomock.Any(), s.who).DoAndReturn(s.raws.Sealer).Times(2)
	vault.EXPECT().Forget(s.who).DoAndReturn(s.raws.Forget)
	first := true
	repo.EXPECT().Update(gomock.Any(), s.who, gomock.Any()).DoAndReturn(func(ctx context.Context, who domain.TenantID, fn ports.TxFunc) error {
		if !first {
			return s.store.Update(ctx, who, fn)
		}
		first = false
		err := s.store.Update(ctx, who, func(ctx context.Context, tx ports.Tx) error {
			return errors.Join(fn(ctx, tx), domain.Errorf(domain.ErrConflict, "somebody was first"))
		})
		return errors.Join(err, s.raws.Erase(ctx, who))
	}).Times(2)
	a, err := app.New(app.Deps{
		Repository: repo, Directory: s.store, PollLedger: s.store, Secrets: s.secrets, Mailboxes: s.mailboxes, Sources: vault, Clients: s.clients(),
	})
	is.NoErr(err)
	bad := spoilt(2, func(m *domain.InboundMessage) { m.Body = "\x00" })
	_, err = a.Ingest.Run(t.Context(), app.IngestCommand{Connection: s.c, Page: ports.Page{Messages: []domain.InboundMessage{bad}, Next: "1"}})
	is.NoErr(err)
	is.Equal(len(s.pending(t)), 1)
	for raw := range s.pending(t) {
		is.Equal(raw, string(bad.Source.Bytes)) // it can still be read
	}
}
