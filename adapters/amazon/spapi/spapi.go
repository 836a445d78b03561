// Package spapi talks to Amazon's Selling Partner API and to Login with Amazon (LWA), which gives the tokens for it.
//
// Start at [Client]. A call is described by a call (call.go), made and repeated by do (do.go) within the seller's bucket
// (gate.go), with an access token that is kept in memory only (tokens.go) and comes from LWA (lwa.go, refresh.go). What Amazon
// answers besides what was asked for becomes a [Failure] (failure.go, refusal.go). The operations are in sellers.go, order.go,
// order_search.go, messaging.go, restricted.go and notifications.go; consent.go has the pages where sellers consent.
//
// The types of answers hold what we use and nothing about buyers: contract_test.go has Amazon's own cases and says by name what
// is left out of them.
package spapi

import (
	"cmp"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Options say who we are and what a Client works with.
type Options struct {
	App       App
	Secrets   ports.SecretStore // has the sellers' refresh tokens
	Limits    ports.RateLimiter
	Clock     ports.Clock    // the machine's if nil
	Observer  ports.Observer // nobody if nil
	Log       *slog.Logger   // nowhere if nil
	Endpoints Endpoints      // Production() if zero
	Version   string         // of this program, for Amazon

	// HTTPClient carries the requests, by HTTP/1.1; one with sensible limits if nil. Its Timeout and CheckRedirect are not used:
	// redirects are never followed, because the access token would go along.
	HTTPClient *http.Client

	Patience time.Duration // how long one call waits at most for tokens of its bucket; 2 seconds if 0
	Timeout  time.Duration // of each request; 15 seconds if 0
}

// Client is the ports.Authorizer and the ports.OrderSource of Amazon. Clients share nothing: one of the sandbox and one of
// production stand side by side.
type Client struct {
	options Options
	http    *http.Client
	agent   string
	tokens  *tokens
	rates   *rates
	own     *ownBuckets
	unsaved unsaved
	secret  atomic.Int32 // which client secret worked last
	alarmed atomic.Int64 // when the refusal of our credentials was last logged
}

var (
	_ ports.Authorizer  = (*Client)(nil)
	_ ports.OrderSource = (*Client)(nil)
)

// New returns a client. It starts nothing and calls nobody. Options that cannot work are domain.ErrInvalid.
func New(o Options) (*Client, error) {
	o.Clock = cmp.Or[ports.Clock](o.Clock, ports.SystemClock{})
	o.Observer = cmp.Or[ports.Observer](o.Observer, ports.NoObserver{})
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.Patience, o.Timeout = cmp.Or(o.Patience, 2*time.Second), cmp.Or(o.Timeout, 15*time.Second)
	if o.Endpoints.isZero() {
		o.Endpoints = Production()
	}
	if err := o.App.check(); err != nil {
		return nil, err
	}
	if err := o.Endpoints.check(); err != nil {
		return nil, err
	}
	if o.Secrets == nil || o.Limits == nil {
		return nil, domain.Errorf(domain.ErrInvalid, "the Selling Partner API needs a store of secrets and a rate limiter")
	}
	return &Client{
		options: o, http: httpClient(o.HTTPClient), agent: userAgent(o.Version),
		tokens: newTokens(o.Clock), rates: newRates(o.Clock), own: newOwnBuckets(o.Clock),
		unsaved: unsaved{data: map[domain.SecretPath]domain.SecretData{}},
	}, nil
}

// Operations are what a Client names to a ports.Observer.
func Operations() []string {
	names := []string{lwaCode, lwaRefresh, lwaGrantless}
	for _, op := range []domain.Operation{
		getParticipations, getOrder, searchOrders, getMessagingActions, getAttributes, createRestrictedToken,
		getDestinations, createDestination, getSubscription, createSubscription, deleteSubscription,
	} {
		names = append(names, string(op))
	}
	return names
}
