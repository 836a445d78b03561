package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
)

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// fetch gets a URL over a connection of its own.
func fetch(ctx context.Context, url string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = a.Body.Close() }()
	body, err := io.ReadAll(a.Body)
	return a.StatusCode, string(body), err
}

func TestRequestsUnderWayFinishWhenTheServerStops(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	l := listen(t)
	begun, finish := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-finish
		is.NoErr(r.Context().Err()) // the end of the server is not the end of the request
		_, _ = io.WriteString(w, "done")
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- httpapi.Serve(ctx, l, h, slog.New(slog.DiscardHandler)) }()
	type result struct {
		code int
		body string
		err  error
	}
	got := make(chan result, 1)
	go func() {
		code, body, err := fetch(t.Context(), "http://"+l.Addr().String())
		got <- result{code, body, err}
	}()
	<-begun
	stop()
	for { // until it takes no new connection
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			break
		}
		_ = c.Close()
	}
	close(finish)
	is.Equal(<-got, result{http.StatusOK, "done", nil})
	is.NoErr(<-ended)
}

func TestARequestThatDoesNotFinishIsCancelledAndHearsIt(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	begun := make(chan struct{})
	s.Handle("/stuck", func(_ http.ResponseWriter, r *http.Request) error {
		close(begun)
		<-r.Context().Done()
		return r.Context().Err()
	})
	l := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- httpapi.ServeQuickly(ctx, l, s, 50*time.Millisecond) }()
	got := make(chan string, 1)
	go func() {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String()+"/api/v1/stuck", http.NoBody)
		as(t, "t1")(r)
		a, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			got <- err.Error()
			return
		}
		defer func() { _ = a.Body.Close() }()
		body, _ := io.ReadAll(a.Body)
		got <- a.Status + string(body)
	}()
	<-begun
	stop()
	answer := <-got
	is.True(strings.HasPrefix(answer, "503"))
	is.True(strings.Contains(answer, "restarting"))
	is.NoErr(<-ended)
}

func TestARequestThatWillNotStopDoesNotHoldTheServer(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	l := listen(t)
	begun, never := make(chan struct{}, 1), make(chan struct{})
	defer close(never)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- httpapi.ServeQuickly(ctx, l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			begun <- struct{}{}
			<-never
		}), 50*time.Millisecond)
	}()
	go func() {
		for ctx.Err() == nil { // a busy machine may be too slow for the header's 50 ms
			_, _, _ = fetch(t.Context(), "http://"+l.Addr().String())
		}
	}()
	<-begun
	stop()
	select {
	case err := <-ended:
		is.NoErr(err)
	case <-time.After(2 * time.Minute):
		t.Fatal("it hangs")
	}
}

func TestAListenerThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	is, l := is.New(t), listen(t)
	is.NoErr(l.Close())
	err := httpapi.Serve(t.Context(), l, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	is.True(errors.Is(err, net.ErrClosed))
}

func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ send, answer string }{
		"nothing":             {"", ""},
		"half a header":       {"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", ""},
		"half a body":         {"PUT " + mailbox + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 408"},
		"half a mail":         {"POST " + webhook + " HTTP/1.1\r\nHost: x\r\nX-Envelope-To: a@b\r\nX-KeyBuzz-Timestamp: NOW\r\nX-KeyBuzz-Signature: v1=" + strings.Repeat("00", 32) + "\r\nContent-Length: 1000000\r\n\r\nSubject: ", "HTTP/1.1 408"},
		"an endless header":   {"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 64<<10), "HTTP/1.1 431"},
		"a body, but no more": {"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s, l := is.New(t), newStage(t), listen(t)
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- httpapi.ServeQuickly(ctx, l, s, 2*time.Second) }()
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
			is.NoErr(err)
			defer func() { _ = conn.Close() }()
			_, err = io.WriteString(conn, strings.NewReplacer("TOKEN", tokenOf(t, "t1"), "NOW", strconv.FormatInt(time.Now().Unix(), 10)).Replace(c.send))
			is.NoErr(err)
			is.NoErr(conn.SetReadDeadline(time.Now().Add(2 * time.Minute)))
			line, err := bufio.NewReader(conn).ReadString('\n')
			is.True(strings.HasPrefix(line, c.answer))
			is.True(c.answer != "" || err != nil) // cut off without a word
			stop()
			is.NoErr(<-ended)
		})
	}
}
