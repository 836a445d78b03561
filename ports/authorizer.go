package ports

import (
	"context"
	"net/url"

	"github.com/keybuzzio/marketplaces/domain"
)

// Authorizer is a marketplace's way to authorize us: where sellers consent, and what their consent brings.
//
// Errors of calls that use an authorization: domain.ErrRejected when the marketplace does not take its token any more, and only
// the seller can mend that by consenting again; domain.ErrForbidden when it takes the token and does not let us do this, which
// no new consent to the same mends; domain.ErrThrottled, with RetryAfter, when a bucket of ours is empty, and nothing was
// asked; domain.ErrUnavailable for what may work later. That our own credentials are refused is never the seller's trouble: it
// is domain.ErrUnavailable, and the Observer's alarm. Context errors pass as they are. Safe for concurrent use.
type Authorizer interface {
	// ConsentURL returns where the sellers of a country consent, with state on it. domain.ErrInvalid for a country that the
	// marketplace does not have. It calls nobody.
	ConsentURL(country string, state domain.Secret) (string, error)

	// Invited reads with what the marketplace sends a browser to us that wants to authorize us from its own pages.
	// domain.ErrInvalid for what is none of the marketplace's: a callback anywhere else among it. It calls nobody.
	Invited(query url.Values) (Invitation, error)

	// AcceptURL returns where an invited browser goes on, with our state on it. It calls nobody.
	AcceptURL(i Invitation, state domain.Secret) string

	// Redeem exchanges the code of a consent for a token and returns it as it is to be stored. A code is good for one
	// exchange: domain.ErrRejected when it was used before or is too old. It is never tried again by itself.
	Redeem(ctx context.Context, code domain.Secret) (domain.SecretData, error)

	// Participations returns the marketplaces that the authorization's account takes part in, those that are known to package
	// domain only.
	Participations(ctx context.Context, a domain.AuthorizationState) ([]domain.Participation, error)
}

// Invitation is a marketplace's wish that a seller authorize us, begun from its own pages (Amazon: Appstore workflow).
type Invitation struct {
	Region   string
	SellerID string        // the account that is to consent
	Callback string        // of the marketplace, where the browser goes on
	State    domain.Secret // theirs
	Draft    bool          // they want to hear that our application is not published yet
}
