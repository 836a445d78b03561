package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/golang-jwt/jwt/v5"

	"github.com/keybuzzio/marketplaces/domain"
)

// AuthOptions says whose tokens are accepted: at least one of Secret and JWKSURL.
type AuthOptions struct {
	Secret  domain.Secret // shared with the issuer, for HS256; at least MinSecret bytes
	JWKSURL string        // where the issuer publishes its keys (RFC 7517), for RS, PS, ES and EdDSA
	Log     *slog.Logger  // told when the keys cannot be read; discarded when nil
}

// MinSecret is the least length of a shared secret, in bytes: that of the hash which HS256 makes (RFC 7518 §3.2).
const MinSecret = 32

// Authenticator finds out whose a request is by its bearer token, a JWT with the claims exp and tenantId. It is safe
// for concurrent use.
type Authenticator struct {
	keys   map[string]keyFinder // by algorithm
	parser *jwt.Parser
}

// keyFinder finds the key that a token must be verified with.
type keyFinder func(context.Context, *jwt.Token) (any, error)

// NewAuthenticator returns an Authenticator for o. Its error, of kind domain.ErrInvalid, names every setting that is
// wrong, as operators know it: JWT_SECRET, JWT_JWKS_URL.
//
// Each algorithm has one owner, and a token is verified with the key of the algorithm that it names: a published key
// never serves as a shared secret. NewAuthenticator never waits for the issuer. Published keys are read in the
// background until ctx is done: at first until that succeeds, then every hour, and when a token names a key that is not
// known, at most once a minute. Until the first success their tokens are answered 503; later failures keep what is
// known and are logged.
func NewAuthenticator(ctx context.Context, o AuthOptions) (*Authenticator, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &Authenticator{keys: map[string]keyFinder{}}
	if !o.Secret.IsZero() {
		a.keys[jwt.SigningMethodHS256.Alg()] = func(context.Context, *jwt.Token) (any, error) {
			return []byte(o.Secret.Reveal()), nil
		}
	}
	if o.JWKSURL != "" {
		set := &keySet{address: o.JWKSURL, log: o.Log}
		for _, alg := range publicAlgorithms {
			a.keys[alg] = set.find
		}
		go set.run(ctx)
	}
	a.parser = jwt.NewParser(jwt.WithValidMethods(slices.Collect(maps.Keys(a.keys))),
		jwt.WithExpirationRequired())
	return a, nil
}

// Validate returns everything that is wrong, of kind domain.ErrInvalid; nil when nothing is.
func (o AuthOptions) Validate() error {
	var wrong []error
	if o.Secret.IsZero() && o.JWKSURL == "" {
		wrong = append(wrong, domain.Errorf(domain.ErrInvalid, "JWT_SECRET or JWT_JWKS_URL: give at least one of them"))
	}
	if n := len(o.Secret.Reveal()); n > 0 && n < MinSecret {
		wrong = append(wrong, domain.Errorf(domain.ErrInvalid, "JWT_SECRET: give at least %d bytes", MinSecret))
	}
	if o.JWKSURL != "" {
		u, err := url.Parse(o.JWKSURL)
		if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
			wrong = append(wrong, domain.Errorf(domain.ErrInvalid, "JWT_JWKS_URL: give an http or https URL"))
		}
	}
	return errors.Join(wrong...)
}

// Why a request is not authenticated, in the words of RFC 6750 §3. More than this helps attackers only.
var (
	errNoToken      = unauthorized(`Bearer realm="keybuzz"`, "a bearer token is needed")
	errBadToken     = unauthorized(`Bearer realm="keybuzz", error="invalid_token", error_description="invalid"`, "the token is invalid")
	errExpiredToken = unauthorized(`Bearer realm="keybuzz", error="invalid_token", error_description="expired"`, "the token has expired")
)

func unauthorized(challenge, detail string) error {
	return &refusal{status: http.StatusUnauthorized, detail: detail, header: http.Header{"Www-Authenticate": {challenge}}}
}

// caller is whom a token stands for.
type caller struct {
	tenant  domain.TenantID
	subject string // "" when the token names nobody
	role    string
	expires time.Time
}

// caller returns whose a request is, by its bearer token. domain.ErrUnavailable while there are no keys to tell.
func (a *Authenticator) caller(r *http.Request) (caller, error) {
	token, err := bearerToken(r.Header)
	if err != nil {
		return caller{}, err
	}
	return a.verify(r.Context(), token)
}

// verify returns whom a token stands for. domain.ErrUnavailable while there are no keys to tell.
func (a *Authenticator) verify(ctx context.Context, token string) (caller, error) {
	claims := jwt.MapClaims{} // unlike a struct's, its names are exact
	_, err := a.parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		return a.keys[t.Method.Alg()](ctx, t) // the parser has refused every other algorithm
	})
	switch {
	case err == nil:
	case errors.Is(err, errNoKeys), ctx.Err() != nil:
		return caller{}, errNoKeys
	case errors.Is(err, jwt.ErrTokenExpired):
		return caller{}, errExpiredToken
	default:
		return caller{}, errBadToken
	}
	name, _ := claims["tenantId"].(string)
	c := caller{subject: subjectOf(claims)}
	if c.tenant, err = domain.ParseTenantID(name); err != nil {
		return caller{}, errBadToken
	}
	expires, err := claims.GetExpirationTime()
	if err != nil || expires == nil {
		return caller{}, errBadToken
	}
	c.role, _ = claims["role"].(string)
	c.expires = expires.Time
	return c, nil
}

// maxSubject is the longest subject that is kept, in bytes: OpenID Connect allows 255.
const maxSubject = 255

// subjectOf reads the claim sub. What could not stand in a log or in the audit names nobody.
func subjectOf(claims jwt.MapClaims) string {
	sub, _ := claims["sub"].(string)
	if len(sub) > maxSubject || strings.ContainsFunc(sub, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ""
	}
	return sub
}

// bearerToken reads the one Authorization header.
func bearerToken(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", errNoToken
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return "", errBadToken
	}
	return strings.TrimSpace(token), nil
}

// authenticate lets a request pass only if a token says whose it is.
func (s *Server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := s.auth.caller(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		exchangeOf(r).caller = c
		next.ServeHTTP(w, r)
	})
}
