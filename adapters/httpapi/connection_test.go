package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

const (
	status     = "/api/v1/marketplaces/amazon/status"
	connect    = "/api/v1/marketplaces/amazon/connect"
	poll       = "/api/v1/marketplaces/amazon/sync"
	disconnect = "/api/v1/marketplaces/amazon/disconnect"
	mailbox    = "/api/v1/marketplaces/amazon/mailbox"
	mock       = "/api/v1/marketplaces/amazon/mock/connect"
)

func TestTheLifeOfAConnection(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	s.source.messages = []domain.InboundMessage{message(1, "a"), message(2, "a"), message(3, "b")}

	never := s.get(t, status)
	is.Equal(never.Code, http.StatusOK)
	is.Equal(never.Body.String(), `{"connected":false,"status":"DISCONNECTED","displayName":null,"region":null,"lastSyncAt":null,"lastError":null,`+
		`"nextStep":"Connect Amazon to bring your buyers' messages here.","nextAction":"CONNECT","authorizations":[],"marketplaces":[]}`+"\n")
	is.Equal(s.post(t, poll).Code, http.StatusConflict)
	is.Equal(s.post(t, disconnect).Code, http.StatusNotFound)

	begun := s.post(t, connect).json()
	is.Equal(begun["message"], "Amazon connection initiated")
	is.Equal(begun["status"], "pending")
	instructions := begun["instructions"].(string)
	for _, part := range []string{"PUT " + mailbox, "Notification Preferences", "Messaging", "Buyer Messages"} {
		is.True(strings.Contains(instructions, part))
	}
	is.Equal(s.call(t, http.MethodPost, connect, "{}").json(), begun) // again: the same connection; an empty object is no body
	is.Equal(s.get(t, status).json()["status"], "PENDING")
	is.Equal(s.post(t, poll).Code, http.StatusConflict) // nowhere to read

	set := s.call(t, http.MethodPut, mailbox, goodMailbox)
	is.Equal(set.Code, http.StatusOK)
	is.Equal(set.Body.String(), `{"connected":true,"status":"CONNECTED","displayName":"Amazon (imap.example.com)","region":null,"lastSyncAt":null,"lastError":null}`+"\n")
	is.True(!strings.Contains(s.post(t, connect).json()["instructions"].(string), "PUT")) // nothing left to do

	is.Equal(s.post(t, poll).Body.String(), `{"fetched":3,"created":3,"duplicates":0,"rejected":0}`+"\n")
	is.Equal(s.post(t, poll).Body.String(), `{"fetched":0,"created":0,"duplicates":0,"rejected":0}`+"\n")
	is.Equal(s.get(t, status).json()["lastSyncAt"], "2026-10-02T12:00:00Z")

	ended := s.post(t, disconnect).json()
	is.Equal(ended["connected"], false)
	is.Equal(ended["status"], "DISABLED")
	is.Equal(s.post(t, disconnect).json(), ended) // again: harmless
	for name, value := range ended {
		is.Equal(s.get(t, status).json()[name], value)
	}
	is.Equal(s.post(t, poll).Code, http.StatusConflict)
	is.Equal(len(s.get(t, "/api/v1/tickets").data()), 2) // tickets stay

	is.Equal(s.post(t, connect).json()["connectionId"], begun["connectionId"]) // its history too
}

func TestMockConnect(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	s.source.messages = []domain.InboundMessage{message(1, "a"), message(2, "b"), message(3, "c")}
	for range 3 {
		a := s.post(t, mock).json()
		is.Equal(a["message"], "Mock Amazon connection created and polled")
		is.Equal(a["status"], "CONNECTED")
		is.Equal(len(s.get(t, "/api/v1/tickets").data()), 3)
	}
	a := s.get(t, status).json()
	is.Equal(a["displayName"], "Amazon (Dev Mock)")
	is.Equal(a["region"], "EU")
	is.True(a["lastSyncAt"] != nil) // polled at once

	is.Equal(s.call(t, http.MethodPut, mailbox, goodMailbox, as(t, "t2")).Code, http.StatusOK)
	is.Equal(s.post(t, mock, as(t, "t2")).Code, http.StatusConflict) // real messages are not replaced
}

func TestMockConnectIsForbiddenOutsideDevelopment(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, func(u *setup) { u.mock = false })
	a := s.post(t, mock)
	is.Equal(a.Code, http.StatusForbidden)
	is.True(strings.Contains(a.json()["detail"].(string), "KEYBUZZ_DEV_MODE"))
	is.Equal(s.get(t, status).json()["status"], "DISCONNECTED") // nothing happened
}

func TestMarketplaces(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path string
		code         int
	}{
		"one that is not enabled has a status": {"GET", "/api/v1/marketplaces/fnac/status", 200},
		"one that is not enabled":              {"POST", "/api/v1/marketplaces/cdiscount/connect", 403},
		"an unknown one":                       {"GET", "/api/v1/marketplaces/ebay/status", 404},
		"an unknown one to connect":            {"POST", "/api/v1/marketplaces/ebay/connect", 404},
		"an unknown one to sync":               {"POST", "/api/v1/marketplaces/ebay/sync", 404},
		"an unknown one to disconnect":         {"POST", "/api/v1/marketplaces/ebay/disconnect", 404},
		"upper case":                           {"GET", "/api/v1/marketplaces/AMAZON/status", 404},
		"a mailbox elsewhere":                  {"PUT", "/api/v1/marketplaces/fnac/mailbox", 404},
		"a mock elsewhere":                     {"POST", "/api/v1/marketplaces/fnac/mock/connect", 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newStage(t)
			is.Equal(s.call(t, c.method, c.path, "").Code, c.code)
		})
	}
}

func TestTheMailbox(t *testing.T) {
	t.Parallel()
	with := func(old, now string) string { return strings.Replace(goodMailbox, old, now, 1) }
	for name, c := range map[string]struct {
		body   string
		code   int
		field  string // named in errors
		detail string // part of it
	}{
		"good":                            {goodMailbox, 200, "", ""},
		"defaults":                        {`{"host":"imap.example.com","user":"u","password":"right-horse"}`, 200, "", ""},
		"wrong password":                  {with("right-horse", "wrong-horse"), 422, "", "does not accept"},
		"host with a path":                {with("imap.example.com", "imap.example.com/x"), 422, "host", "such as imap.example.com"},
		"no host":                         {with("imap.example.com", ""), 422, "host", ""},
		"port out of range":               {with("993", "99999"), 422, "port", "1 to 65535"},
		"unknown TLS mode":                {with("implicit", "ssl"), 422, "tls", "starttls"},
		"no user":                         {with("seller@example.com", ""), 422, "user", ""},
		"no password":                     {with("right-horse", ""), 422, "password", ""},
		"null password":                   {with(`"right-horse"`, "null"), 422, "password", ""},
		"control in the folder":           {with("INBOX", `IN\u0000BOX`), 422, "mailbox", ""},
		"port as text":                    {with("993", `"993"`), 400, "port", "wrong type"},
		"port with a fraction":            {with("993", "993.5"), 400, "port", "wrong type"},
		"password as a number":            {with(`"right-horse"`, "12345"), 400, "password", "wrong type"},
		"unknown field":                   {with(`"host"`, `"imapHost":"x","host"`), 400, "imapHost", "unknown"},
		"a field with long name":          {`{"` + strings.Repeat("x", 100) + `":1}`, 400, "", "unknown field"},
		"not JSON":                        {"host=imap.example.com", 400, "", "JSON"},
		"cut off":                         {goodMailbox[:40], 400, "", "JSON"},
		"a list":                          {"[" + goodMailbox + "]", 400, "", "object"},
		"null":                            {"null", 400, "", "object"},
		"two objects":                     {goodMailbox + goodMailbox, 400, "", "behind"},
		"a stray brace":                   {goodMailbox + "}", 400, "", "behind"},
		"not UTF-8":                       {with("right-horse", "right\xff-horse"), 400, "", "UTF-8"},
		"no body":                         {"", 400, "", "needed"},
		"too large":                       {with("INBOX", strings.Repeat("x", 1<<20)), 413, "", "1048576"},
		"server down":                     {with("right-horse", "slow"), 503, "", "does not answer"},
		"answers by the same account":     {with(`"INBOX"`, `"INBOX","submission":{"host":"smtp.example.com"}`), 200, "", ""},
		"answers by another account":      {with(`"INBOX"`, `"INBOX","submission":{"host":"h","user":"u","password":"right-horse","from":"a@b.example"}`), 200, "", ""},
		"no submission, said so":          {with(`"INBOX"`, `"INBOX","submission":null`), 200, "", ""},
		"a submission that is refused":    {with(`"INBOX"`, `"INBOX","submission":{"host":"h","user":"u@x","password":"wrong-horse"}`), 422, "", "submission: "},
		"a submission without a server":   {with(`"INBOX"`, `"INBOX","submission":{}`), 422, "submission.host", "such as smtp.example.com"},
		"a submission without an address": {with(`"INBOX"`, `"INBOX","submission":{"host":"h","user":"u","password":"right-horse"}`), 422, "submission.from", "address"},
		"a submission with another field": {with(`"INBOX"`, `"INBOX","submission":{"helo":"h"}`), 400, "helo", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newStage(t)
			a := s.call(t, http.MethodPut, mailbox, c.body)
			is.Equal(a.Code, c.code)
			is.True(!strings.Contains(a.Body.String(), "horse")) // the password
			if c.code == http.StatusOK {
				return
			}
			is.True(strings.Contains(a.json()["detail"].(string), c.detail))
			fields, _ := a.json()["errors"].([]any)
			is.Equal(len(fields) > 0, c.field != "")
			if c.field != "" {
				is.Equal(fields[0].(map[string]any)["field"], c.field)
			}
			is.Equal(s.get(t, status).json()["status"], "DISCONNECTED") // nothing changed
		})
	}
}

func TestARefusedMailboxChangesNothing(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	s.call(t, http.MethodPut, mailbox, goodMailbox)
	before := s.get(t, status).json()
	is.Equal(s.call(t, http.MethodPut, mailbox, strings.Replace(goodMailbox, "right", "wrong", 1)).Code, http.StatusUnprocessableEntity)
	is.Equal(s.get(t, status).json(), before)
}

func TestBodiesMustCallThemselvesJSON(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	for contentType, code := range map[string]int{
		"application/json":                  200,
		"application/json; charset=utf-8":   200,
		"":                                  415,
		"text/plain":                        415,
		"application/x-www-form-urlencoded": 415,
		"application/json/x":                415,
	} {
		is.Equal(s.call(t, http.MethodPut, mailbox, goodMailbox, header("Content-Type", contentType)).Code, code)
		is.Equal(s.call(t, http.MethodPost, connect, "{}", header("Content-Type", contentType)).Code, code)
	}
	is.Equal(s.call(t, http.MethodPost, connect, `{"marketplace":"amazon"}`).Code, http.StatusBadRequest) // unknown field
	is.Equal(s.call(t, http.MethodPost, poll, `[]`).Code, http.StatusBadRequest)
	is.Equal(s.call(t, http.MethodPost, disconnect, strings.Repeat(" ", 1<<20+1)).Code, http.StatusRequestEntityTooLarge)
}

func TestAPollThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		code   int
		status string // of the connection afterwards
	}{
		"refused": {domain.Errorf(domain.ErrRejected, "the mailbox refused the password"), 422, "ERROR"},
		"down":    {domain.Wrap(domain.ErrUnavailable, errors.New("dial tcp 192.0.2.1"), "the mailbox does not answer"), 503, "CONNECTED"},
		"unknown": {errors.New("select * from secrets"), 500, "CONNECTED"},
		"kindly":  {domain.ErrConflict, 409, "CONNECTED"},
		"its own": {domain.Wrap(domain.ErrUnavailable, domain.ErrNotFound, "the secret store is sealed"), 503, "CONNECTED"}, // outermost kind
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newStage(t)
			s.call(t, http.MethodPut, mailbox, goodMailbox)
			s.source.before = func(context.Context) error { return c.err }
			for _, path := range []string{poll, mock} {
				if path == mock {
					s.post(t, disconnect)
				}
				a := s.post(t, path)
				is.Equal(a.Code, c.code)
				is.Equal(a.Header().Get("Retry-After") != "", c.code == http.StatusServiceUnavailable)
				is.True(!strings.Contains(a.Body.String(), "192.0.2.1"))
				is.True(!strings.Contains(a.Body.String(), "select"))
				st := s.get(t, status).json()
				is.Equal(st["status"], c.status)
				is.True(st["lastError"] != nil)
			}
			failures := s.log.lines(t, "request failed")
			is.Equal(len(failures) == 2, c.code >= http.StatusInternalServerError) // only these are logged, with the cause
			if c.code >= http.StatusInternalServerError {
				is.True(slices.ContainsFunc(failures, func(l map[string]any) bool {
					return strings.Contains(l["error"].(string), c.err.Error()) && l["level"] == "ERROR"
				}))
			}
		})
	}
}
