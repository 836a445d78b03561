package spapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Message sends a message as operations that must not be done twice will.
func (c *Client) Message(ctx context.Context, a domain.AuthorizationState) error {
	return c.do(ctx, call{
		operation: "messaging/v1/createUnexpectedProblem", as: sellerOf(a), method: http.MethodPost, once: true,
		path:  "/messaging/v1/orders/1-2-3/messages/unexpectedProblem",
		query: query{"marketplaceIds": {"A13V1IB3VIYZZH"}}, body: map[string]string{"text": "words"},
	}, nil)
}

// The operations as Amazon's cases ask them, answering with our own reading of the body.

func (c *Client) AskOrder(ctx context.Context, a domain.AuthorizationState, id string, included []string) (any, error) {
	return c.order(ctx, a, id, included)
}

func (c *Client) AskOrders(ctx context.Context, a domain.AuthorizationState, s OrderSearch, included []string, token string) (any, error) {
	q, err := s.query(included)
	if err != nil {
		return nil, err
	}
	return c.orders(ctx, a, q, token)
}

// AskOrdersSince is AskOrders with a time that is none.
func (c *Client) AskOrdersSince(ctx context.Context, a domain.AuthorizationState, since string) (any, error) {
	return c.orders(ctx, a, query{"createdAfter": {since}}, "")
}

func (c *Client) AskParticipations(ctx context.Context, a domain.AuthorizationState) (any, error) {
	return c.participations(ctx, a)
}

func (c *Client) AskMessaging(ctx context.Context, a domain.AuthorizationState, attributes bool, marketplaceID, orderID string) (any, error) {
	if attributes {
		var got buyerAttributes
		err := c.messaging(ctx, a, getAttributes, "/attributes", marketplaceID, orderID, &got)
		return got, err
	}
	var got messagingActions
	err := c.messaging(ctx, a, getMessagingActions, "", marketplaceID, orderID, &got)
	return got, err
}

func (c *Client) AskRestricted(ctx context.Context, a domain.AuthorizationState, body json.RawMessage) (any, error) {
	var r restrictedRequest
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, err
	}
	return c.restricted(ctx, a, r)
}

// ReadFailure reads a refusal.
func ReadFailure(operation string, status int, header http.Header, body []byte) *Failure {
	return readFailure(operation, answer{status, header, body})
}

// ReadGrant reads an answer of Login with Amazon.
func ReadGrant(operation string, status int, body []byte) *Failure {
	_, f := readGrant(operation, answer{status, http.Header{}, body})
	return f
}

// ReadOrder reads an order.
func ReadOrder(body []byte) (domain.Order, bool) {
	var got orderAnswer
	ok := decode(body, &got)
	return got.Order.order(), ok
}

// KeptTokens is how many access tokens are in memory.
func (c *Client) KeptTokens() int {
	c.tokens.mu.Lock()
	defer c.tokens.mu.Unlock()
	return len(c.tokens.kept)
}

var (
	Scrub     = scrub
	UserAgent = userAgent
	Backoff   = backoff
)

const (
	Tries    = tries
	CallTime = callTime
)

// Encode writes a query.
func Encode(q map[string][]string) string { return query(q).encode() }

// AccessLife is how long an access token is used.
func AccessLife(seconds float64, now time.Time) time.Duration {
	return accessTokenOf(grantAnswer{ExpiresIn: seconds}, now).until.Sub(now)
}

// AsError is a failure as calls return it.
func AsError(f *Failure) error { return f.err() }

// OutcomeOf is what the Observer hears of a failure.
func OutcomeOf(f *Failure) ports.APICallOutcome { return f.outcome() }
