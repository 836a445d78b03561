package porttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// TestObjectStore checks an ObjectStore against its contract. open is called once per subtest and returns an empty one.
func TestObjectStore(t *testing.T, open func(t *testing.T) ports.ObjectStore) {
	objectStoreRules.check(t, open)
}

// objectStoreRules are about ports.ObjectStore.
var objectStoreRules = rules[ports.ObjectStore]{
	"what is not there is ErrNotFound": func(t *testing.T, s ports.ObjectStore) {
		is := is.New(t)
		content, err := s.Get(t.Context(), "t1/none")
		is.True(errors.Is(err, domain.ErrNotFound))
		is.True(!errors.Is(err, domain.ErrUnavailable))
		is.Equal(len(content), 0)
	},
	"Get returns what Put stored, byte for byte": func(t *testing.T, s ports.ObjectStore) {
		is := is.New(t)
		for name, content := range map[string][]byte{
			"bytes": everyByte(), "empty": {}, "one": {0}, "lines": []byte("a\r\nb\nc\r"), "gzip": {0x1f, 0x8b, 8, 0},
			"large": bytes.Repeat([]byte("ab\x00\xff"), 2<<20),
		} {
			is.NoErr(s.Put(t.Context(), name, content))
			got, err := s.Get(t.Context(), name)
			is.NoErr(err)
			is.True(bytes.Equal(got, content)) // whole and unchanged
		}
	},
	"Put replaces all that was there": func(t *testing.T, s ports.ObjectStore) {
		is := is.New(t)
		is.NoErr(s.Put(t.Context(), "a", []byte("the first and longer")))
		is.NoErr(s.Put(t.Context(), "a", []byte("second")))
		got, err := s.Get(t.Context(), "a")
		is.NoErr(err)
		is.Equal(string(got), "second")
	},
	"names are apart, whatever they have in common": func(t *testing.T, s ports.ObjectStore) {
		is := is.New(t)
		id := domain.NewID[domain.SourceKeyID]().String()
		names := []string{
			"a", "A", "a.b", "a-b", "a_b", "b/a", "b/a.c", "b/a-c", "b/A", "c/a", "t1/" + id + "/" + domain.DigestOf(nil).String(),
			"T1/" + id + "/" + domain.DigestOf(nil).String(), "t1/" + id + "/" + domain.DigestOf([]byte("a")).String(),
		}
		for _, name := range names {
			is.NoErr(s.Put(t.Context(), name, []byte("content of "+name)))
		}
		is.NoErr(s.Put(t.Context(), "gone", []byte("x")))
		is.NoErr(s.Delete(t.Context(), "gone"))
		for _, name := range names {
			got, err := s.Get(t.Context(), name)
			is.NoErr(err)
			is.Equal(string(got), "content of "+name)
		}
	},
	"Delete removes a name, and what is not there is no error": func(t *testing.T, s ports.ObjectStore) {
		is := is.New(t)
		is.NoErr(s.Delete(t.Context(), "a/b"))
		is.NoErr(s.Put(t.Context(), "a/b", []byte("first")))
		is.NoErr(s.Put(t.Context(), "a/c", []byte("stays")))
		is.NoErr(s.Delete(t.Context(), "a/b"))
		is.NoErr(s.Delete(t.Context(), "a/b"))
		_, err := s.Get(t.Context(), "a/b")
		is.True(errors.Is(err, domain.ErrNotFound))
		got, err := s.Get(t.Context(), "a/c")
		is.NoErr(err)
		is.Equal(string(got), "stays")
		is.NoErr(s.Put(t.Context(), "a/b", []byte("again")))
		got, err = s.Get(t.Context(), "a/b")
		is.NoErr(err)
		is.Equal(string(got), "again")
	},
	"what is given and what is got are copies": func(t *testing.T, s ports.ObjectStore) {
		is := is.New(t)
		given := everyByte()
		is.NoErr(s.Put(t.Context(), "a", given))
		clear(given)
		got, err := s.Get(t.Context(), "a")
		is.NoErr(err)
		is.Equal(got, everyByte())
		clear(got)
		got, err = s.Get(t.Context(), "a")
		is.NoErr(err)
		is.Equal(got, everyByte())
	},
	"Puts at once on many names all arrive, and of those on one name one is whole": func(t *testing.T, s ports.ObjectStore) {
		is := is.New(t)
		const n = 16
		content := func(i int) []byte { return bytes.Repeat(fmt.Appendf(nil, "%02d", i), 10_000) }
		for _, err := range together(n, func(i int) error {
			return errors.Join(s.Put(t.Context(), fmt.Sprint("own/", i), content(i)), s.Put(t.Context(), "shared", content(i)))
		}) {
			is.NoErr(err)
		}
		for i := range n {
			got, err := s.Get(t.Context(), fmt.Sprint("own/", i))
			is.NoErr(err)
			is.True(bytes.Equal(got, content(i)))
		}
		got, err := s.Get(t.Context(), "shared")
		is.NoErr(err)
		is.Equal(len(got), len(content(0)))
		is.True(bytes.Equal(got, bytes.Repeat(got[:2], len(got)/2))) // not half of one and half of another
	},
	"a cancelled context passes as it is": func(t *testing.T, s ports.ObjectStore) {
		is := is.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, get := s.Get(ctx, "a")
		for _, err := range []error{get, s.Put(ctx, "a", []byte("x")), s.Delete(ctx, "a")} {
			is.True(errors.Is(err, context.Canceled) && !errors.Is(err, domain.ErrUnavailable))
		}
		_, err := s.Get(t.Context(), "a")
		is.True(errors.Is(err, domain.ErrNotFound)) // nothing was stored
	},
}
