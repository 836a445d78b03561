package app_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/matryer/is"
	"go.uber.org/mock/gomock"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/portmock"
)

func (s *stage) clients() map[domain.MarketplaceType]ports.MarketplaceClient {
	return map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: s.source}
}

func TestConnectIsOneConnectionHoweverOften(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	ids := make([]domain.ConnectionID, 16)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			c, err := s.Connect.Run(t.Context(), app.ConnectCommand{Tenant: who, Marketplace: domain.Amazon})
			if err != nil || c.Status != domain.ConnectionPending {
				t.Error(err, c.Status)
			}
			ids[i] = c.ID
		})
	}
	all.Wait()
	for _, id := range ids {
		is.Equal(id, ids[0])
	}
	_, err := s.Connect.Run(t.Context(), app.ConnectCommand{Tenant: who, Marketplace: domain.Fnac})
	is.True(errors.Is(err, domain.ErrForbidden)) // not enabled
}

func TestConnectAgainKeepsWhatWasRead(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	first := s.connect(t, who)
	s.source.add(messages(3)...)
	_, err := s.Sync.Run(t.Context(), app.SyncCommand{Tenant: who, Marketplace: domain.Amazon})
	is.NoErr(err)
	_, err = s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: who, Marketplace: domain.Amazon})
	is.NoErr(err)
	_, err = s.Sync.Run(t.Context(), app.SyncCommand{Tenant: who, Marketplace: domain.Amazon})
	is.True(errors.Is(err, domain.ErrConflict)) // not polled any more

	again := s.connect(t, who)
	is.Equal(again.ID, first.ID)
	s.source.redeliver = true // the new mailbox holds the old mails
	result, err := s.Sync.Run(t.Context(), app.SyncCommand{Tenant: who, Marketplace: domain.Amazon})
	is.NoErr(err)
	is.Equal(result, app.PollResult{Fetched: 3, Duplicates: 3})
}

func TestSetMailboxChangesNothingUnlessItWorks(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	wrong := mailbox
	wrong.Password = domain.NewSecret("wrong")
	cmd := app.SetMailboxCommand{Tenant: who, Marketplace: domain.Amazon, Mailbox: wrong}
	_, err := s.SetMailbox.Run(t.Context(), cmd)
	is.True(errors.Is(err, domain.ErrRejected))
	status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
	found := status.Found
	is.NoErr(err)
	is.True(!found) // no connection came to be

	c := s.connect(t, who)
	is.Equal(c.Status, domain.ConnectionConnected)
	is.Equal(c.Source, domain.SourceIMAP)
	_, err = s.SetMailbox.Run(t.Context(), cmd)
	is.True(errors.Is(err, domain.ErrRejected))
	path, err := domain.ParseSecretPath(c.VaultPath)
	is.NoErr(err)
	kept, err := s.secrets.Get(t.Context(), path)
	is.NoErr(err)
	box, err := domain.MailboxOf(kept)
	is.NoErr(err)
	is.Equal(box.Password.Reveal(), "right") // the mailbox that works stays
}

func TestSetMailboxTriesTheAccountThatAnswersLeaveBy(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	senders := portmock.NewMockSubmissionChecker(gomock.NewController(t))
	s.deps.Submissions = senders
	a, err := app.New(s.deps)
	is.NoErr(err)
	cmd := app.SetMailboxCommand{
		Tenant: who, Marketplace: domain.Amazon, Mailbox: mailbox, Submission: &domain.Submission{Host: "smtp.example.com"},
	}
	senders.EXPECT().CheckSubmission(gomock.Any(), gomock.Any()).Return(domain.Errorf(domain.ErrRejected, "it refuses"))
	_, err = a.SetMailbox.Run(t.Context(), cmd)
	is.Equal(domain.KindOf(err), domain.ErrRejected)
	is.Equal(domain.Message(err), "submission: it refuses")
	status, err := a.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
	is.NoErr(err)
	is.True(!status.Found) // nothing came to be

	senders.EXPECT().CheckSubmission(gomock.Any(), gomock.Any()).Return(nil)
	c, err := a.SetMailbox.Run(t.Context(), cmd)
	is.NoErr(err)
	path, err := domain.ParseSecretPath(c.VaultPath)
	is.NoErr(err)
	kept, err := s.secrets.Get(t.Context(), path)
	is.NoErr(err)
	account, err := domain.SubmissionOf(kept)
	is.NoErr(err)
	is.Equal(account.User, mailbox.User) // its user and password are the mailbox's when left out
	is.Equal(account.Password.Reveal(), mailbox.Password.Reveal())
	is.Equal(account.From, mailbox.User)
	_, err = domain.MailboxOf(kept)
	is.NoErr(err)

	cmd.Submission = nil
	c, err = a.SetMailbox.Run(t.Context(), cmd)
	is.NoErr(err)
	path, err = domain.ParseSecretPath(c.VaultPath)
	is.NoErr(err)
	kept, err = s.secrets.Get(t.Context(), path)
	is.NoErr(err)
	_, err = domain.SubmissionOf(kept)
	is.True(errors.Is(err, domain.ErrNotFound)) // a mailbox that is only read again

	cmd.Submission = &domain.Submission{Host: "smtp.example.com"}
	_, err = s.SetMailbox.Run(t.Context(), cmd)
	is.Equal(domain.KindOf(err), domain.ErrForbidden) // an installation that only reads
}

func TestSetMailboxWithoutASecretStoreConnectsNothing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	secrets := portmock.NewMockSecretStore(gomock.NewController(t))
	secrets.EXPECT().Put(gomock.Any(), gomock.Any(), gomock.Any()).Return(domain.Errorf(domain.ErrUnavailable, "sealed"))
	a, err := app.New(app.Deps{Repository: s.store, Directory: s.store, PollLedger: s.store, Secrets: secrets, Mailboxes: s.mailboxes, Sources: s.raws, Clients: s.clients()})
	is.NoErr(err)
	_, err = a.SetMailbox.Run(t.Context(), app.SetMailboxCommand{Tenant: who, Marketplace: domain.Amazon, Mailbox: mailbox})
	is.True(errors.Is(err, domain.ErrUnavailable))
	status, err := a.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
	c := status.Connection
	is.NoErr(err)
	is.Equal(c.Status, domain.ConnectionPending) // never connected without its secret
}

func TestDisconnectForgetsTheSecret(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	cmd := app.DisconnectCommand{Tenant: who, Marketplace: domain.Amazon}
	_, err := s.Disconnect.Run(t.Context(), cmd)
	is.True(errors.Is(err, domain.ErrNotFound)) // never connected
	c := s.connect(t, who)
	for range 2 { // twice is harmless
		out, err := s.Disconnect.Run(t.Context(), cmd)
		is.NoErr(err)
		is.Equal(out.Status, domain.ConnectionDisabled)
	}
	path, err := domain.ParseSecretPath(c.VaultPath)
	is.NoErr(err)
	_, err = s.secrets.Get(t.Context(), path)
	is.True(errors.Is(err, domain.ErrNotFound))
}

// Whatever a disconnect and new mailboxes do to each other, a CONNECTED connection has its secret.
func TestConnectedConnectionHasItsSecret(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	for range 200 {
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				_, err := s.SetMailbox.Run(t.Context(), app.SetMailboxCommand{Tenant: who, Marketplace: domain.Amazon, Mailbox: mailbox})
				if err != nil && !errors.Is(err, domain.ErrConflict) { // disconnected in between
					t.Error(err)
				}
			})
			all.Go(func() {
				_, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: who, Marketplace: domain.Amazon})
				if err != nil && !errors.Is(err, domain.ErrNotFound) { // not yet connected
					t.Error(err)
				}
			})
		}
		all.Wait()
		status, err := s.Status.Run(t.Context(), app.StatusQuery{Tenant: who, Marketplace: domain.Amazon})
		c := status.Connection
		is.NoErr(err)
		if c.Status != domain.ConnectionConnected {
			continue
		}
		path, err := domain.ParseSecretPath(c.VaultPath)
		is.NoErr(err)
		_, err = s.secrets.Get(t.Context(), path)
		is.NoErr(err)
	}
}

func TestANewMailboxReplacesTheSecret(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	first, second := s.connect(t, who), s.connect(t, who)
	is.True(first.VaultPath != second.VaultPath)
	old, err := domain.ParseSecretPath(first.VaultPath)
	is.NoErr(err)
	_, err = s.secrets.Get(t.Context(), old)
	is.True(errors.Is(err, domain.ErrNotFound)) // nothing is left behind
}

func TestMockIsForDevelopmentOnly(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	s.source.add(messages(3)...)
	for range 2 {
		c, _, err := s.ConnectMock.Run(t.Context(), app.ConnectMockCommand{Tenant: who})
		is.NoErr(err)
		is.Equal(c.Source, domain.SourceMock)
		is.Equal(c.VaultPath, "")
	}
	is.Equal(len(s.tickets(t, who)), 3)

	real := tenant(t, "real")
	s.connect(t, real)
	_, _, err := s.ConnectMock.Run(t.Context(), app.ConnectMockCommand{Tenant: real})
	is.True(errors.Is(err, domain.ErrConflict)) // invented messages never replace real ones

	production, err := app.New(app.Deps{Repository: s.store, Directory: s.store, PollLedger: s.store, Secrets: s.secrets, Mailboxes: s.mailboxes, Sources: s.raws, Clients: s.clients()})
	is.NoErr(err)
	_, _, err = production.ConnectMock.Run(t.Context(), app.ConnectMockCommand{Tenant: who})
	is.True(errors.Is(err, domain.ErrForbidden))
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	_, err := app.New(app.Deps{})
	is.True(errors.Is(err, domain.ErrInvalid))
	for _, name := range []string{"Repository", "Directory", "Secrets", "Mailboxes", "Sources", "Clients"} {
		is.True(contains(err.Error(), "app.Deps."+name))
	}
}
