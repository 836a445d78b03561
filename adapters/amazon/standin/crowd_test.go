package standin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
)

// serve has an Amazon without an address answer.
func serve(a *standin.Amazon, method, path, token, body string) map[string]any {
	r := httptest.NewRequest(method, "http://amazon.test"+path, nil)
	if body != "" {
		r = httptest.NewRequest(method, "http://amazon.test"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("User-Agent", "Test/1")
	r.Header.Set("x-amz-access-token", token)
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	var answer map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	return answer
}

// visit refreshes a seller's token and fetches the seller's order. It returns what the order says whose it is.
func visit(a *standin.Amazon, app standin.Application, i int) string {
	form := url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {a.RefreshToken(standin.CrowdSeller(i), "EU")},
		"client_id": {app.ClientID}, "client_secret": {app.Secrets[0]},
	}
	token, _ := serve(a, http.MethodPost, "/auth/o2/token", "", form.Encode())["access_token"].(string)
	order, _ := serve(a, http.MethodGet, "/eu"+orders+"/"+standin.CrowdOrder(i), token, "")["order"].(map[string]any)
	items, _ := order["orderItems"].([]any)
	if len(items) != 1 {
		return ""
	}
	sku, _ := items[0].(map[string]any)["product"].(map[string]any)["sellerSku"].(string)
	return sku
}

// Not parallel: it looks at the memory of the process.
func TestThousandsOfSellersTakeLittle(t *testing.T) {
	is := is.New(t)
	const sellers = 2_500
	app := standin.DemoApplication(callback)
	a := standin.New(standin.Options{Application: app, More: standin.Crowd(sellers, time.Now())})
	visit(a, app, 0) // whatever the first call loads
	before := heap()
	for i := range sellers {
		if got := visit(a, app, i); got != standin.CrowdSeller(i) {
			t.Fatalf("seller %d got the order of %q", i, got)
		}
	}
	grown := int64(heap()) - int64(before)
	t.Logf("%d sellers: %d KiB", sellers, grown>>10)
	is.True(grown < sellers<<10) // less than a kilobyte each
	is.Equal(a.TokensIssued(""), sellers+1)
	is.Equal(a.Calls("getOrder", ""), sellers+1)
	is.Equal(a.MostRefused(), standin.Refusal{})
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	app := standin.DemoApplication(callback)
	a := standin.New(standin.Options{Application: app, More: standin.Crowd(50, time.Now())})
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 25 {
				if got := visit(a, app, i); got != standin.CrowdSeller(i) {
					t.Errorf("seller %d got the order of %q", i, got)
				}
				switch worker {
				case 0:
					a.PutOrder(demo, standin.Order{ID: frenchOrder})
				case 1:
					a.Break(standin.Fault{Seller: demo, Status: 500})()
				case 2:
					a.SetTokenLife(time.Minute)
					a.Rotate(standin.RotateKeep)
				case 3:
					a.Revoke(demo, "")
					a.MostRefused()
				}
			}
		})
	}
	all.Wait()
}
