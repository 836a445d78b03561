package telemetry_test

import (
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mock"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/telemetry"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

// tracing makes spans that nobody reads.
func tracing() *telemetry.Tracing {
	return telemetry.NewTracing(sdktrace.NewTracerProvider(sdktrace.WithSyncer(tracetest.NewNoopExporter())))
}

// A decorated port is still the port.

func TestRepository(t *testing.T) {
	t.Parallel()
	porttest.TestRepository(t, tracedStore)
}

func TestPollBook(t *testing.T) {
	t.Parallel()
	porttest.TestPollBook(t, tracedStore)
}

func tracedStore(*testing.T) porttest.RepositoryFixture {
	s := memory.NewStore()
	return porttest.RepositoryFixture{
		Repository: tracing().Repository(s), Directory: s, PollBook: tracing().PollBook(s),
		Messages: func(_ *testing.T, tenant domain.TenantID, c domain.ConnectionID) []domain.ExternalMessage {
			return s.ExternalMessages(tenant, c)
		},
		Rejected: func(_ *testing.T, tenant domain.TenantID, c domain.ConnectionID) []domain.RejectedMessage {
			return s.RejectedMessages(tenant, c)
		},
	}
}

func TestSecretStore(t *testing.T) {
	t.Parallel()
	porttest.TestSecretStore(t, func(*testing.T) porttest.SecretStoreFixture {
		return porttest.SecretStoreFixture{Store: tracing().SecretStore(memory.NewSecretStore())}
	})
}

func TestMarketplaceClient(t *testing.T) {
	t.Parallel()
	porttest.TestMarketplaceClient(t, func(*testing.T) porttest.MarketplaceFixture {
		c := mock.NewClient(ports.SystemClock{}, mock.Options{Empty: true})
		var n atomic.Int64
		return porttest.MarketplaceFixture{
			Client:     tracing().MarketplaceClient(c),
			Connection: domain.ConnectionState{Type: domain.Amazon, Source: domain.SourceMock},
			Deliver: func(_ *testing.T, many int) []string {
				ids := make([]string, many)
				for i := range ids {
					ids[i] = fmt.Sprint("message-", n.Add(1))
					raw := domain.Source{MediaType: "text/plain", Bytes: []byte(ids[i])}
					c.Deliver(domain.InboundMessage{ExternalID: ids[i], ReceivedAt: time.Now(), Source: raw})
				}
				return ids
			},
			Refuse:   func(*testing.T) { c.Fail(domain.Errorf(domain.ErrRejected, "as it was told")) },
			Fail:     func(*testing.T) { c.Fail(domain.Errorf(domain.ErrUnavailable, "as it was told")) },
			Cut:      func(*testing.T) { c.CutAfter(2) },
			Renumber: func(*testing.T) { c.Renumber() },
		}
	})
}

func TestAuthorizer(t *testing.T) {
	t.Parallel()
	porttest.TestAuthorizer(t, func(t *testing.T) porttest.AuthorizerFixture {
		m := newMarket()
		return porttest.AuthorizerFixture{
			APIFixture: m.api(t), Authorizer: tracing().Authorizer(m), Countries: []string{"FR"}, Confirm: m.consent, Authorize: m.authorize,
			Invite: func(*testing.T) url.Values { return url.Values{"callback": {sellersPages + "confirm"}} },
		}
	})
}

func TestOrderSource(t *testing.T) {
	t.Parallel()
	porttest.TestOrderSource(t, func(t *testing.T) porttest.OrderSourceFixture {
		m := newMarket()
		return porttest.OrderSourceFixture{APIFixture: m.api(t), Orders: tracing().OrderSource(m), Known: theOrder, Unknown: "403-horse-2"}
	})
}
