package boot_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/matryer/is"
)

// An operator finds a connection that is in trouble, has it polled again, and looks at the queue.
func TestAnOperatorMendsAConnection(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := newProduct(t)
	api, _ := p.serve(t)
	status, _ := api.call("POST", "/api/v1/marketplaces/amazon/mock/connect", nil)
	is.Equal(status, http.StatusOK)
	p.exec(t, "UPDATE marketplace.connections SET status = 'ERROR', last_error = 'refused'")

	status, answer := api.call("GET", "/api/v1/ops/connections?status=ERROR", nil)
	is.Equal(status, http.StatusOK)
	failed := answer["data"].([]any)
	is.Equal(len(failed), 1)
	id := failed[0].(map[string]any)["id"].(string)
	status, answer = api.call("POST", "/api/v1/ops/connections/"+id+"/resume", nil)
	is.Equal(status, http.StatusOK)
	is.Equal(answer["status"], "CONNECTED")
	is.Equal(p.count(t, "SELECT count(*) FROM marketplace.audit_entries WHERE action = 'CONNECTION_RESUMED' AND actor_id = 'dev'"), 1)
	eventually(t, "its job waits for the next poll", func() bool {
		_, answer := api.call("GET", "/api/v1/ops/jobs?state=WAITING&connection="+id, nil)
		return len(answer["data"].([]any)) == 1
	})

	page := api.visit("/ops/river/", "")
	is.Equal(page.StatusCode, http.StatusUnauthorized)
	session := api.send("POST", "/api/v1/ops/session")
	is.Equal(session.StatusCode, http.StatusOK)
	is.Equal(len(session.Cookies()), 1)
	page = api.visit("/ops/river/jobs", session.Cookies()[0].Value)
	is.Equal(page.StatusCode, http.StatusOK)
	body, err := io.ReadAll(page.Body)
	is.NoErr(err)
	is.True(contains(string(body), "<title>River</title>"))
}

// send sends a request with the token, without reading the answer.
func (c *client) send(method, path string) *http.Response {
	c.t.Helper()
	return c.do(method, path, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+c.token) })
}

// visit opens a page as a browser with a session does.
func (c *client) visit(path, session string) *http.Response {
	c.t.Helper()
	return c.do("GET", path, func(r *http.Request) {
		r.Header.Set("Accept", "text/html")
		if session != "" {
			r.Header.Set("Cookie", "keybuzz_operator="+session)
		}
	})
}

func (c *client) do(method, path string, prepare func(*http.Request)) *http.Response {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	prepare(r)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}
