package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// withMessages is a stage whose tenant has read these.
func withMessages(t testing.TB, messages ...domain.InboundMessage) *stage {
	t.Helper()
	s := newStage(t)
	s.source.messages = messages
	if a := s.post(t, mock); a.Code != http.StatusOK {
		t.Fatal(a.Code, a.Body)
	}
	return s
}

func TestATicketAsClientsSeeIt(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	sensitive := message(2, "b")
	sensitive.Body = "El producto no sirve: A-to-Z."
	sensitive.OrderID, sensitive.BuyerName = "123-9876543-7654321", ""
	s := withMessages(t, message(1, "a"), sensitive)

	rows := s.get(t, "/api/v1/tickets").data()
	is.Equal(len(rows), 2)
	id := rows[0]["id"].(string)
	k := s.get(t, "/api/v1/tickets/"+id).json()
	is.Equal(k, rows[0])
	is.Equal(k["orderId"], "123-9876543-7654321")
	is.Equal(k["customerName"], nil)
	is.Equal(k["channel"], "AMAZON")
	is.Equal(k["lastMessageAt"], "2026-10-01T12:02:00Z")
	is.Equal(k["autoSendBlockedReason"], "sensitive_keyword_detected: a-to-z")
	is.Equal(k["safetyFlags"].([]any)[0].(map[string]any)["category"], "ATOZ")
	is.Equal(rows[1]["safetyFlags"], []any{}) // never null
	is.Equal(rows[1]["autoSendBlockedReason"], nil)
	is.Equal(rows[1]["orderId"], nil)

	messages := s.get(t, "/api/v1/tickets/"+rows[1]["id"].(string)+"/messages").data()
	is.Equal(len(messages), 1)
	is.Equal(messages[0]["body"], "Buyer's <words> & 1")
	is.Equal(messages[0]["sentAt"], "2026-10-01T12:01:00Z")
	events := s.get(t, "/api/v1/tickets/"+id+"/events").data()
	is.Equal(len(events), 1)
	is.Equal(events[0]["type"], "MESSAGE_RECEIVED")
	is.Equal(events[0]["payload"].(map[string]any)["externalId"], "m-0002")
}

func TestWhatBelongsToAnotherTenantDoesNotExist(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), withMessages(t, message(1, "a"))
	id := s.get(t, "/api/v1/tickets").data()[0]["id"].(string)
	for _, path := range []string{"", "/messages", "/events"} {
		is.Equal(s.get(t, "/api/v1/tickets/"+id+path).Code, http.StatusOK)
		theirs := s.get(t, "/api/v1/tickets/"+id+path, as(t, "t2"))
		none := s.get(t, "/api/v1/tickets/"+uuid.NewString()+path, as(t, "t2"))
		is.Equal(theirs.Code, http.StatusNotFound)
		is.Equal(theirs.json()["detail"], none.json()["detail"]) // indistinguishable
	}
	is.Equal(len(s.get(t, "/api/v1/tickets", as(t, "t2")).data()), 0)
	is.Equal(s.get(t, status, as(t, "t2")).json()["status"], "DISCONNECTED")
	is.Equal(s.post(t, disconnect, as(t, "t2")).Code, http.StatusNotFound)
	is.Equal(s.get(t, status).json()["connected"], true)
}

func TestTheTenantIsTheTokensOnly(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), withMessages(t, message(1, "a"))
	is.Equal(len(s.get(t, "/api/v1/tickets", as(t, "t2"), header("X-Tenant-Id", "t1")).data()), 0)
	for _, q := range []string{"?tenantId=t1", "?tenant=t1", "?tenant_id=t1"} {
		is.Equal(s.get(t, "/api/v1/tickets"+q, as(t, "t2")).Code, http.StatusBadRequest) // nobody takes it for a filter
	}
}

func TestWhatCannotBeAnIDDoesNotExist(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	for _, id := range []string{"1", "x", uuid.Nil.String(), "urn:uuid:" + uuid.NewString(), "%00", "a%2Fb", strings.Repeat("9", 5000)} {
		for _, path := range []string{"", "/messages", "/events"} {
			is.Equal(s.get(t, "/api/v1/tickets/"+id+path).Code, http.StatusNotFound)
		}
	}
}

func TestPagingGivesEachRowOnce(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var messages []domain.InboundMessage
	for i := range 101 {
		m := message(i, fmt.Sprintf("thread-%03d", i))
		m.ReceivedAt = noon // all at one moment, so that only ids order them
		messages = append(messages, m)
	}
	for i := range 7 {
		messages = append(messages, message(1000+i, "thread-000"))
	}
	s := withMessages(t, messages...)
	walk := func(path string, limit int) (ids []string, pages int) {
		cursor, seen := "", map[string]bool{}
		for {
			a := s.get(t, fmt.Sprintf("%s?limit=%d&cursor=%s", path, limit, url.QueryEscape(cursor)))
			is.Equal(a.Code, http.StatusOK)
			pages++
			rows := a.data()
			is.True(len(rows) <= limit)
			for _, r := range rows {
				id := r["id"].(string)
				is.True(!seen[id])
				seen[id] = true
				ids = append(ids, id)
			}
			next, more := a.json()["nextCursor"].(string)
			if !more {
				return ids, pages
			}
			is.Equal(next, url.QueryEscape(next)) // fit for a URL as it is
			cursor = next
		}
	}
	for limit, pages := range map[int]int{1: 101, 7: 15, 100: 2, 101: 1, 200: 1} {
		ids, n := walk("/api/v1/tickets", limit)
		is.Equal(len(ids), 101)
		is.Equal(n, pages)
	}
	is.Equal(len(s.get(t, "/api/v1/tickets").data()), 50) // by default
	first := s.get(t, "/api/v1/tickets?limit=1").data()[0]["id"].(string)
	ids, n := walk("/api/v1/tickets/"+first+"/messages", 3)
	is.Equal(len(ids), 8)
	is.Equal(n, 3)
	ids, _ = walk("/api/v1/tickets/"+first+"/events", 3)
	is.Equal(len(ids), 8)
}

func TestParametersOfLists(t *testing.T) {
	t.Parallel()
	s := withMessages(t, message(1, "a"), message(2, "b"))
	tickets := s.get(t, "/api/v1/tickets?limit=1")
	cursor := tickets.json()["nextCursor"].(string)
	id := tickets.data()[0]["id"].(string)
	for name, c := range map[string]struct {
		path  string
		code  int
		field string
	}{
		"none":                      {"/api/v1/tickets", 200, ""},
		"all of them, empty":        {"/api/v1/tickets?status=&channel=&cursor=&limit=", 200, ""},
		"all of them":               {"/api/v1/tickets?status=OPEN&channel=AMAZON&limit=200&cursor=" + cursor, 200, ""},
		"one that nobody knows":     {"/api/v1/tickets?colour=red", 400, "colour"},
		"unknown status":            {"/api/v1/tickets?status=open", 400, "status"},
		"unknown channel":           {"/api/v1/tickets?channel=amazon", 400, "channel"},
		"limit of zero":             {"/api/v1/tickets?limit=0", 400, "limit"},
		"limit below zero":          {"/api/v1/tickets?limit=-1", 400, "limit"},
		"limit too high":            {"/api/v1/tickets?limit=201", 400, "limit"},
		"limit beyond integers":     {"/api/v1/tickets?limit=99999999999999999999", 400, "limit"},
		"limit is text":             {"/api/v1/tickets?limit=ten", 400, "limit"},
		"limit twice":               {"/api/v1/tickets?limit=1&limit=2", 400, "limit"},
		"cursor is garbage":         {"/api/v1/tickets?cursor=garbage", 400, "cursor"},
		"cursor cut off":            {"/api/v1/tickets?cursor=" + cursor[:20], 400, "cursor"},
		"cursor of another version": {"/api/v1/tickets?cursor=B" + cursor[1:], 400, "cursor"},
		"cursor of another list":    {"/api/v1/tickets/" + id + "/messages?cursor=" + cursor, 400, "cursor"},
		"cursor of a third list":    {"/api/v1/tickets/" + id + "/events?cursor=" + cursor, 400, "cursor"},
		"bad escape":                {"/api/v1/tickets?status=%zz", 400, ""},
		"semicolon":                 {"/api/v1/tickets?status=OPEN;limit=1", 400, ""},
		"messages, limit too high":  {"/api/v1/tickets/" + id + "/messages?limit=201", 400, "limit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			a := s.get(t, c.path)
			is.Equal(a.Code, c.code)
			if c.field != "" {
				is.Equal(a.json()["errors"].([]any)[0].(map[string]any)["field"], c.field)
			}
			if c.field == "cursor" {
				is.True(strings.Contains(a.json()["detail"].(string), "drop it")) // what to do
			}
		})
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), withMessages(t, message(1, "a"))
	is.Equal(len(s.get(t, "/api/v1/tickets?status=OPEN").data()), 1)
	is.Equal(len(s.get(t, "/api/v1/tickets?status=CLOSED").data()), 0)
	is.Equal(len(s.get(t, "/api/v1/tickets?channel=AMAZON").data()), 1)
	is.Equal(len(s.get(t, "/api/v1/tickets?channel=MANUAL").data()), 0)
}

// A filter that is misspelled must not show everything.
func TestUnknownParametersAreRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, path := range []string{
		"/api/v1/tickets?orderId=404", "/api/v1/quarantine?x=", "/api/v1/replies?State=FAILED", "/api/v1/ops/jobs?tenant=t1",
		"/api/v1/ops/connections?limit=1&limits=2", "/api/v1/ops/rejected?replay=true", "/api/v1/tickets?" + strings.Repeat("a", 500) + "=1",
	} {
		is := is.New(t)
		a := s.get(t, path, operator(t))
		is.Equal(a.Code, http.StatusBadRequest)
		is.True(strings.Contains(a.Body.String(), "unknown parameter"))
	}
}
