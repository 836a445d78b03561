package vault

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/keybuzzio/marketplaces/domain"
)

// Keep keeps the token good while nobody asks for anything, by looking after it as often as every, until ctx is done. What goes
// wrong shows to who asks next. Without it, a token that must be renewed ends in a quiet week.
func (v *KV) Keep(ctx context.Context, every time.Duration) {
	look := time.NewTicker(every)
	defer look.Stop()
	for ctx.Err() == nil {
		_, _ = v.session.token(ctx)
		select {
		case <-look.C:
		case <-ctx.Done():
		}
	}
}

// redirect follows what a standby says that forwards nothing: to the active Vault, once, and never from https to http.
func redirect(next *http.Request, via []*http.Request) error {
	if len(via) > 1 || via[0].URL.Scheme == "https" && next.URL.Scheme != "https" {
		return http.ErrUseLastResponse
	}
	return nil
}

// request is one call of Vault. All are raw, because what the library makes of an answer takes a missing engine for a
// missing entry and a proxy's page for a broken line.
type request func(ctx context.Context, c *api.Logical, mount, name string) (*api.Response, error)

// do makes a request with a good token and returns what Vault answered; translate gives its error a kind. When Vault
// refuses the token, do logs in and asks once more: a token may have been revoked before its time.
func (v *KV) do(ctx context.Context, path domain.SecretPath, r request) ([]byte, error) {
	if err := check(ctx, path); err != nil {
		return nil, err
	}
	mount, name, _ := strings.Cut(path.String(), "/")
	try := func(token string) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, v.timeout)
		defer cancel()
		return read(r(ctx, v.as(token), mount, name))
	}
	token, err := v.session.token(ctx)
	if err != nil {
		return nil, err
	}
	body, err := try(token)
	if status(err) != http.StatusForbidden || !v.auth.another() {
		return body, err
	}
	next, failed := v.session.instead(ctx, token)
	if failed != nil {
		return nil, failed
	}
	return try(next)
}

// read reads an answer to its end, that of a refusal too.
func read(r *api.Response, err error) ([]byte, error) {
	if r == nil {
		return nil, err
	}
	defer r.Body.Close()
	body, broken := io.ReadAll(r.Body)
	if err == nil {
		err = broken
	}
	if err == nil && r.StatusCode >= http.StatusMultipleChoices { // which the library takes for a success
		err = errStranger
	}
	return body, err
}

// as is the engine to a client with a token, "" for none, and with our namespace: the library would take both from its
// environment.
func (v *KV) as(token string) *api.Logical {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.client.WithNamespace(v.namespace)
	c.SetToken(token)
	return c.Logical()
}
