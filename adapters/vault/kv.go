package vault

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Options are settings of a KV. The zero value works.
type Options struct {
	Namespace string        // of Vault Enterprise; "" for the root
	Timeout   time.Duration // of each request; 10 seconds if 0
	Clock     ports.Clock   // says when a token is over; the machine's clock if nil
}

// KV is a ports.SecretStore in KV v2 engines. The first part of a path is the engine's mount: secret/keybuzz/x is read
// and written at secret/data/keybuzz/x and deleted, with all versions, at secret/metadata/keybuzz/x. The policy needs
// create, read and update on the first and delete on the second.
type KV struct {
	session   *session
	namespace string
	timeout   time.Duration

	mu     sync.Mutex  // guards client, whose copying is not safe for concurrent use
	client *api.Client // without a token; requests use a copy with one
}

var _ ports.SecretStore = (*KV)(nil)

// NewKV returns the secrets of the Vault at address, such as https://vault.example:8200. It calls nobody: a wrong
// address or credential shows as domain.ErrUnavailable when it is used. What cannot work at all is domain.ErrInvalid.
//
// Vault's own variables for TLS (VAULT_CACERT and its like) hold as in every client of Vault; address, namespace and
// tokens come from the arguments only.
func NewKV(address string, auth Auth, o Options) (*KV, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, domain.Errorf(domain.ErrInvalid, "vault: give an address such as https://vault.example:8200")
	}
	if auth == nil {
		return nil, domain.Errorf(domain.ErrInvalid, "vault: give a token, an AppRole or a Kubernetes role")
	}
	if err := auth.check(); err != nil {
		return nil, err
	}
	config := api.DefaultConfig()
	config.Address, config.AgentAddress = address, ""
	config.MaxRetries = 0 // the caller decides about retries
	config.Timeout = 0    // each request has its own: see do
	client, err := api.NewClient(config)
	if err != nil {
		return nil, domain.Wrap(domain.ErrInvalid, err, "vault: the settings of the client are wrong")
	}
	v := &KV{namespace: o.Namespace, timeout: o.Timeout, client: client}
	if v.timeout == 0 {
		v.timeout = 10 * time.Second
	}
	clock := o.Clock
	if clock == nil {
		clock = ports.SystemClock{}
	}
	v.session = newSession(clock, func(ctx context.Context) (token string, ttl time.Duration, err error) {
		ctx, cancel := context.WithTimeout(ctx, v.timeout)
		defer cancel()
		return auth.login(ctx, v.as("").Logical())
	})
	return v, nil
}

// Put implements ports.SecretStore. It writes a new version.
func (v *KV) Put(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	texts, err := reveal(data)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"data": texts})
	if err != nil {
		return domain.Errorf(domain.ErrInvalid, "the secrets cannot be written as JSON")
	}
	said, err := v.do(ctx, path, func(ctx context.Context, c *api.Logical, mount, name string) (*api.Response, error) {
		return c.WriteRawWithContext(ctx, mount+"/data/"+name, body)
	})
	if err != nil {
		return translate(ctx, err)
	}
	var answer struct {
		Data struct {
			Version int `json:"version"`
		} `json:"data"`
	}
	if json.Unmarshal(said, &answer) != nil || answer.Data.Version < 1 {
		return errStranger // whose 200 stored nothing
	}
	return nil
}

// Get implements ports.SecretStore. It reads the latest version.
func (v *KV) Get(ctx context.Context, path domain.SecretPath) (domain.SecretData, error) {
	body, err := v.do(ctx, path, func(ctx context.Context, c *api.Logical, mount, name string) (*api.Response, error) {
		return c.ReadRawWithContext(ctx, mount+"/data/"+name)
	})
	if nothingThere(err) {
		return nil, errNone
	}
	if err != nil {
		return nil, translate(ctx, err)
	}
	var answer struct {
		Data struct {
			Data map[string]string `json:"data"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Data.Data == nil {
		// What JSON says of its errors may quote the answer.
		return nil, domain.Errorf(domain.ErrUnavailable, "vault holds something else than texts at this path")
	}
	return hide(answer.Data.Data), nil
}

// Delete implements ports.SecretStore. It removes the metadata and with it all versions.
func (v *KV) Delete(ctx context.Context, path domain.SecretPath) error {
	said, err := v.do(ctx, path, func(ctx context.Context, c *api.Logical, mount, name string) (*api.Response, error) {
		return c.DeleteRawWithContext(ctx, mount+"/metadata/"+name)
	})
	switch {
	case nothingThere(err):
		return nil
	case err != nil:
		return translate(ctx, err)
	case len(said) > 0 && !json.Valid(said):
		return errStranger
	}
	return nil
}

// request is one call of Vault. All are raw, because what the library makes of an answer takes a missing engine for a
// missing entry and a proxy's page for a broken line.
type request func(ctx context.Context, c *api.Logical, mount, name string) (*api.Response, error)

// do makes a request with a good token and returns what Vault answered; translate gives its error a kind. When Vault
// refuses the token, do logs in and asks once more: a token may have been revoked before its time.
func (v *KV) do(ctx context.Context, path domain.SecretPath, r request) ([]byte, error) {
	if err := check(ctx, path); err != nil {
		return nil, err
	}
	mount, name, _ := strings.Cut(path.String(), "/")
	try := func(token string) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, v.timeout)
		defer cancel()
		return read(r(ctx, v.as(token).Logical(), mount, name))
	}
	token, err := v.session.token(ctx)
	if err != nil {
		return nil, err
	}
	body, err := try(token)
	if status(err) != http.StatusForbidden {
		return body, err
	}
	next, failed := v.session.instead(ctx, token)
	switch {
	case failed != nil:
		return nil, failed
	case next == token: // there is no other
		return nil, err
	}
	return try(next)
}

// read reads an answer to its end.
func read(r *api.Response, err error) ([]byte, error) {
	if r == nil {
		return nil, err
	}
	defer r.Body.Close()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r.Body)
}

// as is a client with a token, "" for none, and with our namespace: the library would take both from its environment.
func (v *KV) as(token string) *api.Client {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.client.WithNamespace(v.namespace)
	c.SetToken(token)
	return c
}
