package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestTheAccessLogHasOneLineForARequest(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	id := uuid.NewString()
	s.get(t, "/api/v1/tickets/"+id+"?limit=3")
	lines := s.log.lines(t, "request")
	is.Equal(len(lines), 1)
	l := lines[0]
	is.Equal(l["level"], "INFO")
	is.Equal(l["method"], "GET")
	is.Equal(l["route"], "/api/v1/tickets/{id}")
	is.Equal(l["status"], float64(404))
	is.Equal(l["tenant"], "t1")
	is.True(l["bytes"].(float64) > 100)
	is.True(l["duration"].(float64) > 0)
	is.True(l["request_id"] != "")
	keys := slices.Sorted(func(yield func(string) bool) {
		for k := range l {
			if !yield(k) {
				return
			}
		}
	})
	is.Equal(keys, []string{"bytes", "duration", "level", "method", "msg", "request_id", "route", "status", "tenant", "time"})
	is.True(!strings.Contains(s.log.String(), id)) // neither path nor query

	s.get(t, "/api/v1/tickets", anonymous)
	l = s.log.lines(t, "request")[1]
	is.Equal(l["status"], float64(401))
	is.Equal(l["route"], "/api/v1/tickets")
	_, there := l["tenant"]
	is.True(!there) // nobody knows whose it was
}

func TestTheLogHoldsNoSecretAndNoBuyer(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	s.source.messages = []domain.InboundMessage{message(1, "a"), message(2, "a")}
	for _, body := range []string{goodMailbox, strings.Replace(goodMailbox, "right-horse", "wrong-horse", 1), `{"password":"bare-horse"`, `{"horse-field":1}`} {
		s.call(t, http.MethodPut, mailbox, body)
	}
	s.post(t, poll)
	id := s.get(t, "/api/v1/tickets?status=OPEN&limit=7").data()[0]["id"].(string)
	for _, path := range []string{"", "/messages?cursor=query-horse", "/events", "/nothing/path-horse"} {
		s.get(t, "/api/v1/tickets/"+id+path, header("User-Agent", "agent-horse"), header("Cookie", "cookie-horse"))
	}
	s.get(t, "/path-horse?query-horse=1", anonymous)
	s.get(t, "/api/v1/tickets", bearer("token-horse"))
	s.source.before = nil
	s.post(t, mock)
	s.post(t, disconnect)

	log := s.log.String()
	is.True(len(s.log.lines(t, "request")) > 10)
	for _, word := range []string{
		"horse", "imap.example.com", "seller@example.com", "Ana", "words", "pregunta", "marketplace.amazon.es", secret.Reveal(), tokenOf(t, "t1"),
		"Bearer", "eyJ", "OPEN", "limit", id, "192.0.2.1",
	} {
		if strings.Contains(log, word) {
			t.Errorf("the log holds %q", word)
		}
	}
}

func TestMetricsDoNotGrowWithWhatClientsSend(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	for range 3 {
		s.get(t, "/api/v1/tickets/"+uuid.NewString())
		s.get(t, "/"+uuid.NewString())
		s.call(t, "M"+strings.ReplaceAll(uuid.NewString(), "-", ""), "/healthz", "")
	}
	text := s.get(t, "/metrics", anonymous).Body.String()
	for _, line := range []string{
		`http_requests_total{code="404",method="GET",route="/api/v1/tickets/{id}"} 3`,
		`http_requests_total{code="404",method="GET",route="other"} 3`,
		`http_requests_total{code="405",method="other",route="other"} 3`,
		`http_request_duration_seconds_count{method="GET",route="/api/v1/tickets/{id}"} 3`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no %s", line)
		}
	}
	is.Equal(strings.Count(text, "http_requests_total{"), 3)
}
