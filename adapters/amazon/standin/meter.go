package standin

import (
	"net/http"
	"time"
)

// meter is the bucket of an operation for a seller, and what came through it.
type meter struct {
	level float64 // calls that are left
	at    time.Time
	calls int
	over  int // calls for which nothing was left
}

type meterKey struct{ operation, seller string }

// usagePlans are Amazon's defaults, by operation or by API. The sandbox has one for all.
var usagePlans = map[string]Plan{
	"messaging":                    {1, 5},
	"notifications":                {1, 5},
	"createRestrictedDataToken":    {1, 10},
	"getMarketplaceParticipations": {0.016, 15},
	"getAccount":                   {0.016, 15},
	"searchOrders":                 {0.0056, 20},
	"getOrder":                     {0.5, 30},
}

var sandboxPlan = Plan{5, 15}

// plan returns the usage plan of an operation for a seller.
func (a *Amazon) plan(c *call) Plan {
	if c.sandbox {
		return sandboxPlan
	}
	if p, ok := c.seller.Plans[c.op.id]; ok {
		return p
	}
	if p, ok := a.plans[c.op.id]; ok {
		return p
	}
	if p, ok := usagePlans[c.op.id]; ok {
		return p
	}
	return usagePlans[c.op.api]
}

// meter returns that of an operation for a seller, who is "" for grantless calls. The caller has a.mu.
func (a *Amazon) meter(operation, seller string) *meter {
	key := meterKey{operation, seller}
	m := a.meters[key]
	if m == nil {
		m = &meter{}
		a.meters[key] = m
	}
	return m
}

// take counts a call and reports whether the bucket allows it.
func (a *Amazon) take(c *call) (allowed bool) {
	a.do(func() {
		name := c.op.id
		if c.sandbox {
			name = sandboxHost + name
		}
		m, plan, now := a.meter(name, c.token.Seller), c.plan, a.now()
		if m.at.IsZero() {
			m.level, m.at = float64(plan.Burst), now
		} else if passed := now.Sub(m.at); passed > 0 {
			m.level, m.at = min(float64(plan.Burst), m.level+passed.Seconds()*plan.Rate), now
		}
		m.calls++
		if c.r.Method == http.MethodPost {
			a.posts[c.token.Seller]++
		}
		const rounding = 1e-9
		if allowed = m.level+a.slack.Seconds()*plan.Rate >= 1-rounding; allowed {
			m.level--
		} else {
			m.over++
		}
	})
	return allowed
}
