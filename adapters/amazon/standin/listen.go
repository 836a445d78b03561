package standin

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"
)

// TB is what Start needs of a test: *testing.T, *testing.B and *testing.F have it. It keeps package testing out of programs.
type TB interface {
	Helper()
	Cleanup(func())
	Fatal(...any)
}

// Start starts an Amazon on loopback that ends with its test.
func Start(t TB, o Options) *Amazon {
	t.Helper()
	a := New(o)
	ctx, stop := context.WithCancel(context.Background())
	l, err := a.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		stop()
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
	return a
}

// Listen takes the address, so that the URLs of a are known. Somebody must Serve the listener.
func (a *Amazon) Listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err == nil {
		a.do(func() { a.base = "http://" + l.Addr().String() })
	}
	return l, err
}

// Serve answers on l until ctx is done, and returns when nothing of it is left. It closes l.
func (a *Amazon) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	patience, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer stop()
	if err := server.Shutdown(patience); err != nil {
		_ = server.Close() // what is slow on cue is cut off
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// URL is where a is: "http://127.0.0.1:40001". "" until it has an address, unless Options say it.
func (a *Amazon) URL() (url string) {
	a.do(func() { url = a.base })
	return url
}

// TokenURL stands for https://api.amazon.com/auth/o2/token.
func (a *Amazon) TokenURL() string { return a.URL() + "/auth/o2/token" }

// APIURL stands for https://sellingpartnerapi-eu.amazon.com of a region: NA, EU or FE.
func (a *Amazon) APIURL(region string) string { return a.URL() + "/" + strings.ToLower(region) }

// APIURLs are those of all regions.
func (a *Amazon) APIURLs() map[string]string { return byRegion(a.APIURL) }

// SandboxURLs are those of all regions.
func (a *Amazon) SandboxURLs() map[string]string { return byRegion(a.SandboxURL) }

func byRegion(of func(region string) string) map[string]string {
	urls := make(map[string]string, len(regions))
	for _, r := range regions {
		urls[r] = of(r)
	}
	return urls
}

// SandboxURL stands for https://sandbox.sellingpartnerapi-eu.amazon.com of a region.
func (a *Amazon) SandboxURL(region string) string {
	return a.URL() + sandboxAt + "/" + strings.ToLower(region)
}

// ConsentBase and a slash stand before the hosts of Seller Central, in the place of https://.
func (a *Amazon) ConsentBase() string { return a.URL() + strings.TrimSuffix(sellerCentralAt, "/") }

// SellerCentralURL stands for https:// and a host of Seller Central. Consents that begin there are for its region. Those that
// begin at URL itself are for the region of the account that is chosen.
func (a *Amazon) SellerCentralURL(host string) string { return a.ConsentBase() + "/" + host }

// AppstoreURL is the page that stands for the application's in Amazon's Appstore.
func (a *Amazon) AppstoreURL() string { return a.URL() + "/appstore" }

// Transport sends what is for Amazon's own hosts to a, so that a client needs not know that it is not talking to Amazon. All
// else goes by http.DefaultTransport.
func (a *Amazon) Transport() http.RoundTripper { return transport{a} }

type transport struct{ a *Amazon }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	p := t.a.placeOf(&http.Request{Host: r.URL.Host, URL: r.URL})
	if p.base != "https://"+r.URL.Hostname() || r.URL.Port() != "" {
		return http.DefaultTransport.RoundTrip(r)
	}
	out := r.Clone(r.Context())
	out.Host = r.URL.Host
	out.URL.Scheme, out.URL.Host = "http", strings.TrimPrefix(t.a.URL(), "http://")
	return http.DefaultTransport.RoundTrip(out)
}
