package spapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// Somebody between us and Amazon repeats all that we send, in every way there is to fail. Nothing of it is seen again.
func TestSecretsAreSeenNowhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), bubble(t)
		var said strings.Builder
		note := func(err error) {
			if err != nil {
				fmt.Fprintf(&said, "%v %+v %#v %s\n", err, err, err, domain.Message(err))
				if f := failure(t, err); f != nil {
					fmt.Fprintf(&said, "%+v\n", *f)
				}
			}
		}
		const code = "ANshortcode"
		sent := 0
		echo := func(status int, what string) []reply {
			sent++
			return []reply{
				{status: status, body: what}, {status: status, body: "<html><body>You sent " + what + "</body></html>"},
				jsonReply(status, map[string]any{"error": "invalid_grant", "error_description": what}),
				jsonReply(status, map[string]any{"error": what, "error_description": what}),
				jsonReply(status, map[string]any{"errors": []any{map[string]any{"code": what, "message": what, "details": what}}}),
				{status: status, body: what, header: map[string]string{"x-amzn-RequestId": what, "x-amzn-ErrorType": what, "Retry-After": what}},
			}
		}
		n := 0
		for _, status := range []int{200, 302, 400, 401, 403, 404, 418, 429, 500, 503} {
			for shape := range 6 {
				n++
				a := s.seller(t, fmt.Sprintf("shop-%d", n))
				s.script(func(_ int, form url.Values) reply {
					return echo(status, form.Encode()+" "+form.Get("refresh_token")+" "+form.Get("code")+" "+form.Get("client_secret"))[shape]
				}, nil)
				_, err := s.client.Order(t.Context(), a, orderID)
				note(err)
				_, err = s.client.Redeem(t.Context(), domain.NewSecret(code))
				note(err)
				s.script(nil, func(_ int, r *http.Request) reply {
					return echo(status, r.Header.Get("x-amz-access-token")+" "+url.QueryEscape(r.Header.Get("x-amz-access-token")))[shape]
				})
				if _, err = s.client.Order(t.Context(), a, orderID); status != 200 {
					note(err)
				}
				time.Sleep(time.Minute)
			}
		}
		is.True(sent > 100)
		is.True(said.Len() > 10_000)
		for _, secret := range []string{clientSecret, code, "Atzr|shop", "Atza|for", "Atzr%7Cshop", "Atza%7Cfor"} {
			for where, text := range map[string]string{"errors": said.String(), "the log": s.log.String()} {
				if i := strings.Index(text, secret); i >= 0 {
					t.Errorf("%s has %s: %s", where, secret, text[max(0, i-300):min(len(text), i+100)])
				}
			}
		}
	})
}
