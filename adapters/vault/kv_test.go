package vault_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/vault"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

// below is where a path is below the server's mount.
func below(p domain.SecretPath) string { return strings.TrimPrefix(p.String(), "secret/") }

// The ways in that server knows.
var (
	byToken   = vault.Token{Token: domain.NewSecret("root-token")}
	byAppRole = vault.AppRole{RoleID: "role", SecretID: domain.NewSecret("secret-id")}
)

func open(t *testing.T, s *server, auth vault.Auth, o vault.Options) *vault.KV {
	t.Helper()
	kv, err := vault.NewKV(s.URL, auth, o)
	is.New(t).NoErr(err)
	return kv
}

func TestKV(t *testing.T) {
	t.Parallel()
	jwt := filepath.Join(t.TempDir(), "token")
	is.New(t).NoErr(os.WriteFile(jwt, []byte("pod-jwt\n"), 0o600))
	for name, auth := range map[string]vault.Auth{
		"token": byToken, "AppRole": byAppRole, "Kubernetes": vault.Kubernetes{Role: "keybuzz", TokenPath: jwt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			porttest.TestSecretStore(t, func(t *testing.T) porttest.SecretStoreFixture {
				s := newServer(t)
				return porttest.SecretStoreFixture{
					Store: open(t, s, auth, vault.Options{}),
					Again: func(t *testing.T) ports.SecretStore { return open(t, s, auth, vault.Options{}) },
					Fail:  func(*testing.T) { s.do(func() { s.fault = echo(http.StatusServiceUnavailable) }) },
					Swap: func(_ *testing.T, from, to domain.SecretPath) {
						s.do(func() { s.entries[below(to)] = s.entries[below(from)] })
					},
				}
			})
		})
	}
}

func TestKVPaths(t *testing.T) {
	t.Parallel()
	is, s, at := is.New(t), newServer(t), path(t)
	kv := open(t, s, byToken, vault.Options{Namespace: "keybuzz"})
	is.NoErr(kv.Put(t.Context(), at, secrets("a", "1")))
	is.NoErr(kv.Put(t.Context(), at, secrets("a", "2")))
	_, err := kv.Get(t.Context(), at)
	is.NoErr(err)
	below := below(at)
	s.do(func() { is.Equal(len(s.entries[below]), 2) }) // each Put is a version
	is.NoErr(kv.Delete(t.Context(), at))
	s.do(func() {
		is.Equal(len(s.entries), 0) // all versions are gone, not the latest alone
		is.Equal(s.requests, []string{
			"GET auth/token/lookup-self", "PUT secret/data/" + below,
			"PUT secret/data/" + below, "GET secret/data/" + below, "PUT secret/data/" + below, // on top of a version
			"GET secret/data/" + below,
			"DELETE secret/data/" + below, "DELETE secret/metadata/" + below,
		})
		is.Equal(s.spaces, map[string]bool{"keybuzz": true})
	})
}

// Whatever a tenant is called, its entries are asked for by the path as it is, and by nothing that means another.
func TestKVAsksForThePathAsItIs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"t1", "T-1_x", "0", strings.Repeat("a", 64)} {
		tenant, err := domain.ParseTenantID(name)
		is.New(t).NoErr(err)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newServer(t)
			c, err := domain.NewConnection(tenant, domain.Amazon, time.Date(2026, time.October, 5, 12, 0, 0, 0, time.UTC))
			is.NoErr(err)
			at := domain.NewSecretPath(c.State())
			kv := open(t, s, byToken, vault.Options{})
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
			s.do(func() {
				is.Equal(s.requests[len(s.requests)-1], "PUT secret/data/keybuzz/tenants/"+name+"/amazon/"+strings.SplitN(at.String(), "/amazon/", 2)[1])
			})
		})
	}
}

func TestKVEntriesOfOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		latest version
		kind   error
	}{
		"a deleted version is nothing":                   {version{deleted: true}, domain.ErrNotFound},
		"what is no text is refused, not turned to some": {version{data: map[string]any{"port": 993}}, domain.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s, at := is.New(t), newServer(t), path(t)
			s.do(func() { s.entries[below(at)] = []version{{data: map[string]any{"a": "1"}}, c.latest} })
			_, err := open(t, s, byToken, vault.Options{}).Get(t.Context(), at)
			is.True(errors.Is(err, c.kind))
		})
	}
}

func TestKVFaults(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for name, c := range map[string]struct {
		fault http.HandlerFunc
		says  string
	}{
		"sealed":                  {echo(http.StatusServiceUnavailable), "vault does not work now: vault answered 503 Service Unavailable"},
		"too many requests":       {echo(http.StatusTooManyRequests), "vault does not work now: vault answered 429 Too Many Requests"},
		"refused":                 {echo(http.StatusForbidden), "vault does not let us in: vault answered 403 Forbidden"},
		"no such engine":          {echo(http.StatusNotFound), "vault does not work now: vault answered 404 Not Found"},
		"a page of a proxy":       {func(w http.ResponseWriter, _ *http.Request) { http.NotFound(w, nil) }, "vault does not work now: vault answered 404 Not Found"},
		"a success of a stranger": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, ""},
		"the line breaks":         {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ""},
		"no answer in time":       {hang, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newServer(t)
			s.do(func() { s.fault = c.fault })
			kv := open(t, s, byToken, vault.Options{Timeout: 100 * time.Millisecond})
			_, get := kv.Get(t.Context(), path(t))
			put := kv.Put(t.Context(), path(t), secrets("password", secret))
			for _, err := range []error{get, put, kv.Delete(t.Context(), path(t))} {
				is.True(errors.Is(err, domain.ErrUnavailable))
				is.True(c.says == "" || err.Error() == c.says)
				text := fmt.Sprintf("%v %+v %#v", err, err, errors.Unwrap(err))
				is.True(!strings.Contains(text, secret) && !strings.Contains(text, "root-token"))
			}
		})
	}
}

func TestKVNobodyThere(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newServer(t)
	kv := open(t, s, byToken, vault.Options{})
	s.Close()
	_, err := kv.Get(t.Context(), path(t))
	is.True(errors.Is(err, domain.ErrUnavailable))
}

func TestKVContextOfTheCaller(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.do(func() {
		s.fault = func(w http.ResponseWriter, r *http.Request) {
			cancel()
			hang(w, r)
		}
	})
	_, err := open(t, s, byAppRole, vault.Options{}).Get(ctx, path(t))
	is.Equal(err, context.Canceled) // on its way as before it
}

func TestKVLogin(t *testing.T) {
	t.Parallel()
	logins := func(s *server) (n int) {
		s.do(func() { n = s.logins })
		return n
	}
	for name, story := range map[string]func(*testing.T, *is.I, *server){
		"one login serves many": func(t *testing.T, is *is.I, s *server) {
			kv := open(t, s, byAppRole, vault.Options{})
			is.NoErr(putAtOnce(t, kv))
			is.Equal(logins(s), 1)
			s.do(func() { clear(s.tokens) })
			is.NoErr(putAtOnce(t, kv)) // however many were refused
			is.Equal(logins(s), 2)
		},
		"a revoked token is replaced": func(t *testing.T, is *is.I, s *server) {
			kv, at := open(t, s, byAppRole, vault.Options{}), path(t)
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
			s.do(func() { clear(s.tokens) })
			got, err := kv.Get(t.Context(), at)
			is.NoErr(err)
			is.Equal(got["a"].Reveal(), "b")
			is.Equal(logins(s), 2)
		},
		"a token is replaced before its time is over": func(t *testing.T, is *is.I, s *server) {
			clock := memory.NewClock(time.Date(2026, time.October, 5, 12, 0, 0, 0, time.UTC))
			kv, at := open(t, s, byAppRole, vault.Options{Clock: clock}), path(t)
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
			clock.Advance(53 * time.Minute) // of an hour
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
			is.Equal(logins(s), 1)
			clock.Advance(time.Minute)
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
			is.Equal(logins(s), 2)
		},
		"a token without end is kept": func(t *testing.T, is *is.I, s *server) {
			s.do(func() { s.lease = 0 })
			clock := memory.NewClock(time.Date(2026, time.October, 5, 12, 0, 0, 0, time.UTC))
			kv, at := open(t, s, byAppRole, vault.Options{Clock: clock}), path(t)
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
			clock.Advance(10_000 * time.Hour)
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
			is.Equal(logins(s), 1)
		},
		"refused for good, it asks once more and no further": func(t *testing.T, is *is.I, s *server) {
			kv, at := open(t, s, byAppRole, vault.Options{}), path(t)
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
			s.do(func() {
				clear(s.tokens)
				s.appRoles["role"] = "another"
			})
			_, err := kv.Get(t.Context(), at)
			is.True(errors.Is(err, domain.ErrUnavailable))
			is.Equal(logins(s), 2)
		},
		"a token given from outside is not asked for again": func(t *testing.T, is *is.I, s *server) {
			s.do(func() { clear(s.tokens) })
			_, err := open(t, s, byToken, vault.Options{}).Get(t.Context(), path(t))
			is.True(errors.Is(err, domain.ErrUnavailable))
			s.do(func() { is.Equal(len(s.requests), 2) }) // what it is, and the secret
		},
		"a wrong secret id is not shown": func(t *testing.T, is *is.I, s *server) {
			auth := vault.AppRole{RoleID: "role", SecretID: domain.NewSecret("hunter2")}
			s.do(func() { s.fault = echo(http.StatusBadRequest) })
			_, err := open(t, s, auth, vault.Options{}).Get(t.Context(), path(t))
			is.True(errors.Is(err, domain.ErrUnavailable))
			is.True(!strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "hunter2"))
		},
		"the service account's token is read anew": func(t *testing.T, is *is.I, s *server) {
			jwt := filepath.Join(t.TempDir(), "token")
			is.NoErr(os.WriteFile(jwt, []byte("pod-jwt"), 0o600))
			kv, at := open(t, s, vault.Kubernetes{Role: "keybuzz", TokenPath: jwt}, vault.Options{}), path(t)
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
			is.NoErr(os.WriteFile(jwt, []byte("next-jwt"), 0o600))
			s.do(func() {
				clear(s.tokens)
				s.jwt = "next-jwt"
			})
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
		},
		"without a service account nothing is sent": func(t *testing.T, is *is.I, s *server) {
			none := vault.Kubernetes{Role: "keybuzz", TokenPath: filepath.Join(t.TempDir(), "none")}
			_, err := open(t, s, none, vault.Options{}).Get(t.Context(), path(t))
			is.True(errors.Is(err, domain.ErrUnavailable))
			s.do(func() { is.Equal(len(s.requests), 0) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(t, is.New(t), newServer(t))
		})
	}
}

// putAtOnce stores several entries at once.
func putAtOnce(t *testing.T, kv *vault.KV) error {
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { errs[i] = kv.Put(t.Context(), path(t), secrets("a", "b")) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func TestNewKVRefuses(t *testing.T) {
	t.Parallel()
	const address = "https://vault.example:8200"
	for name, c := range map[string]struct {
		address string
		auth    vault.Auth
	}{
		"no address":          {"", byToken},
		"no scheme":           {"vault.example:8200", byToken},
		"another scheme":      {"ftp://vault.example", byToken},
		"a password in it":    {"https://user:hunter2@vault.example", byToken},
		"a control character": {"https://vault.example\x7f", byToken},
		"no way in":           {address, nil},
		"an empty token":      {address, vault.Token{}},
		"no secret id":        {address, vault.AppRole{RoleID: "role"}},
		"no role id":          {address, vault.AppRole{SecretID: domain.NewSecret("hunter2")}},
		"no Kubernetes role":  {address, vault.Kubernetes{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			_, err := vault.NewKV(c.address, c.auth, vault.Options{})
			is.True(errors.Is(err, domain.ErrInvalid))
			is.True(!strings.Contains(fmt.Sprintf("%+v", err), "hunter2"))
		})
	}
}

func TestKVTakesNothingFromTheEnvironment(t *testing.T) {
	is, s := is.New(t), newServer(t)
	t.Setenv("VAULT_TOKEN", "root-token")
	t.Setenv("VAULT_ADDR", "http://192.0.2.1:1")
	t.Setenv("VAULT_NAMESPACE", "elsewhere")
	t.Setenv("VAULT_MAX_RETRIES", "7")
	kv := open(t, s, byAppRole, vault.Options{})
	s.do(func() { delete(s.tokens, "root-token") })
	is.NoErr(kv.Put(t.Context(), path(t), secrets("a", "b")))
	s.do(func() { is.Equal(s.spaces, map[string]bool{"": true}) })
}
