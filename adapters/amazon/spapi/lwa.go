package spapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// The grants of Login with Amazon, as the Observer is told.
const (
	lwaCode      = "lwa/authorization_code"
	lwaRefresh   = "lwa/refresh_token"
	lwaGrantless = "lwa/client_credentials"
)

// Redeem implements ports.Authorizer.
func (c *Client) Redeem(ctx context.Context, code domain.Secret) (domain.SecretData, error) {
	if code.IsZero() {
		return nil, domain.Errorf(domain.ErrInvalid, "there is no code to exchange")
	}
	got, err := c.grant(ctx, lwaCode, url.Values{"code": {code.Reveal()}, "redirect_uri": {c.options.App.RedirectURI}})
	if err != nil {
		return nil, err
	}
	if got.RefreshToken == "" {
		return nil, (&Failure{Operation: lwaCode, Reason: ReasonUnavailable, Status: http.StatusOK, Text: "there is no refresh token in the answer"}).err()
	}
	return domain.SecretData{refreshToken: domain.NewSecret(got.RefreshToken)}, nil
}

// refreshToken is the name of the refresh token in the secrets of an authorization.
const refreshToken = "refresh_token"

// grant asks Login with Amazon for tokens. All but the exchange of a code is repeated, since it has no effect there.
func (c *Client) grant(ctx context.Context, operation string, form url.Values) (grantAnswer, error) {
	for try := 1; ; try++ {
		got, f, err := c.grantWithSecrets(ctx, operation, form)
		switch {
		case err != nil:
			return grantAnswer{}, err
		case f == nil:
			return got, nil
		case f.Reason == ReasonCredentials:
			c.alarm(ctx, f)
			return grantAnswer{}, f.err()
		case f.Reason != ReasonUnavailable || !f.again || operation == lwaCode || try == tries:
			return grantAnswer{}, f.err()
		}
		pause := max(backoff(try), f.After)
		if pause > longestPause {
			return grantAnswer{}, f.err()
		}
		if err := wait(ctx, pause); err != nil {
			return grantAnswer{}, err
		}
	}
}

// grantWithSecrets asks with the client secret that worked last, and with the other one when that is refused. Of a code that
// came with the wrong secret nothing was used up.
func (c *Client) grantWithSecrets(ctx context.Context, operation string, form url.Values) (grantAnswer, *Failure, error) {
	secrets := c.options.App.ClientSecrets
	first := int(c.secret.Load())
	for i := range secrets {
		n := (first + i) % len(secrets)
		got, f, err := c.grantOnce(ctx, operation, form, secrets[n])
		if f == nil && err == nil {
			c.secret.Store(int32(n))
		}
		if err != nil || f == nil || !otherSecretHelps(f) || i == len(secrets)-1 {
			return got, f, err
		}
	}
	return grantAnswer{}, nil, errors.New("there is no client secret") // New has seen to it
}

func (c *Client) grantOnce(ctx context.Context, operation string, form url.Values, secret domain.Secret) (grantAnswer, *Failure, error) {
	body := url.Values{
		"grant_type": {strings.TrimPrefix(operation, "lwa/")}, "client_id": {c.options.App.ClientID}, "client_secret": {secret.Reveal()},
	}
	for name, values := range form {
		body[name] = values
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.options.Endpoints.Token, strings.NewReader(body.Encode()))
	if err != nil {
		return grantAnswer{}, nil, withoutURL(err)
	}
	r.Header.Set("content-type", "application/x-www-form-urlencoded")
	r.Header.Set("accept", "application/json")
	begun := time.Now()
	sent := []domain.Secret{secret}
	for _, name := range []string{"refresh_token", "code"} {
		sent = append(sent, domain.NewSecret(form.Get(name)))
	}
	a, err := c.exchange(ctx, r, sent...)
	var got grantAnswer
	var f *Failure
	var l *lost
	switch {
	case errors.As(err, &l):
		f = &Failure{Operation: operation, Reason: ReasonUnavailable, Text: l.text, again: true}
	case err != nil:
		return grantAnswer{}, nil, err
	default:
		got, f = readGrant(operation, a)
	}
	c.options.Observer.APICalled(ports.APICall{Type: domain.Amazon, Operation: operation, Outcome: f.outcome(), Took: time.Since(begun)})
	return got, f, nil
}
