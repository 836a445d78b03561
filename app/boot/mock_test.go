package boot_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// The sellers' demonstration: three invented messages become three tickets, and stay three.
func TestMockMessagesBecomeTickets(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := newProduct(t)
	api, _ := p.serve(t)

	status, answer := api.call("GET", "/api/v1/marketplaces/amazon/status", nil)
	is.Equal(status, http.StatusOK)
	is.Equal(answer["connected"], false)
	is.Equal(answer["status"], "DISCONNECTED")

	status, answer = api.call("POST", "/api/v1/marketplaces/amazon/mock/connect", nil)
	is.Equal(status, http.StatusOK)
	is.Equal(answer["status"], "CONNECTED")
	is.Equal(p.counts(t), counts{3, 3, 3, 3, 0})
	is.Equal(p.count(t, "SELECT count(*) FROM marketplace.tickets WHERE channel = 'AMAZON'"), 3)
	is.Equal(p.count(t, `SELECT count(*) FROM marketplace.tickets
		WHERE external_id = 'thread-002' AND auto_send_blocked_reason = 'sensitive_keyword_detected: a-to-z'`), 1)
	is.Equal(p.count(t, "SELECT count(*) FROM marketplace.tickets WHERE auto_send_blocked_reason IS NOT NULL"), 1)
	is.Equal(p.count(t, "SELECT count(*) FROM marketplace.connections WHERE vault_path IS NULL"), 1) // the mock has no secrets

	for range 10 {
		code, out := p.worker(t)
		is.Equal(code, 0)
		is.True(strings.HasSuffix(out, "tenants=1 fetched=0 created=0 duplicates=0 rejected=0 failed=0\n"))
	}
	// The source forgets how far it was read and delivers everything again.
	for range 10 {
		p.exec(t, "UPDATE marketplace.sync_states SET cursor = NULL")
		status, answer = api.call("POST", "/api/v1/marketplaces/amazon/sync", nil)
		is.Equal(status, http.StatusOK)
		is.Equal(answer["duplicates"], 3.0)
		is.Equal(answer["created"], 0.0)
	}
	is.Equal(p.counts(t), counts{3, 3, 3, 3, 0})

	status, answer = api.call("GET", "/api/v1/tickets", nil)
	is.Equal(status, http.StatusOK)
	is.Equal(len(answer["data"].([]any)), 3)

	status, answer = api.call("GET", "/api/v1/marketplaces/amazon/status", nil)
	is.Equal(status, http.StatusOK)
	is.Equal(answer["displayName"], "Amazon (Dev Mock)")
	is.Equal(answer["region"], "EU")
	is.True(answer["lastSyncAt"] != nil)
}

// Outside development mode invented messages cannot get in, even where a connection asks for them.
func TestMockOutsideDevelopmentModeGoesToError(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := newProduct(t)
	api, server := p.serve(t)
	status, _ := api.call("POST", "/api/v1/marketplaces/amazon/mock/connect", nil)
	is.Equal(status, http.StatusOK)
	is.NoErr(server.Process.Kill())

	production := append([]string{"VAULT_ADDR=http://127.0.0.1:1", "VAULT_TOKEN=t"}, p.settings...)
	for i, s := range production {
		if s == "KEYBUZZ_DEV_MODE=true" {
			production[i] = "KEYBUZZ_DEV_MODE=false"
		}
	}
	w := start(t, "worker", production, "--once")
	is.Equal(w.wait(t), 1) // the tenant failed
	is.True(strings.Contains(w.out.String(), "tenants=1 fetched=0 created=0 duplicates=0 rejected=0 failed=1"))
	is.Equal(p.count(t, "SELECT count(*) FROM marketplace.connections WHERE status = 'ERROR' AND last_error <> ''"), 1)
	is.Equal(start(t, "worker", production, "--once").wait(t), 0) // not polled again
}
