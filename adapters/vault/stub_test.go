package vault_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/vault"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestStub(t *testing.T) {
	t.Parallel()
	porttest.TestSecretStore(t, func(t *testing.T) porttest.SecretStoreFixture {
		dir := filepath.Join(t.TempDir(), "data", "keybuzz") // it makes its own folder
		return porttest.SecretStoreFixture{
			Store: vault.NewStub(dir),
			Again: func(*testing.T) ports.SecretStore { return vault.NewStub(dir) },
			Swap: func(t *testing.T, from, to domain.SecretPath) {
				change(t, dir, func(entries map[string]map[string]string) { entries[to.String()] = entries[from.String()] })
			},
			Fail: func(t *testing.T) { // a disk that was filled by something else
				is.New(t).NoErr(os.WriteFile(filepath.Join(dir, "secrets.json"), []byte(`{"hunter2-do-not-print`), 0o600))
			},
		}
	})
}

func TestStubFolderThatCannotBeMade(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	file := filepath.Join(t.TempDir(), "file")
	is.NoErr(os.WriteFile(file, nil, 0o600))
	err := vault.NewStub(filepath.Join(file, "dir")).Put(t.Context(), path(t), secrets("a", "b"))
	is.True(errors.Is(err, domain.ErrUnavailable))
}

func TestStubIsForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	dir := filepath.Join(t.TempDir(), "data")
	// What an earlier crash or a careless hand left open must not stay so.
	is.NoErr(os.Mkdir(dir, 0o700))
	is.NoErr(os.WriteFile(filepath.Join(dir, "secrets.json"), []byte("{}"), 0o644))
	is.NoErr(os.WriteFile(filepath.Join(dir, "secrets.json.next"), []byte("half a fi"), 0o644))
	is.NoErr(vault.NewStub(dir).Put(t.Context(), path(t), secrets("a", "b")))
	files, err := os.ReadDir(dir)
	is.NoErr(err)
	is.Equal(len(files), 2) // the secrets and the lock
	for _, f := range files {
		info, err := f.Info()
		is.NoErr(err)
		is.Equal(info.Mode(), fs.FileMode(0o600))
	}
	info, err := os.Stat(dir)
	is.NoErr(err)
	is.Equal(info.Mode().Perm(), fs.FileMode(0o700))
}

func TestStubIsReadableJSON(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	dir, at := t.TempDir(), path(t)
	is.NoErr(vault.NewStub(dir).Put(t.Context(), at, secrets("imap_password", "pa\"ss<&>é")))
	text, err := os.ReadFile(filepath.Join(dir, "secrets.json"))
	is.NoErr(err)
	var got map[string]map[string]string
	is.NoErr(json.Unmarshal(text, &got))
	is.Equal(got, map[string]map[string]string{at.String(): {"imap_password": "pa\"ss<&>é", vault.PathName: at.String()}})
}

// What a version before wrote holds no path.
func TestStubReadsEntriesWithoutTheirPath(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	dir, at := t.TempDir(), path(t)
	stub := vault.NewStub(dir)
	is.NoErr(stub.Put(t.Context(), at, secrets("a", "b")))
	change(t, dir, func(entries map[string]map[string]string) { delete(entries[at.String()], vault.PathName) })
	got, err := stub.Get(t.Context(), at)
	is.NoErr(err)
	is.Equal(got["a"].Reveal(), "b")
	is.Equal(len(got), 1)
}

// change edits the file of a stub by hand.
func change(t *testing.T, dir string, edit func(map[string]map[string]string)) {
	t.Helper()
	is := is.New(t)
	text, err := os.ReadFile(filepath.Join(dir, "secrets.json"))
	is.NoErr(err)
	var entries map[string]map[string]string
	is.NoErr(json.Unmarshal(text, &entries))
	edit(entries)
	text, err = json.Marshal(entries)
	is.NoErr(err)
	is.NoErr(os.WriteFile(filepath.Join(dir, "secrets.json"), text, 0o600))
}
