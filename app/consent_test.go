package app_test

import (
	"errors"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/matryer/is"
	"go.uber.org/mock/gomock"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports/portmock"
)

func TestConsentConnects(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	is.Equal(s.standing(t, who).Next.Step, domain.StepConnect)
	c := s.begin(t, who, "FR")
	is.Equal(s.standing(t, who).Next.Step, domain.StepAuthorize)

	end, err := s.FinishConsent.Run(t.Context(), c.command("code-1"))
	is.NoErr(err)
	is.Equal([]any{end.ReturnTo, end.Region, end.Connection.Status}, []any{"https://app.example.com/done", "EU", domain.ConnectionConnected})
	standing := s.standing(t, who)
	is.Equal(len(standing.Authorizations), 1)
	is.Equal(standing.Authorizations[0].SellerID, "A1")
	path, err := domain.ParseSecretPath(standing.Authorizations[0].VaultPath)
	is.NoErr(err)
	kept, err := s.secrets.Get(t.Context(), path)
	is.NoErr(err)
	is.Equal(kept["refresh_token"].Reveal(), "token of code-1")
	is.Equal(len(s.contextJobs(t)), 1) // the account is looked at next

	s.turn(t, end.Connection)
	standing = s.standing(t, who)
	is.Equal(standing.Participations[0].Country, "FR")
	is.Equal(standing.Next.Step, domain.StepSendMail) // an address was made for the country
	is.Equal(s.audited(t, who), []domain.AuditAction{
		domain.AuditPending, domain.AuditAddressCreated, domain.AuditConsentBegun, domain.AuditAuthorized, domain.AuditConnected,
	})
}

func TestConsentAgainKeepsConnectionAndAuthorization(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	first := s.authorize(t, who, "FR", "code-1")
	before := s.standing(t, who).Authorizations[0]
	again := s.authorize(t, who, "DE", "code-2") // the same region
	is.Equal(again.ID, first.ID)
	after := s.standing(t, who).Authorizations
	is.Equal(len(after), 1)
	is.Equal(after[0].ID, before.ID)
	is.True(after[0].VaultPath != before.VaultPath)
	old, err := domain.ParseSecretPath(before.VaultPath)
	is.NoErr(err)
	_, err = s.secrets.Get(t.Context(), old)
	is.True(errors.Is(err, domain.ErrNotFound)) // the token before is deleted

	s.authorize(t, who, "US", "code-3")
	regions := []string{}
	for _, a := range s.standing(t, who).Authorizations {
		regions = append(regions, a.Region)
	}
	is.Equal(regions, []string{"EU", "NA"})
}

func TestConsentIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(s *stage, c *app.FinishConsentCommand)
		want   error
		back   bool // the browser is the one that began, and is sent back
	}{
		"with a state that nobody gave": {func(_ *stage, c *app.FinishConsentCommand) { c.State = domain.NewNonce() }, domain.ErrRejected, false},
		"with a state of another form":  {func(_ *stage, c *app.FinishConsentCommand) { c.State = domain.NewSecret("x") }, domain.ErrRejected, false},
		"without a state":               {func(_ *stage, c *app.FinishConsentCommand) { c.State = domain.Secret{} }, domain.ErrRejected, false},
		"in another browser":            {func(_ *stage, c *app.FinishConsentCommand) { c.Browser = domain.NewNonce() }, domain.ErrRejected, false},
		"in no browser":                 {func(_ *stage, c *app.FinishConsentCommand) { c.Browser = domain.Secret{} }, domain.ErrRejected, false},
		"for another marketplace":       {func(_ *stage, c *app.FinishConsentCommand) { c.Marketplace = domain.Fnac }, domain.ErrRejected, false},
		"too late":                      {func(s *stage, _ *app.FinishConsentCommand) { s.clock.Advance(domain.ConsentLife) }, domain.ErrRejected, true},
		"without a code":                {func(_ *stage, c *app.FinishConsentCommand) { c.Code = domain.Secret{} }, domain.ErrRejected, true},
		"without a seller":              {func(_ *stage, c *app.FinishConsentCommand) { c.SellerID = "" }, domain.ErrRejected, true},
		"with a code that was used":     {func(s *stage, _ *app.FinishConsentCommand) { s.api.used["code"] = true }, domain.ErrRejected, true},
		"while the marketplace is away": {func(s *stage, _ *app.FinishConsentCommand) {
			s.api.redeem = func() error { return domain.Errorf(domain.ErrUnavailable, "away") }
		}, domain.ErrUnavailable, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
			cmd := s.begin(t, who, "FR").command("code")
			c.change(s, &cmd)
			end, err := s.FinishConsent.Run(t.Context(), cmd)
			is.True(errors.Is(err, c.want))
			is.Equal(end.ReturnTo != "", c.back)
			is.Equal(end.Connection.Status, domain.ConnectionStatus(""))
			is.Equal(len(s.standing(t, who).Authorizations), 0)
			is.Equal(s.standing(t, who).Connection.Status, domain.ConnectionPending)
		})
	}
}

func TestConsentOfOneTenantAnswersNoOther(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, mine, other := newStage(t, memory.NewStore()), tenant(t, "t1"), tenant(t, "t2")
	a, b := s.begin(t, mine, "FR"), s.begin(t, other, "FR")
	a.browser = b.browser // the other tenant's browser comes back with my state
	_, err := s.FinishConsent.Run(t.Context(), a.command("code"))
	is.True(errors.Is(err, domain.ErrRejected))
	is.Equal(len(s.standing(t, mine).Authorizations)+len(s.standing(t, other).Authorizations), 0)
	is.True(!s.api.used["code"]) // nor was the code spent
}

func TestOneOfManyWhoComeBackIsAnswered(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	c := s.begin(t, who, "FR")
	var answered atomic.Int32
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() { // each with a code of its own, which the marketplace takes
			if _, err := s.FinishConsent.Run(t.Context(), c.command("code-"+string(rune('a'+i)))); err == nil {
				answered.Add(1)
			} else if !errors.Is(err, domain.ErrRejected) && !errors.Is(err, domain.ErrConflict) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	is.Equal(answered.Load(), int32(1))
	is.Equal(s.secrets.Len(), 1) // the tokens of the others are deleted again
	_, err := s.FinishConsent.Run(t.Context(), c.command("code-z"))
	is.True(errors.Is(err, domain.ErrRejected)) // used
}

func TestConsentWaitsForTheStoreOfSecrets(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	c := s.begin(t, who, "FR")
	s.secrets.Fail(domain.Errorf(domain.ErrUnavailable, "sealed"))
	_, err := s.FinishConsent.Run(t.Context(), c.command("code"))
	is.True(errors.Is(err, domain.ErrUnavailable))
	is.True(!s.api.used["code"]) // it is still good
	s.secrets.Fail(nil)
	_, err = s.FinishConsent.Run(t.Context(), c.command("code"))
	is.NoErr(err) // the page was loaded again
}

func TestTokensThatCannotBeHadAgainAreKeptAtASecondTry(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	c := s.begin(t, who, "FR")
	secrets := portmock.NewMockSecretStore(gomock.NewController(t))
	secrets.EXPECT().Get(gomock.Any(), gomock.Any()).Return(nil, domain.Errorf(domain.ErrNotFound, "none"))
	first := secrets.EXPECT().Put(gomock.Any(), gomock.Any(), gomock.Any()).Return(domain.Errorf(domain.ErrUnavailable, "away"))
	secrets.EXPECT().Put(gomock.Any(), gomock.Any(), gomock.Any()).DoAndReturn(s.secrets.Put).After(first.Call)
	deps := s.deps
	deps.Secrets = secrets
	a, err := app.New(deps)
	is.NoErr(err)
	_, err = a.FinishConsent.Run(t.Context(), c.command("code"))
	is.NoErr(err)
}

func TestAnotherAccountDoesNotReplaceTheFirst(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	s.authorize(t, who, "FR", "code-1")
	cmd := s.begin(t, who, "FR").command("code-2")
	cmd.SellerID = "A2"
	_, err := s.FinishConsent.Run(t.Context(), cmd)
	is.True(errors.Is(err, domain.ErrConflict))
	is.Equal(s.standing(t, who).Authorizations[0].SellerID, "A1")
	is.Equal(s.secrets.Len(), 1) // the second token is not kept
}

func TestConsentToWhatWasDisconnectedMeanwhile(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	c := s.begin(t, who, "FR")
	_, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: who, Marketplace: domain.Amazon})
	is.NoErr(err)
	_, err = s.FinishConsent.Run(t.Context(), c.command("code"))
	is.True(errors.Is(err, domain.ErrConflict))
	is.Equal(s.secrets.Len(), 0)
}

func TestDisconnectDeletesAllSecrets(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	s.authorize(t, who, "FR", "code-1")
	s.authorize(t, who, "US", "code-2")
	s.connect(t, who) // a mailbox too
	is.Equal(s.secrets.Len(), 3)
	s.secrets.Fail(domain.Errorf(domain.ErrUnavailable, "sealed"))
	_, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: who, Marketplace: domain.Amazon})
	is.True(errors.Is(err, domain.ErrUnavailable))
	is.Equal(s.standing(t, who).Connection.Status, domain.ConnectionDisabled) // that holds already
	s.secrets.Fail(nil)
	c, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: who, Marketplace: domain.Amazon})
	is.NoErr(err)
	is.Equal([]any{c.VaultPath, s.secrets.Len(), len(s.contextJobs(t))}, []any{"", 0, 0})
	for _, a := range s.standing(t, who).Authorizations {
		is.Equal([]any{a.Status, a.VaultPath}, []any{domain.AuthorizationEnded, ""})
	}
	again := s.authorize(t, who, "FR", "code-3")
	is.Equal([]any{again.ID, again.Status}, []any{c.ID, domain.ConnectionConnected}) // with its history
}

func TestInvitationsAreAccepted(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	browser := domain.NewNonce()
	cmd := app.AcceptInvitationCommand{
		Tenant: who, Marketplace: domain.Amazon, Browser: browser, By: "user-1",
		Query: url.Values{"callback": {"https://sellercentral.example/confirm"}, "seller": {"A1"}},
	}
	to, err := s.AcceptInvitation.Run(t.Context(), cmd)
	is.NoErr(err)
	c := consent{s, stateOf(t, to), browser}
	other := c.command("code")
	other.SellerID = "A2"
	_, err = s.FinishConsent.Run(t.Context(), other)
	is.True(errors.Is(err, domain.ErrRejected)) // another account than the one invited
	_, err = s.FinishConsent.Run(t.Context(), c.command("code"))
	is.NoErr(err)

	cmd.Query.Set("callback", "https://evil.example/confirm")
	_, err = s.AcceptInvitation.Run(t.Context(), cmd)
	is.True(errors.Is(err, domain.ErrInvalid))
	is.True(errors.Is(s.AcceptInvitation.CheckInvitation(domain.Amazon, cmd.Query), domain.ErrInvalid))
}

func TestConnectBeginsNoConsentThatCannotEnd(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, who := newStage(t, memory.NewStore()), tenant(t, "t1")
	cmd := app.ConnectCommand{Tenant: who, Marketplace: domain.Amazon, Browser: domain.NewNonce()}
	out, err := s.Connect.Run(t.Context(), cmd)
	is.NoErr(err)
	is.Equal(out.AuthorizationURL, "") // there is no default country
	cmd.ReturnTo = "https://app.example.com/"
	_, err = s.Connect.Run(t.Context(), cmd)
	is.True(errors.Is(err, domain.ErrInvalid))
	cmd.Country, cmd.ReturnTo = "FR", "https://evil.example/"
	_, err = s.Connect.Run(t.Context(), cmd)
	is.True(errors.Is(err, domain.ErrInvalid)) // nobody sends sellers elsewhere
}
