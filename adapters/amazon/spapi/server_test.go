package spapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// reply is one answer of the server's.
type reply struct {
	status int
	header map[string]string
	body   string
	lost   bool          // the connection breaks instead
	slow   time.Duration // it takes so long
}

// amazon is a server that a test scripts, and that counts. Without a script it gives tokens and orders.
type amazon struct {
	mu       sync.Mutex
	grant    func(n int, form url.Values) reply
	api      func(n int, r *http.Request) reply
	grants   []url.Values
	requests []*http.Request
	bodies   []string
	total    int // requests of the API, whatever the script
}

func newAmazon() *amazon { return &amazon{} }

// script says how requests for tokens and requests of the API are answered from now on, n being how many came before since;
// nil is as without a script.
func (a *amazon) script(grant func(n int, form url.Values) reply, api func(n int, r *http.Request) reply) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.grant, a.api, a.grants, a.requests, a.bodies = grant, api, nil, nil, nil
}

// counts are how many requests for tokens and of the API came since the script began.
func (a *amazon) counts() (grants, requests int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.grants), len(a.requests)
}

func (a *amazon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out := a.answer(r, body)
	time.Sleep(out.slow)
	if out.lost {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("content-type", "application/json")
	for name, value := range out.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(out.status)
	_, _ = io.WriteString(w, out.body)
}

func (a *amazon) answer(r *http.Request, body []byte) reply {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.URL.Path == "/auth/o2/token" {
		form, _ := url.ParseQuery(string(body))
		a.grants = append(a.grants, form)
		if a.grant != nil {
			return a.grant(len(a.grants)-1, form)
		}
		return granted(form, 3600)
	}
	a.total++
	a.requests, a.bodies = append(a.requests, r.Clone(context.Background())), append(a.bodies, string(body))
	if a.api != nil {
		return a.api(len(a.requests)-1, r)
	}
	return orderOf(r)
}

// granted is a good answer to a grant: an access token that names the refresh token, the scope or the code.
func granted(form url.Values, life int) reply {
	whose := form.Get("refresh_token") + form.Get("scope") + form.Get("code")
	out := map[string]any{"access_token": fmt.Sprintf("Atza|for-%s", whose), "token_type": "bearer", "expires_in": life}
	if form.Get("grant_type") == "authorization_code" {
		out["refresh_token"] = "Atzr|of-" + whose
	}
	return jsonReply(200, out)
}

// orderOf is the order that was asked for, in the name of who asked.
func orderOf(r *http.Request) reply {
	parts := strings.Split(r.URL.Path, "/")
	return jsonReply(200, map[string]any{"order": map[string]any{
		"orderId": parts[len(parts)-1], "createdTime": "2026-10-01T10:00:00Z", "lastUpdatedTime": "2026-10-01T11:00:00Z",
		"salesChannel": map[string]any{"channelName": "AMAZON", "marketplaceId": "A13V1IB3VIYZZH"},
		"fulfillment":  map[string]any{"fulfillmentStatus": "SHIPPED", "fulfilledBy": "AMAZON"},
		"orderItems": []any{map[string]any{"orderItemId": "1", "quantityOrdered": 2, "product": map[string]any{
			"sellerSku": r.Header.Get("x-amz-access-token"),
		}}},
	}})
}

func jsonReply(status int, v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return reply{status: status, body: string(body)}
}

// refused is a refusal of the API.
func refused(status int, code, message, details string) reply {
	return jsonReply(status, map[string]any{"errors": []any{map[string]any{"code": code, "message": message, "details": details}}})
}

// denied is a refusal of Login with Amazon.
func denied(status int, code string) reply {
	return jsonReply(status, map[string]any{"error": code, "error_description": "it says " + code})
}

const orderID = "403-1234567-1234567"

// throughPipes serves h within the process, and returns a client that reaches it, whatever the address.
func throughPipes(t *testing.T, h http.Handler) *http.Client {
	t.Helper()
	wire := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go func() { _ = server.Serve(wire) }()
	transport := &http.Transport{DialContext: wire.dial, MaxIdleConnsPerHost: 100}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return &http.Client{Transport: transport}
}

// pipes is a network within the process.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, errors.New("nobody listens")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
