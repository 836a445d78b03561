package boot_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/adapters/vault"
	"github.com/keybuzzio/marketplaces/app/boot"
	"github.com/keybuzzio/marketplaces/domain"
)

// Orders that the stand-in's demo seller has.
const (
	frenchOrder  = "123-4567890-1234567"
	spanishOrder = "123-9876543-7654321"
	britishOrder = "123-1111111-9999999"
)

// The whole way of a seller: consent, mailbox, tickets with their orders, withdrawal, consent again from Amazon's side, the server started again,
// disconnect. Of all the secrets that pass, none is left anywhere but in the SecretStore, and in the end not there either.
func TestASellerConnectsAlone(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var traces buffer
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(&traces, r.Body) }))
	t.Cleanup(collector.Close)
	p, mailbox := newProduct(t), mailtest.NewMemoryServer(t)
	p.settings = append(p.settings, "AMAZON_SPAPI_MODE=standin", "LOG_LEVEL=debug", "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "OTEL_BSP_SCHEDULE_DELAY=100")
	api, server := p.serve(t)
	s := newSeller(t, api)

	begun := s.begin("/api/v1/marketplaces/amazon/connect", map[string]any{"country": "FR", "returnTo": api.base + "/dev"})
	s.press(begun, "confirm")
	is.Equal(s.last.String(), api.base+"/dev?marketplace=amazon&result=connected")
	now := s.status("CONNECTED", "SEND_MAIL")
	connection := p.one(t, "SELECT id::text FROM marketplace.connections")
	eventually(t, "Amazon says where the seller sells", func() bool {
		now = s.status("CONNECTED", "SEND_MAIL")
		return len(now["marketplaces"].([]any)) == 4
	})
	secrets := p.tokens(t)
	is.Equal(len(secrets), 1) // the refresh token

	code, _ := api.setMailbox(mailbox.Mailbox())
	is.Equal(code, http.StatusOK)
	writes(t, mailbox, frenchOrder)
	s.tickets(1) // the first poll
	order := s.order(frenchOrder)
	is.Equal([]any{order["status"], order["fulfilment"], order["country"]}, []any{"SHIPPED", "FBM", "FR"})
	s.status("CONNECTED", "NOTHING")

	// The seller withdraws the authorization at Amazon, which tells nobody: the next question does.
	s.press(s.appstore(), "withdraw")
	writes(t, mailbox, spanishOrder)
	s.tickets(2)
	now = s.status("ERROR", "REAUTHORIZE")
	is.True(strings.Contains(now["nextStep"].(string), "Authorize us at Amazon again"))
	is.True(now["lastError"] != nil)
	writes(t, mailbox, britishOrder)
	s.tickets(3) // mail is read all the same

	// And authorizes us again from Amazon's side, by way of our page.
	s.press(s.appstore(), "authorize")
	is.Equal(s.last.Path, "/dev")
	accepted := s.begin("/api/v1/marketplaces/amazon/oauth/login", map[string]any{"query": s.last.RawQuery})
	page := s.press(accepted, "confirm")
	is.True(strings.Contains(page, "<h1>Amazon est connecté</h1>")) // no place to return to was named
	s.status("CONNECTED", "NOTHING")
	is.Equal(p.one(t, "SELECT id::text FROM marketplace.connections"), connection)
	is.Equal(s.order(spanishOrder)["fulfilment"], "FBA")
	secrets = append(secrets, p.tokens(t)...)
	is.Equal(len(secrets), 2) // the first one is gone

	// A server that is started again goes on with what is stored.
	logs, metrics := server.log.String(), p.scrape(t, api)
	is.NoErr(server.Process.Signal(os.Interrupt))
	is.Equal(server.wait(t), 0)
	logs += server.log.String()
	api, server = p.serve(t)
	s.api = api
	p.exec(t, "UPDATE marketplace.orders SET outcome = 'WANTED', fetched_at = NULL, due_at = now() - interval '1 minute' WHERE order_id = '"+britishOrder+"'")
	writes(t, mailbox, "123-0000000-0000001")
	s.tickets(4)
	is.Equal(len(s.order(britishOrder)["items"].([]any)), 2)

	code, ended := api.call("POST", "/api/v1/marketplaces/amazon/disconnect", nil)
	is.Equal(code, http.StatusOK)
	is.Equal(ended["status"], "DISABLED")
	s.status("DISABLED", "CONNECT")
	is.Equal(p.tokens(t), nil)
	for path := range p.kept(t) {
		is.True(!strings.Contains(path, "/amazon/")) // neither the token nor the mailbox's password
	}

	secrets = append(secrets, s.seen...)
	secrets = append(secrets, mailbox.Mailbox().Password.Reveal(), "Atza|", "Atzr|", "amzn1.oa2-cs.")
	is.True(len(secrets) >= 10) // tokens, states, codes, cookies
	metrics += p.scrape(t, api)
	is.NoErr(server.Process.Signal(os.Interrupt))
	is.Equal(server.wait(t), 0)
	database := p.everything(t)
	is.True(strings.Contains(database, frenchOrder)) // its rows are seen
	for name, text := range map[string]string{
		"the log": logs + server.log.String(), "metrics": metrics, "a trace": traces.String(), "the database": database,
	} {
		if len(text) < 5000 {
			t.Errorf("%s is hardly there: %d bytes", name, len(text))
		}
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %.12s…", name, secret)
			}
		}
	}
	for _, span := range []string{"/oauth/callback", "consent redeem", "participations get", "order get"} {
		is.True(strings.Contains(traces.String(), span))
	}
	for _, order := range []string{frenchOrder, spanishOrder, britishOrder} {
		is.True(!strings.Contains(traces.String(), order))
	}
}

// tickets polls the mailbox until there are so many tickets. The worker inside may have read it before.
func (s *seller) tickets(n int) {
	s.t.Helper()
	eventually(s.t, fmt.Sprintf("there are %d tickets", n), func() bool {
		if code, answer := s.api.call("POST", "/api/v1/marketplaces/amazon/sync", nil); code != http.StatusOK {
			s.t.Fatalf("%d %v", code, answer)
		}
		_, list := s.api.call("GET", "/api/v1/tickets", nil)
		return len(list["data"].([]any)) == n
	})
}

// one is the one value of a query, as the tenant of development mode.
func (p *product) one(t *testing.T, query string) (value string) {
	t.Helper()
	p.read(t, func(rows *sql.Rows) error { return rows.Scan(&value) }, query)
	return value
}

// tokens are the sellers' tokens in the SecretStore.
func (p *product) tokens(t *testing.T) (tokens []string) {
	t.Helper()
	for path, value := range p.kept(t) {
		if strings.Contains(path, "/amazon/") && strings.HasPrefix(value, "Atzr|") {
			tokens = append(tokens, value)
		}
	}
	return tokens
}

// scrape is what /metrics shows.
func (p *product) scrape(t *testing.T, api *client) string {
	t.Helper()
	return newSeller(t, api).visit(api.base+"/metrics", nil)
}

// The registration may be in the SecretStore.
func TestTheRegistrationIsInTheSecretStore(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := newProduct(t)
	p.settings = append(p.settings, "AMAZON_SPAPI_FROM_VAULT=true")
	store := vault.NewStub(p.setting("KEYBUZZ_DATA_DIR"))
	for _, c := range []struct {
		data map[string]string
		says string
	}{
		{nil, "secret/keybuzz/amazon_spapi/app"},
		{map[string]string{"client_id": "c", "app_id": "amzn1.sp.solution.1"}, "client_secret"},
		{map[string]string{"client_id": "c", "client_secret": "hunter2", "app_id": "amzn1.sp.solution.1", "redirect_uri": "http://api.example.com/"}, "redirect_uri"},
	} {
		if c.data != nil {
			is.NoErr(store.Put(t.Context(), domain.AppSecretPath, secretsOf(c.data)))
		}
		failed := start(t, "server", p.settings)
		is.Equal(failed.wait(t), 1)
		is.True(contains(failed.log.String(), "AMAZON_SPAPI_FROM_VAULT"))
		is.True(contains(failed.log.String(), c.says))
		is.True(!contains(failed.log.String(), "hunter2"))
	}
	is.NoErr(store.Put(t.Context(), domain.AppSecretPath, secretsOf(map[string]string{
		"client_id": "c", "client_secret": "hunter2", "client_secret_next": "hunter3", "app_id": "amzn1.sp.solution.1", "redirect_uri": "https://api.example.com/callback",
	})))
	api, _ := p.serve(t)
	status, answer := api.call("POST", "/api/v1/marketplaces/amazon/connect", map[string]any{"country": "JP"})
	is.Equal(status, http.StatusOK)
	is.True(regexp.MustCompile(`^https://sellercentral\.amazon\.co\.jp/apps/authorize/consent\?application_id=amzn1\.sp\.solution\.1&redirect_uri=https%3A%2F%2Fapi\.example\.com%2Fcallback&state=[\w-]{43}$`).
		MatchString(answer["authorizationUrl"].(string)))
}

func TestAStartWithoutItsRegistrationFails(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	settings := append(newProduct(t).settings, "KEYBUZZ_DEV_MODE=false", "VAULT_ADDR=http://127.0.0.1:1", "VAULT_TOKEN=hunter2", "JWT_SECRET="+strings.Repeat("s", 32), "AMAZON_SPAPI_FROM_VAULT=true")
	var said bytes.Buffer
	err := boot.Server(t.Context(), nil, settings, boot.Streams{Out: io.Discard, Err: &said})
	is.True(err != nil)
	is.True(strings.Contains(err.Error(), "AMAZON_SPAPI_FROM_VAULT: secret/keybuzz/amazon_spapi/app cannot be read"))
	is.True(!strings.Contains(err.Error(), "hunter2"))
}

func secretsOf(texts map[string]string) domain.SecretData {
	data := domain.SecretData{}
	for name, text := range texts {
		data[name] = domain.NewSecret(text)
	}
	return data
}
