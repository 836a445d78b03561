package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"

	"github.com/keybuzzio/marketplaces/domain"
)

// How the key set of an issuer is read.
const (
	jwksTimeout     = 5 * time.Second        // of one attempt; a request that needs a new key waits no longer
	jwksRefresh     = time.Hour              // between two readings
	jwksUnknownKey  = time.Minute            // least time between readings that an unknown key id causes
	jwksFirstRetry  = 250 * time.Millisecond // after a first reading that failed; doubled each time
	jwksSlowestWait = 30 * time.Second
)

// errNoKeys is the answer until the issuer's keys were read once.
var errNoKeys error = &domain.Error{
	Kind: domain.ErrUnavailable, Msg: "tokens cannot be verified now: the issuer's keys are not there yet", RetryAfter: jwksTimeout,
}

// publicAlgorithms are those whose keys may be published.
var publicAlgorithms = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// keySet is the keys that an issuer publishes.
type keySet struct {
	address string
	log     *slog.Logger
	known   atomic.Pointer[keyfunc.Keyfunc] // nil until the set was read
}

// find is a keyFinder. errNoKeys until the set was read once.
func (k *keySet) find(ctx context.Context, token *jwt.Token) (any, error) {
	known := k.known.Load()
	if known == nil {
		return nil, errNoKeys
	}
	return (*known).KeyfuncCtx(ctx)(token)
}

// run reads the set until that works once; from then on keyfunc keeps it fresh.
func (k *keySet) run(ctx context.Context) {
	for wait := jwksFirstRetry; !k.watch(ctx); wait = min(2*wait, jwksSlowestWait) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// watch keeps the set fresh until ctx is done. It gives up at once, with false, if the first reading fails.
func (k *keySet) watch(ctx context.Context) bool {
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp() // or each attempt would leave keyfunc's refreshing behind
	strict := false
	read, err := keyfunc.NewDefaultOverrideCtx(ctx, []string{k.address}, keyfunc.Override{
		HTTPTimeout:               jwksTimeout,
		RefreshInterval:           jwksRefresh,
		RefreshUnknownKID:         rate.NewLimiter(rate.Every(jwksUnknownKey), 1),
		RateLimitWaitMax:          jwksTimeout,
		NoErrorReturnFirstHTTPReq: &strict,
		RefreshErrorHandlerFunc: func(string) func(context.Context, error) {
			return func(_ context.Context, err error) { k.failed(ctx, err) }
		},
	})
	if err != nil {
		k.failed(ctx, err)
		return false
	}
	k.known.Store(&read)
	<-ctx.Done()
	return true
}

// failed logs that the set could not be read, but not its URL, which may hold a secret.
func (k *keySet) failed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return // nobody wants it any more
	}
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	k.log.WarnContext(ctx, "issuer's keys not read", "error", strings.ReplaceAll(err.Error(), k.address, "JWT_JWKS_URL"))
}
