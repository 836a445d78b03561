package porttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// SecretStoreFixture is an empty SecretStore. The optional fields are what a store may not be able to do; the rules
// about them are left out where they are nil.
type SecretStoreFixture struct {
	Store ports.SecretStore

	// Again is optional: the same store as another process sees it, opened after what Store did.
	Again func(t *testing.T) ports.SecretStore

	// Swap is optional: from now on the store gives what is at from for what is at to, as a fault between us and it would.
	Swap func(t *testing.T, from, to domain.SecretPath)

	// Fail is optional: from now on the store cannot be reached or does not let us in.
	Fail func(t *testing.T)
}

// TestSecretStore checks a SecretStore against its contract. open is called once per subtest.
func TestSecretStore(t *testing.T, open func(t *testing.T) SecretStoreFixture) {
	secretStoreRules.check(t, open)
}

// hidden is the secret that the suite looks for where it must not be.
const hidden = "hunter2-do-not-print"

// secretStoreRules are about ports.SecretStore.
var secretStoreRules = rules[SecretStoreFixture]{
	"what is not there is ErrNotFound": func(t *testing.T, f SecretStoreFixture) {
		is := is.New(t)
		data, err := f.Store.Get(t.Context(), secretPath(t, "t1"))
		is.True(errors.Is(err, domain.ErrNotFound))
		is.True(!errors.Is(err, domain.ErrUnavailable))
		is.Equal(len(data), 0)
	},
	"Get returns what Put stored": func(t *testing.T, f SecretStoreFixture) {
		is, path := is.New(t), secretPath(t, "t1")
		want := map[string]string{
			"user": "zoe@example.com", "password": hidden, "awkward": awkward, awkward: "awkward key", "nul": "a\x00b",
			"json": `{"a":["b"],"c":null}`, "base64": "AAECAwQ=", "number": "0123", "bool": "true", "null": "null",
			"long": strings.Repeat("0123456789abcdef", 4096), "html": "<a href=\"x\">&amp;</a>\u2028\u2029", "space": "  a \t\n",
			"byte order": "\ufeffa", "replacement": "\ufffd", "empty": "",
		}
		is.NoErr(f.Store.Put(t.Context(), path, secretData(want)))
		got, err := f.Store.Get(t.Context(), path)
		is.NoErr(err)
		is.Equal(revealed(got), want)
	},
	"text that is no UTF-8 is kept as it is or refused as ErrInvalid": func(t *testing.T, f SecretStoreFixture) {
		is, path := is.New(t), secretPath(t, "t1")
		for _, want := range []map[string]string{{"password": "caf\xe9 \xff\xfe"}, {"caf\xe9": hidden}} {
			err := f.Store.Put(t.Context(), path, secretData(want))
			if err != nil {
				is.True(errors.Is(err, domain.ErrInvalid))
				continue
			}
			got, err := f.Store.Get(t.Context(), path)
			is.NoErr(err)
			is.Equal(revealed(got), want) // a changed password would be worse than a refused one
		}
	},
	"an entry without secrets is an entry": func(t *testing.T, f SecretStoreFixture) {
		is, path := is.New(t), secretPath(t, "t1")
		is.NoErr(f.Store.Put(t.Context(), path, domain.SecretData{}))
		got, err := f.Store.Get(t.Context(), path)
		is.NoErr(err)
		is.Equal(len(got), 0)
	},
	"Create stores where nothing is, and nowhere else": func(t *testing.T, f SecretStoreFixture) {
		is, path := is.New(t), secretPath(t, "t1")
		is.NoErr(f.Store.Create(t.Context(), path, secretData(map[string]string{"a": "first"})))
		err := f.Store.Create(t.Context(), path, secretData(map[string]string{"a": "second"}))
		is.True(errors.Is(err, domain.ErrConflict))
		got, err := f.Store.Get(t.Context(), path)
		is.NoErr(err)
		is.Equal(revealed(got), map[string]string{"a": "first"})
		is.NoErr(f.Store.Delete(t.Context(), path))
		is.NoErr(f.Store.Create(t.Context(), path, secretData(map[string]string{"a": "third"})))
	},
	"of many that Create at once one succeeds, and its secrets stay": func(t *testing.T, f SecretStoreFixture) {
		is, path := is.New(t), secretPath(t, "t1")
		created := -1
		for i, err := range together(8, func(i int) error {
			return f.Store.Create(t.Context(), path, secretData(map[string]string{"by": fmt.Sprint(i)}))
		}) {
			if err == nil {
				is.Equal(created, -1) // nobody before
				created = i
				continue
			}
			is.True(errors.Is(err, domain.ErrConflict))
		}
		got, err := f.Store.Get(t.Context(), path)
		is.NoErr(err)
		is.Equal(revealed(got), map[string]string{"by": fmt.Sprint(created)})
	},
	"Put replaces all that was there": func(t *testing.T, f SecretStoreFixture) {
		is, path := is.New(t), secretPath(t, "t1")
		is.NoErr(f.Store.Put(t.Context(), path, secretData(map[string]string{"old": "1", "both": "1"})))
		is.NoErr(f.Store.Put(t.Context(), path, secretData(map[string]string{"both": "2", "new": "2"})))
		got, err := f.Store.Get(t.Context(), path)
		is.NoErr(err)
		is.Equal(revealed(got), map[string]string{"both": "2", "new": "2"})
	},
	"Delete removes for good": func(t *testing.T, f SecretStoreFixture) {
		is, path := is.New(t), secretPath(t, "t1")
		for range 3 { // older versions included
			is.NoErr(f.Store.Put(t.Context(), path, secretData(map[string]string{"password": hidden})))
		}
		is.NoErr(f.Store.Delete(t.Context(), path))
		_, err := f.Store.Get(t.Context(), path)
		is.True(errors.Is(err, domain.ErrNotFound))
		is.NoErr(f.Store.Put(t.Context(), path, secretData(map[string]string{"user": "zoe"})))
		got, err := f.Store.Get(t.Context(), path)
		is.NoErr(err)
		is.Equal(revealed(got), map[string]string{"user": "zoe"}) // nothing of the past comes back
	},
	"deleting what is not there is no error": func(t *testing.T, f SecretStoreFixture) {
		is, path := is.New(t), secretPath(t, "t1")
		is.NoErr(f.Store.Delete(t.Context(), path))
		is.NoErr(f.Store.Put(t.Context(), path, secretData(map[string]string{"a": "b"})))
		is.NoErr(f.Store.Delete(t.Context(), path))
		is.NoErr(f.Store.Delete(t.Context(), path))
	},
	"paths are apart, within a tenant and between tenants": func(t *testing.T, f SecretStoreFixture) {
		is := is.New(t)
		stored := map[domain.SecretPath]string{}
		for _, name := range []string{"t1", "t1", "t2", "T1", "t1-", "t"} {
			path := secretPath(t, name)
			stored[path] = path.String()
			is.NoErr(f.Store.Put(t.Context(), path, secretData(map[string]string{"path": path.String()})))
		}
		gone := secretPath(t, "t1")
		is.NoErr(f.Store.Put(t.Context(), gone, secretData(map[string]string{"a": "b"})))
		is.NoErr(f.Store.Delete(t.Context(), gone))
		for path, want := range stored {
			got, err := f.Store.Get(t.Context(), path)
			is.NoErr(err)
			is.Equal(revealed(got), map[string]string{"path": want})
		}
	},
	"the zero path is refused": func(t *testing.T, f SecretStoreFixture) {
		is, none := is.New(t), domain.SecretPath{}
		is.True(f.Store.Put(t.Context(), none, secretData(map[string]string{"a": "b"})) != nil)
		_, err := f.Store.Get(t.Context(), none)
		is.True(err != nil)
		is.True(f.Store.Delete(t.Context(), none) != nil)
	},
	"what is given and what is got are copies": func(t *testing.T, f SecretStoreFixture) {
		is, path := is.New(t), secretPath(t, "t1")
		given := secretData(map[string]string{"a": "1"})
		is.NoErr(f.Store.Put(t.Context(), path, given))
		given["a"] = domain.NewSecret("2")
		got, err := f.Store.Get(t.Context(), path)
		is.NoErr(err)
		got["a"] = domain.NewSecret("3")
		got, err = f.Store.Get(t.Context(), path)
		is.NoErr(err)
		is.Equal(revealed(got), map[string]string{"a": "1"})
	},
	"Puts at once on many paths all arrive": func(t *testing.T, f SecretStoreFixture) {
		is := is.New(t)
		paths := make([]domain.SecretPath, 32)
		for i := range paths {
			paths[i] = secretPath(t, fmt.Sprint("t", i%3))
		}
		for _, err := range together(len(paths), func(i int) error {
			return f.Store.Put(t.Context(), paths[i], secretData(map[string]string{"i": fmt.Sprint(i)}))
		}) {
			is.NoErr(err)
		}
		for i, path := range paths {
			got, err := f.Store.Get(t.Context(), path)
			is.NoErr(err)
			is.Equal(revealed(got), map[string]string{"i": fmt.Sprint(i)})
		}
	},
	"of Puts at once on one path one is whole": func(t *testing.T, f SecretStoreFixture) {
		is, path := is.New(t), secretPath(t, "t1")
		is.NoErr(f.Store.Put(t.Context(), path, secretData(map[string]string{"first": "x", "second": "x"})))
		for _, err := range together(16, func(i int) error {
			if i%2 == 0 {
				return f.Store.Put(t.Context(), path, secretData(map[string]string{"first": fmt.Sprint(i), "second": fmt.Sprint(i)}))
			}
			got, err := f.Store.Get(t.Context(), path)
			if err == nil && (len(got) != 2 || got["first"].Reveal() != got["second"].Reveal()) {
				err = errors.New("half of one and half of another")
			}
			return err
		}) {
			is.NoErr(err)
		}
	},
	"what Put stored is there for another process": func(t *testing.T, f SecretStoreFixture) {
		if f.Again == nil {
			return
		}
		is, path, gone := is.New(t), secretPath(t, "t1"), secretPath(t, "t1")
		is.NoErr(f.Store.Put(t.Context(), path, secretData(map[string]string{"a": "1"})))
		is.NoErr(f.Store.Put(t.Context(), gone, secretData(map[string]string{"a": "1"})))
		is.NoErr(f.Store.Delete(t.Context(), gone))
		again := f.Again(t)
		got, err := again.Get(t.Context(), path)
		is.NoErr(err)
		is.Equal(revealed(got), map[string]string{"a": "1"})
		_, err = again.Get(t.Context(), gone)
		is.True(errors.Is(err, domain.ErrNotFound))
		is.NoErr(again.Put(t.Context(), path, secretData(map[string]string{"a": "2"})))
		got, err = f.Store.Get(t.Context(), path)
		is.NoErr(err)
		is.Equal(revealed(got), map[string]string{"a": "2"}) // and back
	},
	"a store that cannot be used is ErrUnavailable and tells no secret": func(t *testing.T, f SecretStoreFixture) {
		if f.Fail == nil {
			return
		}
		is, path := is.New(t), secretPath(t, "t1")
		is.NoErr(f.Store.Put(t.Context(), path, secretData(map[string]string{"password": hidden})))
		f.Fail(t)
		_, err := f.Store.Get(t.Context(), path)
		is.True(errors.Is(err, domain.ErrUnavailable) && !errors.Is(err, domain.ErrNotFound)) // an error is no empty result
		is.True(!tells(err))
		err = f.Store.Put(t.Context(), path, secretData(map[string]string{"password": hidden, hidden: "as a key"}))
		is.True(errors.Is(err, domain.ErrUnavailable))
		is.True(!tells(err))
		err = f.Store.Delete(t.Context(), path)
		is.True(errors.Is(err, domain.ErrUnavailable))
		is.True(!tells(err))
	},
	"what belongs at another path is refused, and not shown": func(t *testing.T, f SecretStoreFixture) {
		if f.Swap == nil {
			return
		}
		is := is.New(t)
		for _, mine := range []string{"t1", "t2"} { // another tenant's, or another connection's
			from, to := secretPath(t, "t1"), secretPath(t, mine)
			is.NoErr(f.Store.Put(t.Context(), from, secretData(map[string]string{"password": hidden})))
			is.NoErr(f.Store.Put(t.Context(), to, secretData(map[string]string{"password": "mine"})))
			f.Swap(t, from, to)
			data, err := f.Store.Get(t.Context(), to)
			is.True(errors.Is(err, domain.ErrUnavailable)) // no word about what should be there
			is.Equal(len(data), 0)
			is.True(!tells(err) && !strings.Contains(err.Error(), from.String()))
			is.NoErr(f.Store.Put(t.Context(), to, secretData(map[string]string{"password": "mine"}))) // and can be mended
			data, err = f.Store.Get(t.Context(), to)
			is.NoErr(err)
			is.Equal(revealed(data), map[string]string{"password": "mine"})
		}
	},
	"of Creates and Puts at once the last is there": func(t *testing.T, f SecretStoreFixture) {
		is, path, created := is.New(t), secretPath(t, "t1"), 0
		for i, err := range together(8, func(i int) error {
			if i%2 == 0 {
				return f.Store.Create(t.Context(), path, secretData(map[string]string{"by": "create"}))
			}
			return f.Store.Put(t.Context(), path, secretData(map[string]string{"by": "put"}))
		}) {
			if i%2 == 0 && err == nil {
				created++
			} else if i%2 == 0 {
				is.True(errors.Is(err, domain.ErrConflict))
			} else {
				is.NoErr(err)
			}
		}
		is.True(created <= 1)
		got, err := f.Store.Get(t.Context(), path)
		is.NoErr(err)
		is.Equal(revealed(got), map[string]string{"by": "put"}) // no Create replaces anything
	},
	"no secret shows when the store or its data is printed": func(t *testing.T, f SecretStoreFixture) {
		is, path := is.New(t), secretPath(t, "t1")
		is.NoErr(f.Store.Put(t.Context(), path, secretData(map[string]string{"password": hidden})))
		got, err := f.Store.Get(t.Context(), path)
		is.NoErr(err)
		is.True(!tells(got))
		is.True(!tells(f.Store))
	},
	"a cancelled context passes as it is": func(t *testing.T, f SecretStoreFixture) {
		is, path := is.New(t), secretPath(t, "t1")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, get := f.Store.Get(ctx, path)
		put := f.Store.Put(ctx, path, secretData(map[string]string{"a": "b"}))
		for _, err := range []error{get, put, f.Store.Delete(ctx, path)} {
			is.True(errors.Is(err, context.Canceled) && !errors.Is(err, domain.ErrUnavailable))
		}
		_, err := f.Store.Get(t.Context(), path)
		is.True(errors.Is(err, domain.ErrNotFound)) // nothing was stored
	},
}

// secretPath is the path of a new connection.
func secretPath(t *testing.T, tenantName string) domain.SecretPath {
	t.Helper()
	return domain.NewSecretPath(connection(t, tenant(t, tenantName), domain.Amazon).State())
}

func secretData(texts map[string]string) domain.SecretData {
	data := domain.SecretData{}
	for name, text := range texts {
		data[name] = domain.NewSecret(text)
	}
	return data
}

func revealed(data domain.SecretData) map[string]string {
	texts := map[string]string{}
	for name, secret := range data {
		texts[name] = secret.Reveal()
	}
	return texts
}

// tells reports whether v shows the hidden secret in any way that it is printed or marshalled.
func tells(v any) bool {
	marshalled, _ := json.Marshal(v) // what cannot be marshalled tells nothing
	return strings.Contains(fmt.Sprintf("%v %+v %#v %s %q", v, v, v, v, v)+string(marshalled), hidden)
}
