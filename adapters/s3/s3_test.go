package s3_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/s3"
	"github.com/keybuzzio/marketplaces/adapters/s3/s3test"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func open(t *testing.T, o s3.Options) *s3.Store {
	t.Helper()
	s, err := s3.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	server := s3test.New(t)
	porttest.TestObjectStore(t, func(t *testing.T) ports.ObjectStore {
		o := server.Options()
		o.Prefix = strings.ReplaceAll(t.Name(), " ", "-")
		return open(t, o)
	})
}

func TestTroubleSaysWhatItIs(t *testing.T) {
	t.Parallel()
	const secret = "another-secret-that-is-wrong"
	server := s3test.New(t)
	gone := s3test.New(t)
	gone.Stop()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html>" + secret + "</html>"))
	}))
	t.Cleanup(page.Close)
	for name, test := range map[string]struct {
		change func(*s3.Options)
		kind   error
	}{
		"a wrong secret": {func(o *s3.Options) { o.SecretAccessKey = domain.NewSecret(secret) }, domain.ErrRejected},
		"no such bucket": {func(o *s3.Options) { o.Bucket = "another" }, domain.ErrRejected},
		"nobody there":   {func(o *s3.Options) { o.Endpoint = gone.Options().Endpoint }, domain.ErrUnavailable},
		"a proxy's page": {func(o *s3.Options) { o.Endpoint, o.SecretAccessKey = page.URL, domain.NewSecret(secret) }, domain.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, o := is.New(t), server.Options()
			test.change(&o)
			store := open(t, o)
			_, getErr := store.Get(t.Context(), "a/b")
			for _, err := range []error{store.Put(t.Context(), "a/b", []byte("x")), getErr, store.Delete(t.Context(), "a/b")} {
				is.True(errors.Is(err, test.kind))
				is.True(!strings.Contains(err.Error(), secret))
			}
		})
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	t.Parallel()
	good := s3.Options{Endpoint: "https://s3.example.com", Bucket: "raws", AccessKeyID: "a", SecretAccessKey: domain.NewSecret("b")}
	for name, change := range map[string]func(*s3.Options){
		"no endpoint":  func(o *s3.Options) { o.Endpoint = "" },
		"no scheme":    func(o *s3.Options) { o.Endpoint = "s3.example.com" },
		"a path":       func(o *s3.Options) { o.Endpoint += "/raws" },
		"a user in it": func(o *s3.Options) { o.Endpoint = "https://a:b@s3.example.com" },
		"no bucket":    func(o *s3.Options) { o.Bucket = "" },
		"no secret":    func(o *s3.Options) { o.SecretAccessKey = domain.Secret{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, o := is.New(t), good
			_, err := s3.New(o)
			is.NoErr(err)
			change(&o)
			_, err = s3.New(o)
			is.True(errors.Is(err, domain.ErrInvalid))
		})
	}
}
