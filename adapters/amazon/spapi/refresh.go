package spapi

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"sync"

	"github.com/keybuzzio/marketplaces/domain"
)

// caller says on whose behalf a call is made: a seller's, or our own with a scope.
type caller struct {
	authorization domain.AuthorizationState // zero for our own calls
	scope         string
	region        string
}

func sellerOf(a domain.AuthorizationState) caller { return caller{authorization: a, region: a.Region} }

func ourselves(region, scope string) caller { return caller{region: region, scope: scope} }

func (w caller) holder() holder {
	if w.scope != "" {
		return holder{name: w.scope}
	}
	return holder{w.authorization.ID.String(), w.authorization.VaultPath}
}

// token returns an access token of who calls.
func (c *Client) token(ctx context.Context, w caller) (domain.Secret, error) {
	return c.tokens.get(ctx, w.holder(), func(ctx context.Context) (accessToken, error) {
		if w.scope != "" {
			got, err := c.grant(ctx, lwaGrantless, url.Values{"scope": {w.scope}})
			return accessTokenOf(got, c.options.Clock.Now()), err
		}
		return c.refresh(ctx, w.authorization)
	})
}

// refresh gets an access token for the refresh token of an authorization. One authorization is refreshed once at a time.
func (c *Client) refresh(ctx context.Context, a domain.AuthorizationState) (accessToken, error) {
	path, err := domain.ParseSecretPath(a.VaultPath)
	if err != nil {
		return accessToken{}, err
	}
	if err := c.unsaved.save(ctx, c.options.Secrets.Put, path); err != nil {
		return accessToken{}, err
	}
	data, err := c.stored(ctx, path)
	if err != nil {
		return accessToken{}, err
	}
	begun := c.options.Clock.Now() // the token's life began then or later
	got, err := c.grant(ctx, lwaRefresh, url.Values{"refresh_token": {data[refreshToken].Reveal()}})
	if err != nil {
		return accessToken{}, err
	}
	if got.RefreshToken != "" && got.RefreshToken != data[refreshToken].Reveal() {
		if _, err := c.stored(ctx, path); errors.Is(err, errNoToken) { // the seller disconnected meanwhile: nothing comes back
			return accessToken{}, err
		}
		data = maps.Clone(data)
		data[refreshToken] = domain.NewSecret(got.RefreshToken)
		c.unsaved.add(path, data)
		if err := c.unsaved.save(ctx, c.options.Secrets.Put, path); err != nil {
			return accessToken{}, err
		}
	}
	return accessTokenOf(got, begun), nil
}

// errNoToken is an authorization whose token is not where it should be: deleted since the caller read about it, or lost. That
// is no word of Amazon's, so it takes nothing from the seller.
var errNoToken = domain.Errorf(domain.ErrUnavailable, "the token of this authorization is not here")

// stored is what the store of secrets has of an authorization.
func (c *Client) stored(ctx context.Context, path domain.SecretPath) (domain.SecretData, error) {
	data, err := c.options.Secrets.Get(ctx, path)
	if errors.Is(err, domain.ErrNotFound) || err == nil && data[refreshToken].IsZero() {
		return nil, errNoToken
	}
	return data, err
}

// unsaved are refresh tokens that came in place of others and that the store of secrets has not taken yet. They must not be
// lost, since those before them may be good no longer: nothing is asked for an authorization until its own is stored.
type unsaved struct {
	mu   sync.Mutex
	data map[domain.SecretPath]domain.SecretData
}

func (u *unsaved) add(path domain.SecretPath, data domain.SecretData) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.data[path] = data
}

// save stores what is unsaved for path, if anything is.
func (u *unsaved) save(ctx context.Context, put func(context.Context, domain.SecretPath, domain.SecretData) error, path domain.SecretPath) error {
	u.mu.Lock()
	data, waiting := u.data[path]
	u.mu.Unlock()
	if !waiting {
		return nil
	}
	if err := put(ctx, path, data); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.data, path)
	return nil
}
