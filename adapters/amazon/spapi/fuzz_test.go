package spapi_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
	"github.com/keybuzzio/marketplaces/domain"
)

// FuzzParse reads anything as everything: nothing panics, and what is read can be stored and logged.
func FuzzParse(f *testing.F) {
	for c := range standin.Cases() {
		f.Add(c.Status, []byte(c.Response))
	}
	f.Add(200, testdata(f, "order.json"))
	f.Add(200, testdata(f, "order_change.json"))
	f.Add(502, []byte("<html>Bad Gateway</html>"))
	f.Add(400, []byte(`{"error":"invalid_grant","error_description":"Atzr|x"}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		storable := func(what any) {
			text, err := json.Marshal(what)
			if err != nil || strings.Contains(string(text), `\u0000`) {
				t.Errorf("%v of %q cannot be stored: %v", what, body, err)
			}
		}
		if order, ok := spapi.ReadOrder(body); ok {
			storable(order)
		}
		if change, err := spapi.ParseOrderChange(body); err == nil {
			storable(change)
			if change.NotificationID == "" || change.OrderID == "" || change.SellerID == "" {
				t.Errorf("%v has no id", change)
			}
		} else if !errors.Is(err, domain.ErrInvalid) {
			t.Error(err)
		}
		for _, failure := range []*spapi.Failure{
			spapi.ReadFailure("messaging/v1/GetAttributes", status, http.Header{"X-Amzn-Requestid": {string(body)}}, body),
			spapi.ReadGrant("lwa/refresh_token", status, body),
		} {
			if failure == nil {
				continue
			}
			err := spapi.AsError(failure)
			if domain.KindOf(err) == nil || spapi.OutcomeOf(failure) == "" {
				t.Errorf("%v has no kind", failure)
			}
			if text := failure.Error(); !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\r\n") || len([]rune(text)) > 600 {
				t.Errorf("%q is not fit for logs", text)
			}
		}
	})
}
