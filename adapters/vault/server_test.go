package vault_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/ports"
)

// server stands in for a Vault with one KV v2 engine at secret/, two auth methods and the ways of tokens with themselves. It holds to the HTTP API as the
// documentation of Vault 1.x describes it: paths, statuses, versions, and who may do what.
type server struct {
	*httptest.Server

	mu       sync.Mutex
	entries  map[string][]version // by path below the mount; the index is the version less one
	tokens   map[string]bool      // those that are good
	appRoles map[string]string    // secret id by role id
	jwt      string               // the service account's token that the Kubernetes method takes
	lease    time.Duration        // of the tokens that logins bring
	logins   int
	requests []string         // method and path of each
	fault    http.HandlerFunc // answers instead, when set
	spaces   map[string]bool  // the namespaces that requests named
	keeper   string           // may delete versions; all may when it is ""
	self     *self            // what root-token is; for ever when nil
}

// self is a token that ends.
type self struct {
	clock     ports.Clock
	ends, max time.Time     // max is the zero time for a token with a period
	renewed   time.Duration // how long it lives after a renewal
	fixed     bool          // it cannot be renewed
	secretive bool          // it may not look at itself
	renewals  int
}

type version struct {
	data    map[string]any
	deleted bool
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{
		entries: map[string][]version{}, tokens: map[string]bool{"root-token": true}, spaces: map[string]bool{},
		appRoles: map[string]string{"role": "secret-id"}, jwt: "pod-jwt", lease: time.Hour,
	}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// do runs fn while no request is being answered.
func (s *server) do(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	if fault != nil {
		fault(w, r)
		return
	}
	s.answer(w, r)
}

// answer is how the server answers when nothing is wrong.
func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path, _ := strings.CutPrefix(r.URL.Path, "/v1/")
	s.requests = append(s.requests, r.Method+" "+path)
	s.spaces[r.Header.Get("X-Vault-Namespace")] = true
	write := r.Method == http.MethodPut || r.Method == http.MethodPost
	if method, ok := strings.CutPrefix(path, "auth/"); ok && write && !strings.HasPrefix(method, "token/") {
		s.login(w, r, method)
		return
	}
	if !s.tokens[r.Header.Get("X-Vault-Token")] || s.self != nil && !s.self.clock.Now().Before(s.self.ends) {
		refuse(w, http.StatusForbidden, "permission denied")
		return
	}
	if what, ok := strings.CutPrefix(path, "auth/token/"); ok {
		s.token(w, r, what)
		return
	}
	data, isData := strings.CutPrefix(path, "secret/data/")
	metadata, isMetadata := strings.CutPrefix(path, "secret/metadata/")
	switch {
	case isData && write:
		s.put(w, r, data)
	case isData && r.Method == http.MethodGet:
		s.get(w, r, data)
	case isData && r.Method == http.MethodDelete && s.keeper != "" && s.keeper != r.Header.Get("X-Vault-Token"):
		refuse(w, http.StatusForbidden, "1 error occurred:\n\t* permission denied\n\n")
	case isData && r.Method == http.MethodDelete:
		if n := len(s.entries[data]); n > 0 {
			s.entries[data][n-1].deleted = true
		}
		w.WriteHeader(http.StatusNoContent)
	case isMetadata && r.Method == http.MethodDelete:
		delete(s.entries, metadata)
		w.WriteHeader(http.StatusNoContent)
	case isData, isMetadata:
		refuse(w, http.StatusMethodNotAllowed, "unsupported operation")
	default:
		refuse(w, http.StatusNotFound, "no handler for route \""+path+"\". route entry not found.")
	}
}

// token answers what a token asks about itself.
func (s *server) token(w http.ResponseWriter, r *http.Request, what string) {
	t := s.self
	switch {
	case what == "lookup-self" && r.Method == http.MethodGet && t == nil:
		answer(w, http.StatusOK, map[string]any{"data": map[string]any{"ttl": 0, "renewable": false, "expire_time": nil}})
	case t == nil || t.secretive:
		refuse(w, http.StatusForbidden, "1 error occurred:\n\t* permission denied\n\n")
	case what == "lookup-self" && r.Method == http.MethodGet:
		answer(w, http.StatusOK, map[string]any{"data": map[string]any{
			"ttl": int(t.ends.Sub(t.clock.Now()).Seconds()), "renewable": !t.fixed, "expire_time": t.ends.Format(time.RFC3339Nano),
		}})
	case what == "renew-self" && r.Method != http.MethodGet && t.fixed:
		refuse(w, http.StatusBadRequest, "lease is not renewable")
	case what == "renew-self" && r.Method != http.MethodGet:
		t.renewals++
		t.ends = t.clock.Now().Add(t.renewed)
		if !t.max.IsZero() && t.ends.After(t.max) {
			t.ends = t.max
		}
		answer(w, http.StatusOK, map[string]any{"auth": map[string]any{
			"client_token": r.Header.Get("X-Vault-Token"), "lease_duration": int(t.ends.Sub(t.clock.Now()).Seconds()), "renewable": true,
		}})
	default:
		refuse(w, http.StatusMethodNotAllowed, "unsupported operation")
	}
}

func (s *server) login(w http.ResponseWriter, r *http.Request, method string) {
	var c map[string]string
	if json.NewDecoder(r.Body).Decode(&c) != nil {
		refuse(w, http.StatusBadRequest, "failed to parse JSON input")
		return
	}
	s.logins++
	switch {
	case method == "approle/login" && c["secret_id"] != "" && s.appRoles[c["role_id"]] == c["secret_id"]:
	case method == "kubernetes/login" && c["role"] == "keybuzz" && c["jwt"] == s.jwt:
	case method == "kubernetes/login":
		refuse(w, http.StatusForbidden, "permission denied")
		return
	default:
		refuse(w, http.StatusBadRequest, "invalid role or secret ID")
		return
	}
	token := "token-" + strconv.Itoa(s.logins)
	s.tokens[token] = true
	answer(w, http.StatusOK, map[string]any{"auth": map[string]any{
		"client_token": token, "lease_duration": int(s.lease.Seconds()), "renewable": true,
	}})
}

func (s *server) put(w http.ResponseWriter, r *http.Request, path string) {
	var body struct {
		Data    map[string]any
		Options struct{ CAS *int }
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil || body.Data == nil {
		refuse(w, http.StatusBadRequest, "no data provided")
		return
	}
	if body.Options.CAS == nil { // the engine has cas_required
		refuse(w, http.StatusBadRequest, "check-and-set parameter required for this call")
		return
	}
	if *body.Options.CAS != len(s.entries[path]) {
		refuse(w, http.StatusBadRequest, "check-and-set parameter did not match the current version")
		return
	}
	s.entries[path] = append(s.entries[path], version{data: body.Data})
	answer(w, http.StatusOK, map[string]any{"data": s.metadata(path, len(s.entries[path]))})
}

func (s *server) get(w http.ResponseWriter, r *http.Request, path string) {
	versions := s.entries[path]
	n := len(versions)
	if asked := r.URL.Query().Get("version"); asked != "" {
		n, _ = strconv.Atoi(asked)
	}
	if n < 1 || n > len(versions) {
		refuse(w, http.StatusNotFound)
		return
	}
	v := versions[n-1]
	if v.deleted {
		answer(w, http.StatusNotFound, map[string]any{"data": map[string]any{"data": nil, "metadata": s.metadata(path, n)}})
		return
	}
	answer(w, http.StatusOK, map[string]any{"data": map[string]any{"data": v.data, "metadata": s.metadata(path, n)}})
}

func (s *server) metadata(path string, n int) map[string]any {
	deleted := ""
	if s.entries[path][n-1].deleted {
		deleted = "2026-10-05T12:00:00Z"
	}
	return map[string]any{"created_time": "2026-10-05T12:00:00Z", "deletion_time": deleted, "destroyed": false, "version": n}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, errors ...string) {
	answer(w, status, map[string]any{"errors": append([]string{}, errors...)})
}

// echo answers with a status and repeats all that it was sent, as a careless proxy does.
func echo(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		refuse(w, status, fmt.Sprint(r.URL, r.Header, string(body)))
	}
}

// hang does not answer until the client is gone, which a server notices once it has read the body.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}
