package httpapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/matryer/is"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/keybuzzio/marketplaces/adapters/telemetry"
	"github.com/keybuzzio/marketplaces/domain"
)

// The state, the code, what the browser holds and Amazon's tokens pass through here and stay nowhere: not in the log, not in metrics,
// problems, pages or traces, however it ends.
func TestConsentsLeaveNoSecretBehind(t *testing.T) {
	t.Parallel()
	api := newAmazon()
	is, s := is.New(t), newStage(t, withAmazon(api))
	spans := tracetest.NewInMemoryExporter()
	s.handler = telemetry.NewTracing(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))).Handler(s.Server)

	secrets := []string{"horse", "Atzr|", "client-secret", "their-state", secret.Reveal(), tokenOf(t, "t1")}
	var said strings.Builder // what anybody but the browser that began is told
	hear := func(a answer) {
		fmt.Fprintln(&said, a.Body, a.Result().Header)
	}
	add := func(b *browser) *browser {
		secrets = append(secrets, b.state, b.cookie.Value)
		return b
	}
	for _, target := range []string{"", goodTarget} {
		b := add(s.begin(t, "t1", "FR", target))
		stranger := &browser{t: t, s: s, state: b.state}
		hear(stranger.back("code-horse-of-a-stranger"))
		hear(s.call(t, http.MethodHead, callback+"?"+b.query("code-horse").Encode(), "", anonymous, b.with))
		hear(s.call(t, http.MethodPost, callback+"?"+b.query("code-horse").Encode(), `{"code":"code-horse"}`, b.with))
		api.fail = domain.Wrap(domain.ErrUnavailable, errors.New("no answer"), "Amazon does not answer")
		hear(b.back("code-horse" + target))
		api.fail = errors.New("a bug")
		hear(b.back("code-horse" + target))
		api.fail = nil
		hear(b.back("code-horse" + target))
		hear(b.back("code-horse" + target)) // used
		twice := b.query("code-horse")
		twice.Add("state", b.state)
		hear(b.come(twice))
	}
	b := &browser{t: t, s: s}
	b.takeIn(s.call(t, http.MethodPost, login, marshal(t, map[string]string{"query": goodInvitation})))
	add(b)
	hear(b.back("code-horse-2"))
	s.get(t, login+"?"+goodInvitation, anonymous)
	hear(s.get(t, login+"?"+goodInvitation+"&selling_partner_id=horse", anonymous))
	hear(s.call(t, http.MethodPost, login, marshal(t, map[string]string{"query": goodInvitation, "returnTo": "https://horse.example"})))
	s.turn(t, "t1")
	hear(s.get(t, status))
	hear(s.post(t, disconnect))
	hear(s.get(t, status))

	for _, place := range []struct{ name, text string }{
		{"the log", s.log.String()}, {"metrics", s.get(t, "/metrics", anonymous).Body.String()}, {"an answer", said.String()}, {"a trace", traced(spans)},
	} {
		is.True(len(place.text) > 1000)
		for _, word := range secrets {
			if strings.Contains(place.text, word) {
				t.Errorf("%s holds %q", place.name, word)
			}
		}
	}
	is.True(strings.Contains(traced(spans), "GET /api/v1/marketplaces/{marketplace}/oauth/callback")) // it was looked at
	is.True(len(s.log.lines(t, "request failed")) >= 4)
}

// traced is all that traces say.
func traced(spans *tracetest.InMemoryExporter) string {
	var all strings.Builder
	for _, s := range spans.GetSpans() {
		fmt.Fprintf(&all, "%s %+v %+v %+v\n", s.Name, s.Attributes, s.Events, s.Status)
	}
	return all.String()
}
