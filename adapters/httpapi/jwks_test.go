package httpapi_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
)

// issuer publishes keys.
type issuer struct {
	*httptest.Server
	set  atomic.Pointer[[]jwkset.JWKMarshal] // nil: out of order
	hold atomic.Pointer[chan struct{}]       // every reading waits for it
	read atomic.Int64
}

func newIssuer(t testing.TB, keys ...jwkset.JWKMarshal) *issuer {
	i := &issuer{}
	if len(keys) > 0 {
		i.set.Store(&keys)
	}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.read.Add(1)
		if hold := i.hold.Load(); hold != nil {
			<-*hold
		}
		set := i.set.Load()
		if set == nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(jwkset.JWKSMarshal{Keys: *set})
	}))
	t.Cleanup(i.Close)
	return i
}

// jwk is how a public key is published.
func jwk(t testing.TB, kid string, public any) jwkset.JWKMarshal {
	t.Helper()
	k, err := jwkset.NewJWKFromKey(public, jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: kid}})
	if err != nil {
		t.Fatal(err)
	}
	return k.Marshal()
}

// signWith is sign, and names the key.
func signWith(t testing.TB, method jwt.SigningMethod, key any, kid string, c jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	token.Header["kid"] = kid
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// untilReady asks with a good token until the issuer's keys are there. Until then the answer is 503.
func untilReady(t testing.TB, s *stage, token string) {
	t.Helper()
	patience := time.After(5 * time.Minute)
	every := time.NewTicker(10 * time.Millisecond)
	defer every.Stop()
	for {
		a := s.get(t, "/api/v1/tickets", bearer(token))
		switch a.Code {
		case http.StatusOK:
			return
		case http.StatusServiceUnavailable:
		default:
			t.Fatal(a.Code, a.Body)
		}
		select {
		case <-every.C:
		case <-patience:
			t.Fatal("the keys never came")
		}
	}
}

func TestUntilTheIssuerAnswersRequestsAre503(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	is.NoErr(err)
	i, log := newIssuer(t), &logBook{} // out of order
	auth := authenticator(t, httpapi.AuthOptions{
		Secret: secret, JWKSURL: i.URL + "/keys?code=do-not-log-me", Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	s := newStage(t, func(u *setup) { u.auth = auth })
	token := signWith(t, jwt.SigningMethodRS256, key, "k1", claims(nil))
	a := s.get(t, "/api/v1/tickets", bearer(token))
	is.Equal(a.Code, http.StatusServiceUnavailable)
	is.Equal(a.Header().Get("Retry-After"), "5")
	is.Equal(s.get(t, "/api/v1/tickets").Code, http.StatusOK) // tokens of the shared secret do not suffer

	for patience := time.Now().Add(time.Minute); !strings.Contains(log.String(), "502"); time.Sleep(time.Millisecond) { // the first reading fails
		is.True(time.Now().Before(patience))
	}
	i.set.Store(&[]jwkset.JWKMarshal{jwk(t, "k1", key.Public())})
	untilReady(t, s, token)
	is.True(!strings.Contains(log.String(), "do-not-log-me"))
}

func TestNobodyWaitsForAnIssuerThatHangs(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	is.NoErr(err)
	i := newIssuer(t, jwk(t, "k1", key.Public()))
	release := make(chan struct{})
	i.hold.Store(&release)
	s := newStage(t, func(u *setup) { u.auth = authenticator(t, httpapi.AuthOptions{JWKSURL: i.URL}) })
	token := signWith(t, jwt.SigningMethodRS256, key, "k1", claims(nil))
	before := time.Now()
	is.Equal(s.get(t, "/api/v1/tickets", bearer(token)).Code, http.StatusServiceUnavailable)
	is.True(time.Since(before) < 4*time.Second) // less than one reading may take
	close(release)
	untilReady(t, s, token)
}

func TestAnUnknownKeyIsLookedUpOnceAMinute(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	first, err := rsa.GenerateKey(rand.Reader, 2048)
	is.NoErr(err)
	second, err := rsa.GenerateKey(rand.Reader, 2048)
	is.NoErr(err)
	i := newIssuer(t, jwk(t, "k1", first.Public()))
	s := newStage(t, func(u *setup) { u.auth = authenticator(t, httpapi.AuthOptions{JWKSURL: i.URL}) })
	untilReady(t, s, signWith(t, jwt.SigningMethodPS256, first, "k1", claims(nil)))

	i.set.Store(&[]jwkset.JWKMarshal{jwk(t, "k1", first.Public()), jwk(t, "k2", second.Public())}) // a new key
	is.Equal(s.get(t, "/api/v1/tickets", bearer(signWith(t, jwt.SigningMethodRS256, second, "k2", claims(nil)))).Code, http.StatusOK)
	is.Equal(i.read.Load(), int64(2))

	before := time.Now()
	for range 20 {
		is.Equal(s.get(t, "/api/v1/tickets", bearer(signWith(t, jwt.SigningMethodRS256, second, "k3", claims(nil)))).Code, http.StatusUnauthorized)
	}
	is.Equal(i.read.Load(), int64(2))            // strangers cannot make us hammer the issuer
	is.True(time.Since(before) < 90*time.Second) // nor hold our requests up

	is.Equal(s.get(t, "/api/v1/tickets", bearer(signWith(t, jwt.SigningMethodRS256, first, "k2", claims(nil)))).Code, http.StatusUnauthorized) // another's key
}
