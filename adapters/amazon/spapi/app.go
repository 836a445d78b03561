package spapi

import (
	"net/url"

	"github.com/keybuzzio/marketplaces/domain"
)

// App is the registration of our application at Amazon.
type App struct {
	ID       string // the application id, which consent pages are asked with
	ClientID string // at Login with Amazon

	// ClientSecrets are one, or the present one and the next while they are rotated. That which worked last is tried first.
	ClientSecrets []domain.Secret

	RedirectURI string // where consents come back, exactly as it is registered
	Draft       bool   // it is not published yet
}

func (a App) check() error {
	switch {
	case a.ID == "", a.ClientID == "":
		return domain.Errorf(domain.ErrInvalid, "the Selling Partner API needs an application id and a client id")
	case len(a.ClientSecrets) < 1, len(a.ClientSecrets) > 2:
		return domain.Errorf(domain.ErrInvalid, "the Selling Partner API needs one client secret, or two while they are rotated")
	}
	for _, s := range a.ClientSecrets {
		if s.IsZero() {
			return domain.Errorf(domain.ErrInvalid, "a client secret of the Selling Partner API is empty")
		}
	}
	u, err := url.Parse(a.RedirectURI)
	if err != nil || !confidential(u) || u.Fragment != "" {
		return domain.Errorf(domain.ErrInvalid, "the redirect URI must be https and have no fragment")
	}
	return nil
}
