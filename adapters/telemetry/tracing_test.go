package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/telemetry"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// recorded is a Tracing and what leaves the process of it.
func recorded() (*telemetry.Tracing, *tracetest.InMemoryExporter) {
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(telemetry.NewDoor(spans, slog.New(slog.DiscardHandler))))
	return telemetry.NewTracing(provider), spans
}

// secretWords are what no span may hold.
var secretWords = []string{buyersWords, buyersName, buyersAddress, password, theCursor, "horse", "INSERT", "keybuzz/tenants"}

// holdsNoSecret looks for them everywhere in spans.
func holdsNoSecret(t *testing.T, spans tracetest.SpanStubs) {
	t.Helper()
	for _, s := range spans {
		text := fmt.Sprintf("%s %+v %+v %s", s.Name, s.Attributes, s.Events, s.Status.Description)
		for _, word := range secretWords {
			if strings.Contains(text, word) {
				t.Errorf("%s holds %q: %s", s.Name, word, text)
			}
		}
	}
}

// tree writes spans as a tree: each name behind those of its parents, and how often it is there.
func tree(t *testing.T, spans tracetest.SpanStubs) map[string]int {
	t.Helper()
	byID := map[trace.SpanID]tracetest.SpanStub{}
	for _, s := range spans {
		byID[s.SpanContext.SpanID()] = s
	}
	paths := map[string]int{}
	for _, s := range spans {
		if s.SpanContext.TraceID() != spans[0].SpanContext.TraceID() {
			t.Errorf("%s is of another trace", s.Name)
		}
		path := s.Name
		for up := s.Parent; up.IsValid(); {
			above, there := byID[up.SpanID()]
			if !there {
				t.Fatalf("%s has a parent that is not there", path)
			}
			path, up = above.Name+" > "+path, above.Parent
		}
		paths[path]++
	}
	return paths
}

func find(t *testing.T, spans tracetest.SpanStubs, name string) tracetest.SpanStub {
	t.Helper()
	for _, s := range spans {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no span %s", name)
	return tracetest.SpanStub{}
}

func attributesOf(s tracetest.SpanStub) map[attribute.Key]string {
	all := map[attribute.Key]string{}
	for _, kv := range s.Attributes {
		all[kv.Key] = kv.Value.String()
	}
	return all
}

// connect gives a tenant a mailbox and returns its connection.
func connect(t *testing.T, a *app.App, name string) domain.ConnectionState {
	t.Helper()
	box := domain.Mailbox{Host: "imap.example.com", User: "seller@example.com", Password: domain.NewSecret(password)}
	c, err := a.SetMailbox.Run(t.Context(), app.SetMailboxCommand{Tenant: tenant(t, name), Marketplace: domain.Amazon, Mailbox: box})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAPollIsATree(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	tracing, spans := recorded()
	a := application(t, memory.NewStore(), ports.NoObserver{}, tracing)
	c := connect(t, a, "shop-1")
	find(t, spans.GetSpans(), "secret put") // the password went through there
	holdsNoSecret(t, spans.GetSpans())
	spans.Reset()
	is.NoErr(tracing.Job(t.Context(), "poll", "shop-1", c.ID.String(), func(ctx context.Context) error {
		result, err := a.Poll.Run(ctx, app.PollCommand{Tenant: c.Tenant, Connection: c.ID})
		is.Equal([]int{result.Created, result.Rejected}, []int{2, 1})
		return err
	}))
	got := spans.GetSpans()
	is.Equal(tree(t, got), map[string]int{
		"poll":                                    1,
		"poll > poll begin":                       1,
		"poll > read source":                      1,
		"poll > read source > read page":          2, // the page, and the end
		"poll > repository update":                2, // the page, and the end
		"poll > repository update > intake known": 1,
		"poll > repository update > intake book":  1,
		"poll > repository update > intake store": 1,
	})
	holdsNoSecret(t, got)
	is.Equal(attributesOf(find(t, got, "poll")), map[attribute.Key]string{"keybuzz.tenant": "shop-1", "keybuzz.connection": c.ID.String()})
	is.Equal(attributesOf(find(t, got, "read source")), map[attribute.Key]string{
		"keybuzz.tenant": "shop-1", "keybuzz.connection": c.ID.String(), "keybuzz.marketplace": "amazon", "keybuzz.source": "IMAP",
		"keybuzz.messages": "3",
	})
	is.Equal(attributesOf(find(t, got, "intake store")), map[attribute.Key]string{
		"keybuzz.messages": "2", "keybuzz.tickets": "1", "keybuzz.rejected": "1",
	})
	for _, s := range got {
		is.Equal(s.Status.Code, codes.Unset)
	}
}

func TestWhatAMarketplaceIsAskedByASellersLeave(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	tracing, spans := recorded()
	m := newMarket()
	a, orders := tracing.Authorizer(m), tracing.OrderSource(m)
	page, err := a.ConsentURL("FR", domain.NewSecret("state-of-horse"))
	is.NoErr(err)
	i, err := a.Invited(url.Values{"callback": {sellersPages + "confirm"}})
	is.NoErr(err)
	is.True(a.AcceptURL(i, domain.NewSecret("state-of-horse")) != "")
	is.Equal(len(spans.GetSpans()), 0) // these call nobody
	code, _ := m.consent(t, page)
	var by domain.AuthorizationState
	is.NoErr(tracing.Job(t.Context(), "context", "shop-1", "c", func(ctx context.Context) error {
		token, err := a.Redeem(ctx, code)
		is.NoErr(err)
		_, err = a.Redeem(ctx, code)
		is.True(errors.Is(err, domain.ErrRejected))
		by = m.authorize(t, token)
		_, err = a.Participations(ctx, by)
		is.NoErr(err)
		_, err = orders.Order(ctx, by, theOrder)
		is.NoErr(err)
		_, err = orders.Order(ctx, by, "403-horse-2")
		is.True(errors.Is(err, domain.ErrNotFound))
		return nil
	}))
	got := spans.GetSpans()
	is.Equal(tree(t, got), map[string]int{"context": 1, "context > consent redeem": 2, "context > participations get": 1, "context > order get": 2})
	holdsNoSecret(t, got)
	whose := map[attribute.Key]string{
		"keybuzz.tenant": "shop-1", "keybuzz.connection": by.Connection.String(), "keybuzz.marketplace": "amazon", "keybuzz.region": "EU",
	}
	is.Equal(attributesOf(find(t, got, "consent redeem")), map[attribute.Key]string{})
	is.Equal(attributesOf(find(t, got, "participations get")), whose)
	is.Equal(attributesOf(find(t, got, "order get")), whose)
	failed := map[string]string{}
	for _, s := range got {
		is.True(s.SpanKind == trace.SpanKindClient || s.Name == "context")
		text := fmt.Sprintf("%+v %s", s.Attributes, s.Status.Description)
		is.True(!strings.Contains(text, theSeller) && !strings.Contains(text, by.VaultPath) && !strings.Contains(text, "403-"))
		if s.Status.Code == codes.Error {
			failed[s.Name] = attributesOf(s)["error.type"]
		}
	}
	is.Equal(failed, map[string]string{"consent redeem": "rejected", "order get": "not_found"})
}

func TestAnErrorShowsItsKindAndWhatAnybodyMaySee(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err              error
		kind, text, root string
	}{
		"refused":     {domain.Wrap(domain.ErrRejected, errors.New(password), "no entry"), "rejected", "no entry", "rejected"},
		"unavailable": {domain.Wrap(domain.ErrUnavailable, errors.New(buyersWords), "no answer"), "unavailable", "no answer", "unavailable"},
		"throttled":   {domain.Errorf(domain.ErrThrottled, "not now"), "throttled", "not now", "throttled"},
		"a bug":       {errors.New(buyersAddress), "internal", "internal error", "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			tracing, spans := recorded()
			client := tracing.MarketplaceClient(&source{err: c.err})
			err := tracing.Job(t.Context(), "poll", "t", "c", func(ctx context.Context) error {
				for _, err := range client.Pages(ctx, domain.ConnectionState{}, "") {
					return err
				}
				return nil
			})
			is.Equal(err, c.err) // it is the caller's all the same
			for _, name := range []string{"read page", "read source", "poll"} {
				s := find(t, spans.GetSpans(), name)
				is.Equal(attributesOf(s)["error.type"], c.kind)
				is.Equal(s.Status, sdktrace.Status{Code: codes.Error, Description: c.text})
			}
			holdsNoSecret(t, spans.GetSpans())
		})
	}
}

func TestATransactionThatWasGivenUpIsNoError(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	tracing, spans := recorded()
	repo := tracing.Repository(memory.NewStore())
	mine := errors.New("somebody was ahead")
	is.Equal(repo.Update(t.Context(), tenant(t, "t1"), func(context.Context, ports.Tx) error { return mine }), mine)
	s := find(t, spans.GetSpans(), "repository update")
	is.Equal(s.Status.Code, codes.Unset)
	is.Equal(attributesOf(s)["keybuzz.rolled_back"], "true")
	spans.Reset()
	err := repo.View(t.Context(), domain.TenantID{}, func(context.Context, ports.Tx) error { return nil })
	is.True(errors.Is(err, domain.ErrInvalid))
	is.Equal(attributesOf(find(t, spans.GetSpans(), "repository view"))["error.type"], "invalid")
}

func TestAPanicLeavesNoWords(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	tracing, spans := recorded()
	defer func() {
		is.Equal(recover(), buyersWords)
		is.Equal(len(spans.GetSpans()), 1)
		holdsNoSecret(t, spans.GetSpans())
	}()
	_ = tracing.Job(t.Context(), "poll", "t", "c", func(context.Context) error { panic(buyersWords) })
}

func TestARequestIsNamedAfterItsRouteAndBelongsToItsCaller(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	tracing, spans := recorded()
	a := application(t, memory.NewStore(), ports.NoObserver{}, tracing)
	connect(t, a, "t1")
	spans.Reset()
	server, err := httpapi.New(a, httpapi.Options{Auth: keys(t), Ready: func(context.Context) error { return nil }})
	is.NoErr(err)
	handler := tracing.Handler(server)
	token, err := httpapi.IssueToken(secret, tenant(t, "t1"), time.Now().Add(time.Hour))
	is.NoErr(err)
	call := func(method, path string) int {
		r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
		r.Header.Set("User-Agent", "agent-horse")
		r.Header.Set("X-Forwarded-For", "horse")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	is.Equal(call("POST", "/api/v1/marketplaces/amazon/sync?word=horse"), 200)
	got := spans.GetSpans()
	root := find(t, got, "POST /api/v1/marketplaces/{marketplace}/sync")
	is.Equal(root.SpanContext.TraceID().String(), "4bf92f3577b34da6a3ce929d0e0e4736")
	is.Equal(root.Parent.SpanID().String(), "00f067aa0ba902b7")
	is.Equal(attributesOf(root)["http.route"], "/api/v1/marketplaces/{marketplace}/sync")
	is.Equal(attributesOf(root)["http.response.status_code"], "200")
	is.Equal(find(t, got, "read source").Parent.SpanID(), root.SpanContext.SpanID())
	holdsNoSecret(t, got)

	spans.Reset()
	is.Equal(call("HORSE", "/api/v1/no-horse/here"), 404)
	is.Equal(find(t, spans.GetSpans(), "other other").Parent.SpanID().String(), "00f067aa0ba902b7")
	holdsNoSecret(t, spans.GetSpans())

	spans.Reset()
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		is.Equal(call("GET", path), 200)
	}
	is.Equal(len(spans.GetSpans()), 0) // what asks every few seconds is no trace
}

func TestWithoutTracingNothingIsDecorated(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var none *telemetry.Tracing
	store, secrets, client, m := memory.NewStore(), memory.NewSecretStore(), &source{}, newMarket()
	is.True(none.Repository(store) == ports.Repository(store))
	is.True(none.PollBook(store) == ports.PollLedger(store))
	is.True(none.SecretStore(secrets) == ports.SecretStore(secrets))
	is.True(none.MarketplaceClient(client) == ports.MarketplaceClient(client))
	is.True(none.Authorizer(m) == ports.Authorizer(m))
	is.True(none.OrderSource(m) == ports.OrderSource(m))
	sender := memory.NewSender()
	is.True(none.Sender(sender) == ports.Sender(sender))
	h := http.NewServeMux()
	is.True(none.Handler(h) == http.Handler(h))
	ran := false
	is.NoErr(none.Job(t.Context(), "poll", "t", "c", func(context.Context) error { ran = true; return nil }))
	is.True(ran)
	is.NoErr(none.Close())
}
