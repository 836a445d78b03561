package spapi

import (
	"context"
	"net/http"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

const createRestrictedToken domain.Operation = "tokens/2021-03-01/createRestrictedDataToken"

// RestrictedResource is what a restricted data token is good for.
type RestrictedResource struct {
	Method string   `json:"method"`
	Path   string   `json:"path"`
	Data   []string `json:"dataElements,omitempty"`
}

type restrictedRequest struct {
	Target    string               `json:"targetApplication,omitempty"`
	Resources []RestrictedResource `json:"restrictedResources"`
}

type restrictedAnswer struct {
	Token     string  `json:"restrictedDataToken"`
	ExpiresIn float64 `json:"expiresIn"`
}

func (r restrictedAnswer) complete() bool { return r.Token != "" }

// RestrictedDataToken returns a token that takes the place of the access token for these resources and no others, and until
// when it is good. What tickets need of orders needs none.
func (c *Client) RestrictedDataToken(ctx context.Context, a domain.AuthorizationState, resources []RestrictedResource) (domain.Secret, time.Time, error) {
	if len(resources) < 1 || len(resources) > 50 {
		return domain.Secret{}, time.Time{}, domain.Errorf(domain.ErrInvalid, "a restricted data token is for 1 to 50 resources")
	}
	begun := c.options.Clock.Now()
	got, err := c.restricted(ctx, a, restrictedRequest{Resources: resources})
	if err != nil {
		return domain.Secret{}, time.Time{}, err
	}
	life := accessTokenOf(grantAnswer{AccessToken: got.Token, ExpiresIn: got.ExpiresIn}, begun)
	return life.token, life.until, nil
}

func (c *Client) restricted(ctx context.Context, a domain.AuthorizationState, r restrictedRequest) (restrictedAnswer, error) {
	var got restrictedAnswer
	err := c.do(ctx, call{
		operation: createRestrictedToken, as: sellerOf(a), method: http.MethodPost, path: "/tokens/2021-03-01/restrictedDataToken", body: r,
	}, &got)
	return got, err
}
