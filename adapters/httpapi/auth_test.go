package httpapi_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/domain"
)

// concrete fills the parameters of a route.
var concrete = strings.NewReplacer("{marketplace}", "amazon", "{id}", uuid.NewString(), "{messageId}", uuid.NewString(), "{attachmentId}", uuid.NewString(), "{replyId}", uuid.NewString())

// browsersOnly are the two routes below /api/v1 that browsers are sent to by a marketplace, so that they bring no token, and why
// that is no harm.
var browsersOnly = map[operation]string{
	{"GET", "/api/v1/marketplaces/{marketplace}/oauth/login"}:    "it looks at its query only, and passes it on to the operator's own page",
	{"GET", "/api/v1/marketplaces/{marketplace}/oauth/callback"}: "a state of 256 random bits and the cookie of the browser that began stand for one",
}

func TestEveryRouteOfTheAPINeedsAToken(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	n, open := 0, 0
	for _, o := range operations(t, s) {
		if !strings.HasPrefix(o.Path, "/api/v1") {
			is.True(s.call(t, o.Method, o.Path, "", anonymous).Code != http.StatusUnauthorized) // public
			continue
		}
		if why := browsersOnly[o]; why != "" {
			open++
			a := s.call(t, o.Method, concrete.Replace(o.Path), "", anonymous)
			is.True(a.Code == http.StatusBadRequest || a.Code == http.StatusForbidden) // with nothing in hand it is refused all the same
			is.Equal(a.Header().Get("Location"), "")
			is.Equal(a.Header().Get("Set-Cookie"), "")
			continue
		}
		n++
		a := s.call(t, o.Method, concrete.Replace(o.Path), "", anonymous)
		is.Equal(a.Code, http.StatusUnauthorized)
		challenge := `Bearer realm="keybuzz"` // RFC 6750 §3.1: no error code without a token
		if o.Path == webhook {
			challenge = `KeyBuzz-Signature realm="inbound-email"`
		}
		is.Equal(a.Header().Get("WWW-Authenticate"), challenge)
		is.Equal(s.call(t, o.Method, concrete.Replace(o.Path), "", bearer("x.y.z")).Code, http.StatusUnauthorized)
	}
	is.Equal(n, 40)
	is.Equal(open, len(browsersOnly)) // both are there, and no third
}

func TestWhatIsNoRouteNeedsATokenToo(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for name, o := range map[string]operation{
		"no such path":          {"GET", "/api/v1/nothing"},
		"the base":              {"GET", "/api/v1"},
		"the base with a slash": {"GET", "/api/v1/"},
		"another method":        {"DELETE", "/api/v1/tickets"},
		"two slashes":           {"GET", "/api/v1//tickets"},
		"dots":                  {"GET", "/api/v1/../../healthz"},
		"an escaped path":       {"GET", "/%61pi/v1/tickets"},
		"preflight":             {"OPTIONS", "/api/v1/tickets"},
		"trailing slash":        {"GET", "/api/v1/tickets/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			a := s.call(t, o.Method, o.Path, "", anonymous)
			is.Equal(a.Code, http.StatusUnauthorized)
			is.Equal(a.Header().Get("Location"), "")
			is.Equal(a.Header().Get("Access-Control-Allow-Origin"), "")
		})
	}
}

// sign makes a token.
func sign(t testing.TB, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// claims are good ones, with changes; a nil removes a claim.
func claims(change jwt.MapClaims) jwt.MapClaims {
	c := jwt.MapClaims{
		"sub": "u1", "tenantId": "t1", "role": "agent", "email": "u1@example.com", "exp": time.Now().Add(time.Hour).Unix(),
	}
	maps.Copy(c, change)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

func TestTokensThatAreRefused(t *testing.T) {
	t.Parallel()
	key := []byte(secret.Reveal())
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	hs := func(change jwt.MapClaims) string { return sign(t, jwt.SigningMethodHS256, key, claims(change)) }
	s, good := newStage(t), hs(nil)
	ago, ahead := time.Now().Add(-time.Second).Unix(), time.Now().Add(30*time.Minute).Unix()
	for name, token := range map[string]string{
		"alg none":                  sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(nil)),
		"alg none, good signature":  "eyJhbGciOiJub25lIn0" + good[strings.Index(good, "."):],
		"wrong key":                 sign(t, jwt.SigningMethodHS256, []byte("another-secret-of-more-than-32-bytes!"), claims(nil)),
		"stronger hash, same key":   sign(t, jwt.SigningMethodHS512, key, claims(nil)),
		"public key where none is":  sign(t, jwt.SigningMethodRS256, rsaKey, claims(nil)),
		"changed payload":           good[:strings.Index(good, ".")] + "." + strings.Split(hs(jwt.MapClaims{"tenantId": "t2"}), ".")[1] + good[strings.LastIndex(good, "."):],
		"no signature":              good[:strings.LastIndex(good, ".")+1],
		"no exp":                    hs(jwt.MapClaims{"exp": nil}),
		"exp is text":               hs(jwt.MapClaims{"exp": "tomorrow"}),
		"exp is zero":               hs(jwt.MapClaims{"exp": 0}),
		"not yet":                   hs(jwt.MapClaims{"nbf": ahead}),
		"no tenantId":               hs(jwt.MapClaims{"tenantId": nil}),
		"empty tenantId":            hs(jwt.MapClaims{"tenantId": ""}),
		"tenantId is a path":        hs(jwt.MapClaims{"tenantId": "../t1"}),
		"tenantId is a number":      hs(jwt.MapClaims{"tenantId": 1}),
		"tenantId is a list":        hs(jwt.MapClaims{"tenantId": []string{"t1"}}),
		"tenantId under other name": hs(jwt.MapClaims{"tenantId": nil, "tenantid": "t1", "TENANTID": "t1"}),
		"garbage":                   "garbage",
		"empty":                     "",
		"dots":                      "..",
		"two tokens":                good + " " + good,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			a := s.get(t, "/api/v1/tickets", bearer(token))
			is.Equal(a.Code, http.StatusUnauthorized)
			is.Equal(a.Header().Get("WWW-Authenticate"), `Bearer realm="keybuzz", error="invalid_token", error_description="invalid"`)
			is.Equal(a.json()["detail"], "the token is invalid")
		})
	}
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		is := is.New(t)
		a := s.get(t, "/api/v1/tickets", bearer(hs(jwt.MapClaims{"exp": ago})))
		is.Equal(a.Code, http.StatusUnauthorized)
		is.Equal(a.Header().Get("WWW-Authenticate"), `Bearer realm="keybuzz", error="invalid_token", error_description="expired"`)
	})
	t.Run("expired is said to its owner only", func(t *testing.T) {
		t.Parallel()
		is := is.New(t)
		forged := sign(t, jwt.SigningMethodHS256, []byte("another-secret-of-more-than-32-bytes!"), claims(jwt.MapClaims{"exp": ago}))
		is.Equal(s.get(t, "/api/v1/tickets", bearer(forged)).json()["detail"], "the token is invalid")
	})
}

func TestTokensThatAreAccepted(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	key := []byte(secret.Reveal())
	for _, token := range []string{
		sign(t, jwt.SigningMethodHS256, key, claims(nil)),
		sign(t, jwt.SigningMethodHS256, key, claims(jwt.MapClaims{"sub": nil, "role": nil, "email": nil})),
	} {
		is.Equal(s.get(t, "/api/v1/tickets", bearer(token)).Code, http.StatusOK)
		is.Equal(s.get(t, "/api/v1/tickets", header("Authorization", "bearer "+token)).Code, http.StatusOK) // RFC 9110: any case
	}
}

func TestOnlyOneAuthorizationHeaderAndOnlyBearer(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	is.Equal(s.get(t, "/api/v1/tickets", header("Authorization", "Basic dXNlcjpwYXNz")).Code, http.StatusUnauthorized)
	is.Equal(s.get(t, "/api/v1/tickets", func(r *http.Request) {
		r.Header.Add("Authorization", "Bearer "+tokenOf(t, "t2"))
	}).Code, http.StatusUnauthorized)
	is.Equal(s.get(t, "/api/v1/tickets?access_token="+tokenOf(t, "t1"), anonymous).Code, http.StatusUnauthorized)
}

func TestAPublicKeyIsNoSharedSecret(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	is.NoErr(err)
	issuer := newIssuer(t, jwk(t, "k1", key.Public()))
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	is.NoErr(err)
	published := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	for name, o := range map[string]httpapi.AuthOptions{
		"issuer only":       {JWKSURL: issuer.URL},
		"secret and issuer": {JWKSURL: issuer.URL, Secret: secret},
	} {
		s := newStage(t, func(u *setup) { u.auth = authenticator(t, o) })
		untilReady(t, s, signWith(t, jwt.SigningMethodRS256, key, "k1", claims(nil)))
		for _, forged := range [][]byte{published, der, x509.MarshalPKCS1PublicKey(&key.PublicKey)} {
			t.Log(name)
			is.Equal(s.get(t, "/api/v1/tickets", bearer(signWith(t, jwt.SigningMethodHS256, forged, "k1", claims(nil)))).Code, http.StatusUnauthorized)
		}
		is.Equal(s.get(t, "/api/v1/tickets", bearer(sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(nil)))).Code, http.StatusUnauthorized)
	}
}

func TestTheAlgorithmDecidesWhichKeyVerifies(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	is.NoErr(err)
	issuer := newIssuer(t, jwk(t, "k1", key.Public()))
	s := newStage(t, func(u *setup) {
		u.auth = authenticator(t, httpapi.AuthOptions{Secret: secret, JWKSURL: issuer.URL})
	})
	untilReady(t, s, signWith(t, jwt.SigningMethodES256, key, "k1", claims(nil)))
	is.Equal(s.get(t, "/api/v1/tickets").Code, http.StatusOK) // HS256
}

func TestAuthenticationIsNeverLeftToADefault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options httpapi.AuthOptions
		names   []string
	}{
		"nothing":      {httpapi.AuthOptions{}, []string{"JWT_SECRET", "JWT_JWKS_URL"}},
		"short secret": {httpapi.AuthOptions{Secret: domain.NewSecret("thirty-one-bytes-is-not-enough!")}, []string{"JWT_SECRET", "32"}},
		"no URL":       {httpapi.AuthOptions{JWKSURL: "issuer.example.com"}, []string{"JWT_JWKS_URL"}},
		"both wrong":   {httpapi.AuthOptions{Secret: domain.NewSecret("short"), JWKSURL: "ftp://x/y"}, []string{"JWT_SECRET", "JWT_JWKS_URL"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			_, err := httpapi.NewAuthenticator(t.Context(), c.options)
			is.True(errors.Is(err, domain.ErrInvalid))
			for _, n := range c.names {
				is.True(strings.Contains(err.Error(), n))
			}
			is.True(!strings.Contains(err.Error(), "thirty")) // the secret
		})
	}
	is := is.New(t)
	_, err := httpapi.IssueToken(domain.NewSecret("short"), tenant(t, "t1"), time.Now())
	is.True(errors.Is(err, domain.ErrInvalid))
	_, err = httpapi.New(nil, httpapi.Options{WebhookKeys: []domain.Secret{webhookKey, domain.NewSecret("short")}})
	is.True(errors.Is(err, domain.ErrInvalid))
	for _, n := range []string{"application", "Options.Auth", "Options.Ready", "Options.WebhookKeys"} {
		is.True(strings.Contains(err.Error(), n))
	}
}
