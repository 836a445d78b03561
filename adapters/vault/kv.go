package vault

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
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
// and written at secret/data/keybuzz/x and deleted there first, then with all versions at secret/metadata/keybuzz/x. The policy
// needs create, read, update and delete on the first and delete on the second.
type KV struct {
	auth      Auth
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
	// The library follows a standby's redirection without the body of the request.
	config.DisableRedirects, config.HttpClient.CheckRedirect = true, redirect
	client, err := api.NewClient(config)
	if err != nil {
		return nil, domain.Wrap(domain.ErrInvalid, err, "vault: the settings of the client are wrong")
	}
	v := &KV{auth: auth, namespace: o.Namespace, timeout: o.Timeout, client: client}
	if v.timeout == 0 {
		v.timeout = 10 * time.Second
	}
	clock := o.Clock
	if clock == nil {
		clock = ports.SystemClock{}
	}
	v.session = newSession(clock, func(ctx context.Context) (token string, good time.Duration, err error) {
		ctx, cancel := context.WithTimeout(ctx, v.timeout)
		defer cancel()
		return auth.login(ctx, v.as)
	})
	return v, nil
}

// Put implements ports.SecretStore. It writes a new version by check-and-set on the one before, so it works where the engine asks
// for that (cas_required), and no Put replaces a version that it did not know of: one that others overtake is put on top of
// theirs, up to a number of times. Which of several at once is last is not decided: who must not replace another's uses Create.
func (v *KV) Put(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	version := 0 // most are put where nothing is
	for range putAttempts {
		err := v.write(ctx, path, data, version)
		if !errors.Is(err, errVersion) {
			return err
		}
		if _, version, err = v.latest(ctx, path); err != nil {
			return err
		}
	}
	return domain.Errorf(domain.ErrUnavailable, "vault: others write to this path all the time")
}

// putAttempts bounds how often a Put may be overtaken.
const putAttempts = 16

// Create implements ports.SecretStore, by check-and-set: version 0 says that there never was one. Where the latest was deleted and
// its metadata was not, there is one still.
func (v *KV) Create(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	err := v.write(ctx, path, data, 0)
	if errors.Is(err, errVersion) {
		return errThere
	}
	return err
}

// write writes the version that follows version. errVersion if another one does.
func (v *KV) write(ctx context.Context, path domain.SecretPath, data domain.SecretData, version int) error {
	texts, err := reveal(path, data)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"data": texts, "options": map[string]any{"cas": version}})
	if err != nil {
		return domain.Errorf(domain.ErrInvalid, "the secrets cannot be written as JSON")
	}
	said, err := v.do(ctx, path, func(ctx context.Context, c *api.Logical, mount, name string) (*api.Response, error) {
		return c.WriteRawWithContext(ctx, mount+"/data/"+name, body)
	})
	if otherVersion(err) {
		return errVersion
	}
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
	texts, _, err := v.latest(ctx, path)
	if err != nil {
		return nil, err
	}
	if texts == nil {
		return nil, errNone
	}
	return hide(path, texts)
}

// latest returns the latest version and its number. The texts are nil where it is deleted; the number is 0 where there is none.
func (v *KV) latest(ctx context.Context, path domain.SecretPath) (texts map[string]string, version int, err error) {
	body, err := v.do(ctx, path, func(ctx context.Context, c *api.Logical, mount, name string) (*api.Response, error) {
		return c.ReadRawWithContext(ctx, mount+"/data/"+name)
	})
	none := nothingThere(err) // what is said of a deleted version comes with that, too
	if err != nil && !none {
		return nil, 0, translate(ctx, err)
	}
	var answer struct {
		Data struct {
			Data     map[string]string `json:"data"`
			Metadata struct {
				Version int `json:"version"`
			} `json:"metadata"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &answer) != nil || !none && answer.Data.Data == nil {
		// What JSON says of its errors may quote the answer.
		return nil, 0, domain.Errorf(domain.ErrUnavailable, "vault holds something else than texts at this path")
	}
	return answer.Data.Data, answer.Data.Metadata.Version, nil
}

// Delete implements ports.SecretStore. It deletes the latest version first, then the metadata and with it all versions: when the
// second fails, nobody reads the secrets any more. A policy that refuses the first, as that of the version before did, has the
// second alone.
func (v *KV) Delete(ctx context.Context, path domain.SecretPath) error {
	for _, part := range []string{"/data/", "/metadata/"} {
		said, err := v.do(ctx, path, func(ctx context.Context, c *api.Logical, mount, name string) (*api.Response, error) {
			return c.DeleteRawWithContext(ctx, mount+part+name)
		})
		switch {
		case nothingThere(err), part == "/data/" && status(err) == http.StatusForbidden:
		case err != nil:
			return translate(ctx, err)
		case len(said) > 0 && !json.Valid(said):
			return errStranger
		}
	}
	return nil
}
