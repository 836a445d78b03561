package app_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestSellersAreWarnedBeforeTheirAuthorizationEnds(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, c := withOrders(t, "t1", "FR", "US")
	at := noon
	for _, step := range []struct{ left, want int }{{61, 0}, {60, 2}, {59, 0}, {30, 2}, {7, 2}, {1, 0}} {
		then := noon.Add(domain.AuthorizationLife - time.Duration(step.left)*24*time.Hour)
		s.clock.Advance(then.Sub(at))
		at = then
		warned, err := s.WarnExpiring.Run(t.Context())
		is.NoErr(err)
		is.Equal(warned, step.want) // 60, 30 and 7 days before, for both regions, once each
		again, err := s.WarnExpiring.Run(t.Context())
		is.NoErr(err)
		is.Equal(again, 0)
	}
	entries := 0
	for _, a := range s.audited(t, c.Tenant) {
		if a == domain.AuditExpiring {
			entries++
		}
	}
	is.Equal(entries, 6)
	is.Equal(s.standing(t, c.Tenant).Next.Step, domain.StepRenew)
}
