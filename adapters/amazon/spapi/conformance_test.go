package spapi_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestAuthorizer(t *testing.T) {
	t.Parallel()
	porttest.TestAuthorizer(t, func(t *testing.T) porttest.AuthorizerFixture {
		w, authorized := meetOnLoopback(t), 0
		return porttest.AuthorizerFixture{
			APIFixture: w.api(), Authorizer: w.client, Countries: []string{"FR", "ES", "GB", "DE"},
			Confirm: w.confirm,
			Authorize: func(t *testing.T, token domain.SecretData) domain.AuthorizationState {
				authorized++
				return w.consented(t, fmt.Sprint("shop-", authorized), standin.DemoSellerID, token["refresh_token"].Reveal())
			},
			Invite: func(t *testing.T) url.Values {
				login, err := w.theirs.Invite(standin.DemoSellerID, "EU")
				is.New(t).NoErr(err)
				return queryOf(t, login)
			},
			Expire: func(*testing.T) { w.ahead.Store(int64(10 * time.Minute)) },
		}
	})
}

func TestOrderSource(t *testing.T) {
	t.Parallel()
	porttest.TestOrderSource(t, func(t *testing.T) porttest.OrderSourceFixture {
		w := meetOnLoopback(t)
		orders := standin.DemoSeller(time.Now()).Orders
		old := orders[1]
		old.ID, old.Created = "403-7654321-7654321", time.Now().AddDate(-2, 0, -1)
		w.theirs.PutOrder(standin.DemoSellerID, old)
		return porttest.OrderSourceFixture{
			APIFixture: w.api(), Orders: w.client, Known: orders[0].ID, Unknown: "403-0000000-0000000", Foreign: standin.CrowdOrder(0), Old: old.ID,
			Stumble: func(*testing.T) { w.theirs.Break(standin.Fault{Status: 503, Times: 1}) },
		}
	})
}

// encounter is a stage whose server is the stand-in, and the consent of its demo's seller.
type encounter struct {
	*stage
	theirs  *standin.Amazon
	ahead   *atomic.Int64 // how far the clock of the stand-in is, for what ends
	granted domain.AuthorizationState
}

// meetOnLoopback is meet in real time: the suites' subtests are in no bubble.
func meetOnLoopback(t *testing.T) encounter {
	t.Helper()
	app, ahead := standin.DemoApplication(redirectURI), &atomic.Int64{}
	app.LoginURI = "https://app.keybuzz.example/amazon/login"
	theirs := standin.Start(t, standin.Options{
		Application: app, More: standin.Crowd(1, time.Now()), Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	s := introduce(t, theirs, app, nil)
	return encounter{s, theirs, ahead, s.consented(t, "shop", standin.DemoSellerID, theirs.RefreshToken(standin.DemoSellerID, "EU"))}
}

func (w encounter) api() porttest.APIFixture {
	return porttest.APIFixture{
		Authorization: w.granted,
		Asked:         func() int { return w.theirs.Calls("", "") + w.theirs.Calls(standin.OperationToken, "") },
		Withdraw:      func(*testing.T) { w.theirs.Revoke(standin.DemoSellerID, "") },
		Forbid: func(*testing.T) {
			s := standin.DemoSeller(time.Now())
			s.Missing = []standin.Role{
				standin.RoleBuyerCommunication, standin.RoleOrders, standin.RoleDirectToConsumer, standin.RoleInsights,
			}
			w.theirs.PutSeller(s)
		},
		Drain: func(t *testing.T) {
			for _, name := range spapi.Operations() {
				if strings.HasPrefix(name, "lwa/") { // which has no buckets
					continue
				}
				b := domain.BucketID{Tenant: w.granted.Tenant, Connection: w.granted.Connection, Operation: domain.Operation(name)}
				is.New(t).NoErr(w.limits.Refused(t.Context(), b, time.Hour))
			}
		},
		Disown: func(*testing.T) {
			w.theirs.SetApplication(func(app *standin.Application) { app.Secrets = []string{"amzn1.oa2-cs.v1.another"} })
		},
		Alarmed: w.seen.alarmed,
		Fail: func(*testing.T) (mend func()) {
			w.theirs.Break(standin.Fault{Status: 503, Body: standin.BodyHTML})
			w.theirs.Break(standin.Fault{Operation: standin.OperationToken, Status: 503, Body: standin.BodyHTML})
			return w.theirs.Mend
		},
		Stall: func(*testing.T) { w.theirs.Break(standin.Fault{Delay: time.Hour}) },
	}
}

// confirm has the demo's seller consent.
func (w encounter) confirm(t *testing.T, page string) (code, state domain.Secret) {
	t.Helper()
	back, err := w.theirs.Confirm(page, standin.DemoSellerID)
	is.New(t).NoErr(err)
	q := queryOf(t, back)
	return domain.NewSecret(q.Get("spapi_oauth_code")), domain.NewSecret(q.Get("state"))
}

func queryOf(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	is.New(t).NoErr(err)
	return u.Query()
}
