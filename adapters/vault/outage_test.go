package vault_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/vault"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// only answers requests of one kind with a fault; all others are the server's.
func only(s *server, kind string, fault http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Method+" "+strings.TrimPrefix(r.URL.Path, "/v1/"), kind) {
			fault(w, r)
			return
		}
		s.answer(w, r)
	}
}

// What Delete could not finish is unreadable all the same, and is finished by the next.
func TestADeletionThatStopsHalfWay(t *testing.T) {
	t.Parallel()
	is, s, at := is.New(t), newServer(t), path(t)
	kv := open(t, s, byToken, vault.Options{})
	is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
	s.do(func() { s.fault = only(s, "DELETE secret/metadata/", echo(http.StatusServiceUnavailable)) })
	is.True(errors.Is(kv.Delete(t.Context(), at), domain.ErrUnavailable))
	_, err := kv.Get(t.Context(), at)
	is.True(errors.Is(err, domain.ErrNotFound))
	is.True(errors.Is(kv.Create(t.Context(), at, secrets("a", "b")), domain.ErrConflict)) // it could be undeleted still
	s.do(func() { s.fault = nil })
	is.NoErr(kv.Delete(t.Context(), at))
	is.NoErr(kv.Create(t.Context(), at, secrets("a", "b")))
}

// A policy of before lets nobody delete versions.
func TestAPolicyOfBeforeDeletesAsBefore(t *testing.T) {
	t.Parallel()
	for name, auth := range map[string]vault.Auth{"token": byToken, "AppRole": byAppRole} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s, at := is.New(t), newServer(t), path(t)
			s.do(func() { s.keeper = "another" })
			kv := open(t, s, auth, vault.Options{})
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
			is.NoErr(kv.Delete(t.Context(), at))
			s.do(func() { is.Equal(len(s.entries), 0) })
		})
	}
}

func TestPutOnADeletedVersion(t *testing.T) {
	t.Parallel()
	is, s, at := is.New(t), newServer(t), path(t)
	kv := open(t, s, byToken, vault.Options{})
	is.NoErr(kv.Put(t.Context(), at, secrets("a", "1")))
	s.do(func() { s.entries[below(at)][0].deleted = true })
	is.NoErr(kv.Put(t.Context(), at, secrets("a", "2")))
	got, err := kv.Get(t.Context(), at)
	is.NoErr(err)
	is.Equal(got["a"].Reveal(), "2")
}

// Who is overtaken by others without end gives up.
func TestAPutThatIsOvertakenWithoutEnd(t *testing.T) {
	t.Parallel()
	is, s, at, writes := is.New(t), newServer(t), path(t), 0
	s.do(func() {
		s.fault = only(s, "PUT", func(w http.ResponseWriter, r *http.Request) {
			writes++
			s.do(func() {
				s.entries[below(at)] = append(s.entries[below(at)], version{data: map[string]any{"a": "theirs"}})
			})
			s.answer(w, r)
		})
	})
	err := open(t, s, byToken, vault.Options{}).Put(t.Context(), at, secrets("a", "mine"))
	is.True(errors.Is(err, domain.ErrUnavailable))
	is.True(writes > 1 && writes < 100)
	s.do(func() { is.Equal(len(s.entries[below(at)]), writes) }) // theirs, and none of ours
}

// A Vault that was sealed, or away, is used again as soon as it is back, with the token that there is.
func TestRecovery(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]http.HandlerFunc{
		"sealed": func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, http.StatusServiceUnavailable, "Vault is sealed")
		},
		"the line breaks": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		for way, auth := range map[string]vault.Auth{"token": byToken, "AppRole": byAppRole} {
			t.Run(name+" by "+way, func(t *testing.T) {
				t.Parallel()
				is, s, at := is.New(t), newServer(t), path(t)
				kv := open(t, s, auth, vault.Options{Namespace: "keybuzz"})
				for range 2 {
					s.do(func() { s.fault = fault })
					for range 3 {
						is.True(errors.Is(kv.Put(t.Context(), at, secrets("a", "b")), domain.ErrUnavailable))
					}
					s.do(func() { s.fault = nil })
					is.NoErr(kv.Put(t.Context(), at, secrets("a", "b")))
					_, err := kv.Get(t.Context(), at)
					is.NoErr(err)
				}
				s.do(func() {
					is.True(s.logins <= 1)
					is.Equal(s.spaces, map[string]bool{"keybuzz": true}) // logins and renewals among them
				})
			})
		}
	}
}

// A standby that does not forward sends to the active one.
func TestAStandbySendsToTheActiveOne(t *testing.T) {
	t.Parallel()
	for name, auth := range map[string]vault.Auth{"token": byToken, "AppRole": byAppRole} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s, at := is.New(t), newServer(t), path(t)
			standby := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, s.URL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
			}))
			t.Cleanup(standby.Close)
			kv, err := vault.NewKV(standby.URL, auth, vault.Options{Namespace: "keybuzz"})
			is.NoErr(err)
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "1")))
			is.NoErr(kv.Put(t.Context(), at, secrets("a", "2")))
			got, err := kv.Get(t.Context(), at)
			is.NoErr(err)
			is.Equal(got["a"].Reveal(), "2")
			is.NoErr(kv.Delete(t.Context(), at))
			s.do(func() { is.Equal(s.spaces, map[string]bool{"keybuzz": true}) })
		})
	}
}

// What leads nowhere is no success.
func TestARedirectionWithoutEnd(t *testing.T) {
	t.Parallel()
	is, at := is.New(t), path(t)
	standby := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.RequestURI())
		w.WriteHeader(http.StatusTemporaryRedirect)
	}))
	t.Cleanup(standby.Close)
	kv, err := vault.NewKV(standby.URL, byToken, vault.Options{})
	is.NoErr(err)
	_, get := kv.Get(t.Context(), at)
	for _, err := range []error{get, kv.Put(t.Context(), at, secrets("a", "b")), kv.Delete(t.Context(), at)} {
		is.True(errors.Is(err, domain.ErrUnavailable))
	}
}

// An entry that an operator wrote, or a version before, holds no path.
func TestEntriesWithoutTheirPathAreRead(t *testing.T) {
	t.Parallel()
	is, s, at := is.New(t), newServer(t), path(t)
	s.do(func() { s.entries[below(at)] = []version{{data: map[string]any{"a": "1"}}} })
	got, err := open(t, s, byToken, vault.Options{}).Get(t.Context(), at)
	is.NoErr(err)
	is.Equal(len(got), 1)
	is.Equal(got["a"].Reveal(), "1")
}

func TestNoSecretIsNamedLikeThePath(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newServer(t)
	for _, store := range []ports.SecretStore{open(t, s, byToken, vault.Options{}), vault.NewStub(t.TempDir())} {
		is.True(errors.Is(store.Put(t.Context(), path(t), secrets(vault.PathName, "x")), domain.ErrInvalid))
	}
	s.do(func() { is.Equal(len(s.entries), 0) })
}
