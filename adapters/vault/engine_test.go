package vault_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/vault"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

// The KV v2 engine of Vault itself stands behind these tests, which `.ci/need kvengine` builds; only what stands before it in a
// Vault, tokens and policies, is left to server.

// engine starts the engine and returns its address. Where the program is not there the test fails and says so.
func engine(t *testing.T) string {
	t.Helper()
	is := is.New(t)
	cache, err := os.UserCacheDir()
	is.NoErr(err)
	program := filepath.Join(cache, "keybuzz-tools", "kvengine")
	if _, err := os.Stat(program); err != nil {
		t.Fatal("kvengine is not there: .ci/need kvengine builds it")
	}
	// Not of the test's context: subtests that run in parallel outlive it.
	command := exec.CommandContext(context.WithoutCancel(t.Context()), program)
	out, err := command.StdoutPipe()
	is.NoErr(err)
	is.NoErr(command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	is.NoErr(err)
	return strings.TrimSpace(line)
}

func TestKVOnTheRealEngine(t *testing.T) {
	t.Parallel()
	address := engine(t)
	open := func(t *testing.T) ports.SecretStore {
		kv, err := vault.NewKV(address, byToken, vault.Options{})
		is.New(t).NoErr(err)
		return kv
	}
	porttest.TestSecretStore(t, func(t *testing.T) porttest.SecretStoreFixture {
		return porttest.SecretStoreFixture{Store: open(t), Again: open}
	})
}

// What the adapter relies on in the engine, beyond what the port promises.
func TestWhatTheRealEngineDoes(t *testing.T) {
	t.Parallel()
	is, at, half := is.New(t), path(t), path(t)
	address := engine(t)
	kv, err := vault.NewKV(address, byToken, vault.Options{})
	is.NoErr(err)
	ask := func(method, path, body string) int {
		r, err := http.NewRequestWithContext(t.Context(), method, address+"/v1/secret/"+path, strings.NewReader(body))
		is.NoErr(err)
		r.Header.Set("X-Vault-Token", "root-token")
		answer, err := http.DefaultClient.Do(r)
		is.NoErr(err)
		is.NoErr(answer.Body.Close())
		return answer.StatusCode
	}
	is.Equal(ask(http.MethodPut, "config", `{"cas_required": true}`), http.StatusNoContent)
	is.Equal(ask(http.MethodPut, "data/"+below(at), `{"data": {"a": "0"}}`), http.StatusBadRequest) // so that nothing is replaced unseen
	for _, text := range []string{"1", "2", "3"} {
		is.NoErr(kv.Put(t.Context(), at, secrets("a", text)))
	}
	is.Equal(ask(http.MethodGet, "data/"+below(at)+"?version=1", ""), http.StatusOK)
	is.NoErr(kv.Delete(t.Context(), at))
	is.Equal(ask(http.MethodGet, "data/"+below(at)+"?version=1", ""), http.StatusNotFound) // all versions are gone
	is.Equal(ask(http.MethodGet, "metadata/"+below(at), ""), http.StatusNotFound)
	is.NoErr(kv.Create(t.Context(), at, secrets("a", "4"))) // as if it never was

	is.NoErr(kv.Put(t.Context(), half, secrets("a", "1")))
	is.Equal(ask(http.MethodDelete, "data/"+below(half), ""), http.StatusNoContent) // the first half of a deletion
	_, err = kv.Get(t.Context(), half)
	is.True(errors.Is(err, domain.ErrNotFound))
	is.True(errors.Is(kv.Create(t.Context(), half, secrets("a", "2")), domain.ErrConflict))
	is.NoErr(kv.Put(t.Context(), half, secrets("a", "2"))) // on top of the deleted version
	is.NoErr(kv.Delete(t.Context(), half))
}
