package standin

import (
	"net/http"
	"slices"
	"time"
)

// Options say what an Amazon is like. The zero value is the demo: [DemoApplication] and [DemoSeller].
type Options struct {
	// Seed makes the key that tokens are signed with. A stand-in takes the tokens of another with the same seed, so that those
	// that a program has stored stay good when the stand-in is started again.
	Seed uint64
	Now  func() time.Time // the clock; nil: time.Now
	URL  string           // where it is reached; Start and Listen know better

	Application Application // whose consent sellers give; the zero value: DemoApplication
	Sellers     []Seller    // nil: DemoSeller
	// More is asked for sellers that are not among Sellers, so that there may be very many: see [Crowd]. It is asked again for
	// each call, may be nil, and must be safe for concurrent use.
	More func(id string) (Seller, bool)

	Messages http.Handler // serves /messages/, where buyers write: package mailroom; nil: nobody does

	TokenLife time.Duration   // of access tokens; 0: an hour
	Plans     map[string]Plan // usage plans by operation, instead of Amazon's
	// Slack is by how much earlier than the bucket says a call may come, for tests on machines that are so busy that calls
	// are under way for longer than it takes a bucket to gain one. 0: no bucket is ever kinder than it should be.
	Slack time.Duration
}

// Application is what a developer has registered with Amazon.
type Application struct {
	ID           string   // amzn1.sp.solution.…; it is not the client id
	Name         string   // for sellers
	ClientID     string   // of Login with Amazon
	Secrets      []string // of Login with Amazon; two while one is replaced
	RedirectURIs []string // where consents may lead; the first if none is named
	LoginURI     string   // where Amazon's Appstore sends sellers; "" for an application that is not in it
	Draft        bool     // not published: consents must say version=beta
}

// DemoApplication is an application that nobody has registered with Amazon. Its consents lead to redirectURIs.
func DemoApplication(redirectURIs ...string) Application {
	return Application{
		ID: "amzn1.sp.solution.00000000-0000-4000-8000-000000000001", Name: "KeyBuzz (development)",
		ClientID: "amzn1.application-oa2-client.00000000000000000000000000000001", Secrets: []string{"amzn1.oa2-cs.v1.stand-in"},
		RedirectURIs: slices.Clone(redirectURIs), Draft: true,
	}
}

// Plan is a usage plan: a bucket of Burst calls that gains Rate a second.
type Plan struct {
	Rate  float64
	Burst int
}

// withDefaults fills in what is not said.
func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Application.ClientID == "" {
		redirects := o.Application.RedirectURIs
		login := o.Application.LoginURI
		o.Application = DemoApplication(redirects...)
		o.Application.LoginURI = login
	}
	if o.Sellers == nil {
		o.Sellers = []Seller{DemoSeller(o.Now())}
	}
	if o.TokenLife == 0 {
		o.TokenLife = time.Hour
	}
	return o
}
