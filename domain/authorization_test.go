package domain_test

import (
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func authorization(t *testing.T, region string) *domain.Authorization {
	t.Helper()
	a, err := domain.NewAuthorization(connection(t), region, domain.Grant{SellerID: "A1", VaultPath: "p1"}, noon)
	is.New(t).NoErr(err)
	return a
}

func TestAuthorizationLife(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	a := authorization(t, "EU")
	is.Equal(a.State().Status, domain.AuthorizationGranted)
	is.Equal(a.State().ExpiresAt, noon.Add(365*day))
	refused := domain.Errorf(domain.ErrRejected, "withdrawn")

	is.True(!a.Withdraw("elsewhere", refused, noon)) // an old token's refusal says nothing of the new one
	is.True(a.Withdraw("p1", refused, noon))
	is.True(!a.Withdraw("p1", refused, noon)) // it was known
	is.Equal(a.State().LastError, "withdrawn")

	id := a.State().ID
	is.True(errors.Is(a.Grant(domain.Grant{SellerID: "A2", VaultPath: "p2"}, noon), domain.ErrConflict)) // two accounts must not mix
	is.NoErr(a.Grant(domain.Grant{SellerID: "A1", VaultPath: "p2"}, noon.Add(day)))
	is.Equal(a.State().ID, id)
	is.Equal(a.State().LastError, "")
	is.Equal(a.State().ExpiresAt, noon.Add(366*day))

	a.End(noon)
	a.ForgetSecrets("p1", noon)
	is.Equal(a.State().VaultPath, "p2") // it is still there
	a.ForgetSecrets("p2", noon)
	is.Equal(a.State().VaultPath, "")
	is.NoErr(a.Grant(domain.Grant{SellerID: "A2", VaultPath: "p3"}, noon)) // who disconnected may take another account
	is.Equal(a.State().SellerID, "A2")
}

func TestAuthorizationsAreWarnedOfOnceEach(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	a := authorization(t, "EU")
	end := a.State().ExpiresAt
	for _, step := range []struct {
		left time.Duration
		want int
	}{
		{61 * day, 0}, {60 * day, 60}, {59 * day, 0}, {30 * day, 30}, {29 * day, 0}, {7 * day, 7}, {day, 0}, {-day, 0},
	} {
		is.Equal(a.Warn(end.Add(-step.left)), step.want) // 60, 30 and 7 days before, once each
	}
	late := authorization(t, "EU")
	is.Equal(late.Warn(end.Add(-5*day)), 7) // of those that were missed the last counts
	is.Equal(late.Warn(end.Add(-4*day)), 0)
	is.NoErr(late.Grant(domain.Grant{SellerID: "A1", VaultPath: "p2"}, end.Add(-3*day)))
	is.Equal(late.State().WarnedDays, 0) // a new year
	late.Withdraw("p2", domain.Errorf(domain.ErrRejected, "x"), end)
	is.Equal(late.Warn(late.State().ExpiresAt), 0) // who must consent again anyway is not warned
	is.Equal(late.State().DaysLeft(late.State().ExpiresAt.Add(day)), 0)
}

func TestAccountsAreLookedAtAfterAConsentAndEveryWeek(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	a := authorization(t, "EU")
	is.Equal(a.State().LookAt(), noon)
	a.Looked(noon.Add(time.Minute))
	is.Equal(a.State().LookAt(), noon.Add(time.Minute+7*day))
	a.End(noon)
	is.True(a.State().LookAt().IsZero())
}

func TestOrdersAreAskedForWhereTheyLikelyAre(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	all := []domain.AuthorizationState{authorization(t, "FE").State(), authorization(t, "EU").State(), authorization(t, "NA").State()}
	withdrawn := authorization(t, "XX")
	withdrawn.Withdraw("p1", domain.Errorf(domain.ErrRejected, "x"), noon)
	all = append(all, withdrawn.State())
	regions := func(likely string) (out []string) {
		for _, a := range domain.AuthorizationFor(all, likely) {
			out = append(out, a.Region)
		}
		return out
	}
	is.Equal(regions("NA"), []string{"NA", "EU", "FE"})
	is.Equal(regions(""), []string{"EU", "FE", "NA"})
}

func TestConnectionWeighsItsAuthorizations(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	granted := authorization(t, "EU").State()
	gone := authorization(t, "NA")
	gone.Withdraw("p1", domain.Errorf(domain.ErrRejected, "x"), noon)
	ended := authorization(t, "EU")
	ended.End(noon)

	c, err := domain.RestoreConnection(connection(t))
	is.NoErr(err)
	is.True(!c.RecomputeStatus(nil, noon)) // nothing to weigh
	is.True(c.RecomputeStatus([]domain.AuthorizationState{granted}, noon))
	is.Equal([]any{c.State().Status, c.State().Region, c.State().Authorized}, []any{domain.ConnectionConnected, "EU", true})
	is.True(!c.State().Polled()) // there is nothing to poll yet
	is.True(!c.RecomputeStatus([]domain.AuthorizationState{granted}, noon))

	path := domain.NewSecretPath(c.State()).String()
	is.NoErr(c.Connect(domain.SourceBinding{Source: domain.SourceIMAP, VaultPath: path}, noon))
	is.Equal(c.State().Region, "EU") // a mailbox says nothing about it
	is.True(c.RecomputeStatus([]domain.AuthorizationState{granted, gone.State()}, noon))
	is.Equal(c.State().Status, domain.ConnectionError)
	is.True(c.State().Authorized)                          // the other region's orders still show
	is.True(c.State().Polled())                            // and buyers' mails still come
	is.True(errors.Is(c.Resume(noon), domain.ErrConflict)) // no operator gives a seller's consent

	c.RecordFailure(domain.Errorf(domain.ErrRejected, "wrong password"), noon)
	is.True(!c.State().Polled())
	is.True(!c.RecomputeStatus([]domain.AuthorizationState{granted}, noon)) // the mailbox is still to be mended
	is.Equal(c.State().Status, domain.ConnectionError)
	is.NoErr(c.Connect(domain.SourceBinding{Source: domain.SourceIMAP, VaultPath: path}, noon))
	is.Equal(c.State().Status, domain.ConnectionConnected)

	c.Disable(noon)
	is.True(!c.RecomputeStatus([]domain.AuthorizationState{ended.State()}, noon))
	is.Equal([]any{c.State().Status, c.State().Authorized}, []any{domain.ConnectionDisabled, false})
}

func TestWithdrawnWithoutASourceGoesBackToPending(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, err := domain.RestoreConnection(connection(t))
	is.NoErr(err)
	a := authorization(t, "EU")
	c.RecomputeStatus([]domain.AuthorizationState{a.State()}, noon)
	a.Withdraw("p1", domain.Errorf(domain.ErrRejected, "x"), noon)
	is.True(c.RecomputeStatus([]domain.AuthorizationState{a.State()}, noon))
	is.Equal(c.State().Status, domain.ConnectionError)
	a.End(noon)
	is.True(c.RecomputeStatus([]domain.AuthorizationState{a.State()}, noon))
	is.Equal(c.State().Status, domain.ConnectionPending)
}

func TestPushedMailGivesAnAuthorizedConnectionItsSource(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, err := domain.RestoreConnection(connection(t))
	is.NoErr(err)
	c.RecomputeStatus([]domain.AuthorizationState{authorization(t, "EU").State()}, noon)
	changed, err := c.ReceivePush(noon)
	is.NoErr(err)
	is.True(changed)
	is.Equal([]any{c.State().Status, c.State().Source}, []any{domain.ConnectionConnected, domain.SourcePush})
	changed, err = c.ReceivePush(noon)
	is.NoErr(err)
	is.True(!changed) // it has one now
}
