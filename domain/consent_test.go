package domain_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestConsentIsAnsweredOnceInItsTimeAndBrowser(t *testing.T) {
	t.Parallel()
	browser, other := domain.NewNonce(), domain.NewNonce()
	for name, c := range map[string]struct {
		named   string // the account that it was begun for
		state   func(domain.Secret) domain.Secret
		browser domain.Secret
		seller  string
		after   time.Duration
		used    bool
		want    string // "" if it is answered
	}{
		"as it was begun":          {browser: browser, seller: "A1"},
		"for the account named":    {named: "A1", browser: browser, seller: "A1"},
		"in its last second":       {browser: browser, seller: "A1", after: domain.ConsentLife - time.Second},
		"when its time is over":    {browser: browser, seller: "A1", after: domain.ConsentLife, want: "longer than 10 minutes"},
		"in another browser":       {browser: other, seller: "A1", want: "not known in this browser"},
		"in no browser":            {seller: "A1", want: "not known in this browser"},
		"with another state":       {state: func(domain.Secret) domain.Secret { return other }, browser: browser, seller: "A1", want: "not known"},
		"a second time":            {browser: browser, seller: "A1", used: true, want: "used before"},
		"for nobody":               {browser: browser, want: "whose account"},
		"for another account":      {named: "A1", browser: browser, seller: "A2", want: "another seller's account"},
		"used, in another browser": {browser: other, seller: "A1", used: true, want: "not known"}, // and nothing about its use
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			consent, state, err := domain.NewConsent(connection(t), domain.ConsentBegin{Region: "EU", SellerID: c.named, Browser: browser}, noon)
			is.NoErr(err)
			if c.used {
				is.NoErr(consent.Consume(noon))
				is.True(errors.Is(consent.Consume(noon), domain.ErrConflict)) // one is the first
			}
			if c.state != nil {
				state = c.state(state)
			}
			err = consent.Check(state, c.browser, c.seller, noon.Add(c.after))
			if c.want == "" {
				is.NoErr(err)
				return
			}
			is.True(errors.Is(err, domain.ErrRejected))
			is.True(strings.Contains(err.Error(), c.want)) // a person can tell what to do
		})
	}
}

func TestNonces(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	a, b := domain.NewNonce(), domain.NewNonce()
	is.True(a.Reveal() != b.Reveal())
	is.True(domain.IsNonce(a.Reveal()))
	is.Equal(len(domain.HashNonce(a)), 32)
	for _, bad := range []string{"", a.Reveal() + "A", a.Reveal()[:42], strings.Repeat("=", 43), strings.Repeat("\x00", 43), strings.Repeat("/", 43)} {
		is.True(!domain.IsNonce(bad))
	}
}

func TestConsentNeedsABrowserAndARegion(t *testing.T) {
	t.Parallel()
	for _, b := range []domain.ConsentBegin{{Region: "EU"}, {Browser: domain.NewNonce()}} {
		_, _, err := domain.NewConsent(connection(t), b, noon)
		is.New(t).True(errors.Is(err, domain.ErrInvalid))
	}
}
