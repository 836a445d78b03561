package spapi_test

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/domain"
)

// raw reads one request as it is on the wire, and answers it.
func raw(t *testing.T, l net.Listener, answer string) (lines []string) {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Error(err)
		return nil
	}
	defer func() { _ = c.Close() }()
	for r := bufio.NewReader(c); ; {
		line, err := r.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); err != nil || line == "" {
			break
		}
		lines = append(lines, line)
	}
	_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + answer))
	return lines
}

func TestAGetHasNoBodyAndNoLength(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	is.NoErr(err)
	defer func() { _ = l.Close() }()
	s := play(t, func(o *spapi.Options) { o.Endpoints.API["EU"] = "http://" + l.Addr().String() })
	lines := make(chan []string, 1)
	go func() { lines <- raw(t, l, `{"payload":[]}`) }()
	_, err = s.client.Participations(t.Context(), s.seller(t, "shop"))
	is.NoErr(err)
	got := <-lines
	is.Equal(got[0], "GET /sellers/v1/marketplaceParticipations HTTP/1.1")
	headers := map[string]string{}
	for _, line := range got[1:] {
		name, value, _ := strings.Cut(line, ": ")
		headers[strings.ToLower(name)] = value
	}
	for _, name := range []string{"content-length", "transfer-encoding", "content-type", "authorization"} {
		_, there := headers[name]
		is.True(!there) // Amazon answers 400 to a GET with a length
	}
	is.Equal(headers["x-amz-access-token"], "Atza|for-Atzr|shop")
	at, err := time.Parse("20060102T150405Z", headers["x-amz-date"])
	is.NoErr(err)
	is.True(time.Since(at).Abs() < time.Minute)
	is.True(strings.HasPrefix(headers["user-agent"], "KeyBuzzMarketplaces/v1.2.3 (Language=Go"))
	is.True(strings.HasPrefix(headers["accept"], "application/json"))
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for version, want := range map[string]string{
		"v1.2.3":                  "KeyBuzzMarketplaces/v1.2.3 (",
		"":                        "KeyBuzzMarketplaces/0 (",
		"v1 (a/b; c=d)\\":         `KeyBuzzMarketplaces/v1 \(a\/b\; c\=d\)\\ (`,
		"v1\r\nx-evil: y\u00e9":   "KeyBuzzMarketplaces/v1x-evil: y (",
		strings.Repeat("v", 1000): "KeyBuzzMarketplaces/" + strings.Repeat("v", 100) + " (",
		strings.Repeat("(", 1000): "KeyBuzzMarketplaces/" + strings.Repeat(`\(`, 100) + " (",
	} {
		got := spapi.UserAgent(version)
		is.True(strings.HasPrefix(got, want))
		is.True(len(got) <= 500) // longer ones are refused
	}
}

func TestListsOnTheWire(t *testing.T) {
	t.Parallel()
	for want, q := range map[string]map[string][]string{
		"":                     nil,
		"a=1":                  {"a": {"1"}, "none": nil},
		"a=1,2,3&b=4":          {"b": {"4"}, "a": {"1", "2", "3"}},
		"a=1%2C2,3":            {"a": {"1,2", "3"}}, // a comma of a value is none between values
		"token=%2B%2F%3D%26+x": {"token": {"+/=& x"}},
	} {
		is.New(t).Equal(spapi.Encode(q), want)
	}
}

func TestRegionsHaveTheirHosts(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	a := s.seller(t, "shop")
	for region, prefix := range map[string]string{"NA": "/na/", "EU": "/eu/", "FE": "/fe/"} {
		a.Region = region
		s.script(nil, nil)
		_, err := s.client.Order(t.Context(), a, orderID)
		is.NoErr(err)
		is.True(strings.HasPrefix(s.requests[0].URL.Path, prefix))
	}
	a.Region = "MARS"
	_, err := s.client.MessageTypes(t.Context(), a, "A13V1IB3VIYZZH", orderID)
	is.True(errors.Is(err, domain.ErrInvalid))
}

func TestSandboxAndProductionStandSideBySide(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for region, host := range map[string]string{"NA": "-na.amazon.com", "EU": "-eu.amazon.com", "FE": "-fe.amazon.com"} {
		is.Equal(spapi.Production().API[region], "https://sellingpartnerapi"+host)
		is.Equal(spapi.Sandbox().API[region], "https://sandbox.sellingpartnerapi"+host)
	}
	one, two := play(t), play(t)
	a, b := one.seller(t, "shop"), two.seller(t, "shop")
	for range 3 {
		_, err := one.client.Order(t.Context(), a, orderID)
		is.NoErr(err)
		_, err = two.client.Order(t.Context(), b, orderID)
		is.NoErr(err)
	}
	for _, s := range []*stage{one, two} {
		grants, requests := s.counts()
		is.Equal([]int{grants, requests}, []int{1, 3}) // each with its own tokens, buckets and server
	}
	changed := spapi.Production()
	changed.API["EU"] = "https://elsewhere.example"
	is.Equal(spapi.Production().API["EU"], "https://sellingpartnerapi-eu.amazon.com")
}

func TestIdsNameNoOtherPath(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), play(t)
	a := s.seller(t, "shop")
	for _, id := range []string{"", ".", "..", strings.Repeat("1", 300)} {
		_, err := s.client.Order(t.Context(), a, id)
		is.True(errors.Is(err, domain.ErrNotFound)) // a mail may name anything as an order
	}
	_, requests := s.counts()
	is.Equal(requests, 0)
	for id, path := range map[string]string{
		"../../sellers/v1/account": "/eu/orders/2026-01-01/orders/..%2F..%2Fsellers%2Fv1%2Faccount",
		"1?includedData=BUYER":     "/eu/orders/2026-01-01/orders/1%3FincludedData=BUYER",
		"1#x":                      "/eu/orders/2026-01-01/orders/1%23x",
		"a b\x00%2e":               "/eu/orders/2026-01-01/orders/a%20b%00%252e",
	} {
		s.script(nil, func(int, *http.Request) reply { return refused(404, "NotFound", "", "") })
		_, err := s.client.Order(t.Context(), a, id)
		is.True(errors.Is(err, domain.ErrNotFound))
		is.Equal(s.requests[0].URL.EscapedPath(), path)
		is.Equal(s.requests[0].URL.RawQuery, "includedData=CANCELLATION,FULFILLMENT,PACKAGES")
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the token went to a stranger: %v", r.Header)
	}))
	defer thief.Close()
	s := play(t, func(o *spapi.Options) { o.HTTPClient = &http.Client{} })
	a := s.seller(t, "shop")
	for _, status := range []int{301, 302, 303, 307, 308} {
		moved := reply{status: status, header: map[string]string{"Location": thief.URL}}
		s.script(nil, func(int, *http.Request) reply { return moved })
		_, err := s.client.Order(t.Context(), a, orderID)
		is.True(errors.Is(err, domain.ErrUnavailable))
		s.script(func(int, url.Values) reply { return moved }, nil)
		_, err = s.client.Redeem(t.Context(), domain.NewSecret("code"))
		is.True(errors.Is(err, domain.ErrUnavailable))
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	t.Parallel()
	good := play(t).options
	for name, change := range map[string]func(*spapi.Options){
		"no application":            func(o *spapi.Options) { o.App.ID = "" },
		"no client":                 func(o *spapi.Options) { o.App.ClientID = "" },
		"no client secret":          func(o *spapi.Options) { o.App.ClientSecrets = nil },
		"three client secrets":      func(o *spapi.Options) { o.App.ClientSecrets = make([]domain.Secret, 3) },
		"an empty client secret":    func(o *spapi.Options) { o.App.ClientSecrets = []domain.Secret{{}} },
		"no redirect URI":           func(o *spapi.Options) { o.App.RedirectURI = "" },
		"a redirect URI in clear":   func(o *spapi.Options) { o.App.RedirectURI = "http://app.keybuzz.example/callback" },
		"a redirect URI with parts": func(o *spapi.Options) { o.App.RedirectURI = "https://app.keybuzz.example/callback#x" },
		"no store of secrets":       func(o *spapi.Options) { o.Secrets = nil },
		"no limits":                 func(o *spapi.Options) { o.Limits = nil },
		"tokens in clear":           func(o *spapi.Options) { o.Endpoints.Token = "http://api.amazon.example/token" },
		"a region that is missing":  func(o *spapi.Options) { o.Endpoints.API = map[string]string{"EU": "https://x.example"} },
		"an address with a user":    func(o *spapi.Options) { o.Endpoints.Token = "https://user@api.amazon.com/token" },
	} {
		o := good
		change(&o)
		_, err := spapi.New(o)
		if !errors.Is(err, domain.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good.Endpoints, good.Observer, good.Log, good.HTTPClient = spapi.Endpoints{}, nil, nil, nil
	_, err := spapi.New(good)
	is.New(t).NoErr(err) // production by default
}
