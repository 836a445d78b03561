package spapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// How much of an answer is read. A page of a hundred orders is about a megabyte.
const (
	bodyBound    = 16 << 20
	refusalBound = 64 << 10
)

// httpClient is client, or one of ours, that follows no redirect and gives requests no time of its own.
func httpClient(client *http.Client) *http.Client {
	ours := http.Client{}
	if client != nil {
		ours = *client
	}
	if ours.Transport == nil {
		ours.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second, MaxIdleConnsPerHost: 32, IdleConnTimeout: 30 * time.Second,
			Protocols: http1(),
		}
	}
	ours.Timeout = 0
	ours.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &ours
}

// http1 is all that we speak: see unrepeated.
func http1() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	return &p
}

// unrepeated takes from the transport what it needs to send a request a second time by itself, when a connection is lost: each
// attempt needs a token of the bucket, and some must not be repeated at all. The transport repeats what has no body; so there is
// one, which is empty, and "identity" has HTTP/1.1 write it as what it is: nothing, without a length. Otherwise the transport
// would find out whether there is a body, and on a busy machine it would guess that there is.
func unrepeated(r *http.Request) {
	r.GetBody = nil
	if r.Body == nil || r.Body == http.NoBody {
		r.Body, r.TransferEncoding = io.NopCloser(strings.NewReader("")), []string{"identity"}
	}
}

// lost is the error of a request that got no answer.
type lost struct {
	text string // scrubbed
	sent bool   // the other side may have got it
}

func (l *lost) Error() string { return l.text }

// exchange sends a request, which has these secrets in it, and reads the answer. A bad answer has none of them, whoever
// repeats them. Its error is a *lost, or that of ctx.
func (c *Client) exchange(ctx context.Context, r *http.Request, secrets ...domain.Secret) (answer, error) {
	limited, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	var sent atomic.Bool
	limited = httptrace.WithClientTrace(limited, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	r = r.WithContext(limited)
	unrepeated(r)
	r.Header.Set("user-agent", c.agent)
	response, err := c.http.Do(r)
	if err != nil {
		return answer{}, cmp.Or[error](ctx.Err(), &lost{scrub(hide(withoutURL(err).Error(), secrets)), sent.Load()})
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode, header: response.Header}
	bound := int64(refusalBound)
	if a.good() {
		bound = bodyBound
	}
	a.body, err = io.ReadAll(io.LimitReader(response.Body, bound+1))
	if int64(len(a.body)) > bound {
		a.body = nil // which is no answer to anything
	}
	if !a.good() {
		a.body = []byte(hide(string(a.body), secrets))
	}
	if err != nil && a.good() { // of a bad one the status says enough
		return answer{}, cmp.Or[error](ctx.Err(), &lost{scrub(hide(err.Error(), secrets)), true})
	}
	return a, nil
}

// withoutURL takes the address out of an error of net/http.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// userAgent is what Amazon wants to be told of us, at most 500 characters.
func userAgent(version string) string {
	escape := strings.NewReplacer(`\`, `\\`, `(`, `\(`, `)`, `\)`, `/`, `\/`, `;`, `\;`, `=`, `\=`)
	plain := func(s string) string {
		s = strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return -1
			}
			return r
		}, s)
		return escape.Replace(s[:min(len(s), 100)])
	}
	return fmt.Sprintf("KeyBuzzMarketplaces/%s (Language=Go\\/%s; Platform=%s\\/%s)", plain(cmp.Or(version, "0")),
		plain(strings.TrimPrefix(runtime.Version(), "go")), runtime.GOOS, runtime.GOARCH)
}
