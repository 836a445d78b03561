package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

const quarantine = "/api/v1/quarantine"

// unknown is a message that nothing knows.
func unknown(n int) domain.InboundMessage {
	m := message(n, "")
	m.Kind, m.Evidence, m.Subject = domain.KindUnknown, "shape:none", "Bonjour\r\nX-Evil: 1"
	m.FullText = "Whole: " + m.Body
	return m
}

// withQuarantine is a stage with a ticket and these in quarantine.
func withQuarantine(t testing.TB, messages ...domain.InboundMessage) *stage {
	t.Helper()
	s := newStage(t)
	s.source.messages = append([]domain.InboundMessage{message(1, "a")}, messages...)
	for _, m := range s.source.messages {
		if m.Unreadable == "" {
			s.source.today[string(m.Source.Bytes)] = m
		}
	}
	if a := s.post(t, mock); a.Code != http.StatusOK {
		t.Fatal(a.Code, a.Body)
	}
	return s
}

// broken is a message that cannot be read.
func broken(n int) domain.InboundMessage {
	return domain.InboundMessage{
		Unreadable: "it is broken", ReceivedAt: noon, Source: domain.Source{MediaType: "message/rfc822", Bytes: fmt.Appendf(nil, "broken %d \xff", n)},
	}
}

func (s *stage) assign(t testing.TB, id, ticket string, change ...func(*http.Request)) answer {
	t.Helper()
	return s.call(t, http.MethodPost, quarantine+"/"+id+"/assign", `{"ticketId":"`+ticket+`"}`, change...)
}

func TestQuarantineAsClientsSeeIt(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), withQuarantine(t, unknown(2), broken(3))
	s.source.today["broken 3 \xff"] = domain.InboundMessage{Unreadable: "it is broken still", ReceivedAt: noon}
	rows := s.get(t, quarantine).data()
	is.Equal(len(rows), 2)
	byReason := map[string]map[string]any{}
	for _, r := range rows {
		byReason[r["reason"].(string)] = r
	}
	u, b := byReason["unknown_kind"], byReason["unreadable"]
	is.Equal(u["rejected"], false)
	is.Equal(u["kind"], "UNKNOWN")
	is.Equal(u["detail"], "shape:none")
	is.Equal(u["subject"], "Bonjour\r\nX-Evil: 1")
	is.Equal(u["bytes"], 5.0)
	is.Equal(u["receivedAt"], "2026-10-01T12:02:00Z")
	is.Equal(b["rejected"], true)
	is.Equal(b["kind"], nil)
	is.Equal(b["detail"], "it is broken")

	one := s.get(t, quarantine+"/"+u["id"].(string)).json()
	reading := one["reading"].(map[string]any)
	is.Equal(reading["text"], "Whole: Buyer's <words> & 2")
	is.Equal(reading["evidence"], "shape:none")
	is.Equal(reading["unreadable"], nil)
	delete(one, "reading")
	is.Equal(one, u)
	reading = s.get(t, quarantine+"/"+b["id"].(string)).json()["reading"].(map[string]any)
	is.Equal(reading["unreadable"], "it is broken still")
	is.Equal(reading["text"], "broken 3 \uFFFD") // how its source begins

	for id, want := range map[string][3]string{
		u["id"].(string): {"application/octet-stream", ".bin", "raw 2"},
		b["id"].(string): {"message/rfc822", ".eml", "broken 3 \xff"},
	} {
		raw := s.get(t, quarantine+"/"+id+"/raw")
		is.Equal(raw.Header().Get("Content-Type"), want[0])
		is.Equal(raw.Header().Get("Content-Disposition"), `attachment; filename="`+id+want[1]+`"`)
		is.Equal(raw.Header().Get("X-Content-Type-Options"), "nosniff")
		is.Equal(raw.Body.String(), want[2])
		is.Equal(s.call(t, http.MethodHead, quarantine+"/"+id+"/raw", "").Code, http.StatusOK)
	}
}

func TestAssigning(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), withQuarantine(t, unknown(2), broken(3))
	ticket := s.get(t, "/api/v1/tickets").data()[0]["id"].(string)
	for _, row := range s.get(t, quarantine).data() {
		id := row["id"].(string)
		a := s.assign(t, id, ticket)
		is.Equal(a.Code, http.StatusOK)
		is.Equal(a.json()["ticketId"], ticket)
		is.True(a.json()["messageId"] != nil)
		is.Equal(s.assign(t, id, ticket).Code, http.StatusNotFound) // twice
	}
	is.Equal(len(s.get(t, quarantine).data()), 0)
	messages := s.get(t, "/api/v1/tickets/"+ticket+"/messages").data()
	is.Equal(len(messages), 3)
	bodies := map[any]bool{}
	for _, m := range messages {
		is.Equal(m["senderType"], "CUSTOMER")
		bodies[m["body"]] = true
	}
	is.True(bodies["Buyer's <words> & 2"])
	is.True(bodies["words"]) // what today's code reads in the other
	assigned := 0
	for _, e := range s.get(t, "/api/v1/tickets/"+ticket+"/events").data() {
		if e["type"] == "MESSAGE_ASSIGNED" {
			assigned++
			is.Equal(e["actorType"], "AGENT")
			is.Equal(e["actorId"], "dev")
		}
	}
	is.Equal(assigned, 2)
}

func TestAssigningThatIsRefused(t *testing.T) {
	t.Parallel()
	s := withQuarantine(t, unknown(2))
	id, ticket := s.get(t, quarantine).data()[0]["id"].(string), s.get(t, "/api/v1/tickets").data()[0]["id"].(string)
	path := quarantine + "/" + id + "/assign"
	for name, c := range map[string]struct {
		path, body string
		code       int
		field      string
	}{
		"no such ticket":     {path, `{"ticketId":"` + uuid.NewString() + `"}`, 404, ""},
		"no such message":    {quarantine + "/" + uuid.NewString() + "/assign", `{"ticketId":"` + ticket + `"}`, 404, ""},
		"no id":              {quarantine + "/x/assign", `{"ticketId":"` + ticket + `"}`, 404, ""},
		"no ticket named":    {path, `{}`, 400, "ticketId"},
		"a ticket's number":  {path, `{"ticketId":"7"}`, 400, "ticketId"},
		"an unknown field":   {path, `{"ticketId":"` + ticket + `","tenantId":"t2"}`, 400, "tenantId"},
		"no body":            {path, "", 400, ""},
		"text instead of it": {path, `"` + ticket + `"`, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			a := s.call(t, http.MethodPost, c.path, c.body)
			is.Equal(a.Code, c.code)
			if c.field != "" {
				is.Equal(a.json()["errors"].([]any)[0].(map[string]any)["field"], c.field)
			}
		})
	}
}

func TestWhatIsInAnothersQuarantineDoesNotExist(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), withQuarantine(t, unknown(2))
	id, ticket := s.get(t, quarantine).data()[0]["id"].(string), s.get(t, "/api/v1/tickets").data()[0]["id"].(string)
	other := as(t, "t2")
	is.Equal(len(s.get(t, quarantine, other).data()), 0)
	for _, what := range []string{"", "/raw"} {
		is.Equal(s.get(t, quarantine+"/"+id+what, other).Code, http.StatusNotFound)
		is.Equal(s.get(t, quarantine+"/x"+what).Code, http.StatusNotFound)
	}
	for _, what := range []string{"/dismiss", "/replay"} {
		is.Equal(s.post(t, quarantine+"/"+id+what, other).Code, http.StatusNotFound)
		is.Equal(s.post(t, quarantine+"/x"+what).Code, http.StatusNotFound)
		is.Equal(s.call(t, http.MethodPost, quarantine+"/"+id+what, `{"x":1}`).Code, http.StatusBadRequest)
	}
	is.Equal(s.assign(t, id, ticket, other).Code, http.StatusNotFound)
	is.Equal(len(s.get(t, quarantine).data()), 1) // nothing happened to it

	// Nor does another's ticket: t2 has a message, and t1 a ticket.
	s.source.messages = []domain.InboundMessage{unknown(5)}
	is.Equal(s.post(t, mock, other).Code, http.StatusOK)
	theirs := s.get(t, quarantine, other).data()[0]["id"].(string)
	is.Equal(s.assign(t, theirs, ticket, other).Code, http.StatusNotFound)
}

func TestDismissing(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), withQuarantine(t, unknown(2), broken(3))
	for _, row := range s.get(t, quarantine).data() {
		a := s.post(t, quarantine+"/"+row["id"].(string)+"/dismiss")
		is.Equal(a.Code, http.StatusNoContent)
		is.Equal(a.Body.Len(), 0)
		is.Equal(s.post(t, quarantine+"/"+row["id"].(string)+"/dismiss").Code, http.StatusNotFound)
	}
	is.Equal(len(s.get(t, quarantine).data()), 0)
	is.Equal(len(s.get(t, "/api/v1/tickets").data()), 1)
}

func TestReplayingOutOfQuarantine(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), withQuarantine(t, unknown(2), broken(3))
	s.source.today["broken 3 \xff"] = domain.InboundMessage{Unreadable: "still", ReceivedAt: noon}
	byReason := map[string]string{}
	for _, row := range s.get(t, quarantine).data() {
		byReason[row["reason"].(string)] = quarantine + "/" + row["id"].(string) + "/replay"
	}
	is.Equal(s.post(t, byReason["unknown_kind"]).json()["outcome"], "UNCHANGED")
	is.Equal(s.post(t, byReason["unreadable"]).json()["outcome"], "REJECTED")

	known := unknown(2)
	known.Kind, known.Subject = domain.KindBuyerMessage, "Bonjour"
	s.source.today["raw 2"] = known
	delete(s.source.today, "broken 3 \xff") // which reads well
	a := s.post(t, byReason["unknown_kind"]).json()
	is.Equal(a["outcome"], "TICKETED")
	is.True(strings.Contains(a["detail"].(string), "kind: UNKNOWN → BUYER_MESSAGE"))
	is.True(!strings.Contains(a["detail"].(string), "Ana")) // no buyer's word
	s.source.today["broken 3 \xff"] = message(3, "c")
	is.Equal(s.post(t, byReason["unreadable"]).json()["outcome"], "STORED")
	for _, path := range byReason {
		is.Equal(s.post(t, path).Code, http.StatusNotFound) // not in quarantine any more
	}
	is.Equal(len(s.get(t, quarantine).data()), 0)
	is.Equal(len(s.get(t, "/api/v1/tickets").data()), 2) // the one joined the buyer's ticket, the other opened one
}

func TestPagesOfQuarantine(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var messages []domain.InboundMessage
	for n := range 7 {
		messages = append(messages, unknown(100+n), broken(n))
	}
	s := withQuarantine(t, messages...)
	seen, cursor := map[any]bool{}, ""
	for range 5 {
		page := s.get(t, quarantine+"?limit=3&cursor="+cursor)
		for _, row := range page.data() {
			is.True(!seen[row["id"]])
			seen[row["id"]] = true
		}
		cursor, _ = page.json()["nextCursor"].(string)
	}
	is.Equal(len(seen), 14)
	is.Equal(cursor, "")
	is.Equal(s.get(t, quarantine+"?limit=201").Code, http.StatusBadRequest)
	tickets := s.get(t, "/api/v1/tickets?limit=1")
	is.Equal(s.get(t, quarantine+"?cursor="+fmt.Sprint(tickets.json()["nextCursor"])).Code, http.StatusBadRequest) // not of this list
}

func TestWhatWasErasedCanOnlyBeDismissed(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), withQuarantine(t, broken(3))
	ticket := s.get(t, "/api/v1/tickets").data()[0]["id"].(string)
	id := s.get(t, quarantine).data()[0]["id"].(string)
	is.NoErr(s.raws.Erase(t.Context(), tenant(t, "t1")))
	one := s.get(t, quarantine+"/"+id)
	is.Equal(one.Code, http.StatusOK)
	is.True(strings.Contains(one.json()["reading"].(map[string]any)["unreadable"].(string), "erased"))
	is.Equal(s.get(t, quarantine+"/"+id+"/raw").Code, http.StatusGone)
	is.Equal(s.assign(t, id, ticket).Code, http.StatusGone)
	is.Equal(s.post(t, quarantine+"/"+id+"/dismiss").Code, http.StatusNoContent)
}
