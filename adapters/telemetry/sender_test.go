package telemetry_test

import (
	"context"
	"testing"

	"github.com/matryer/is"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

// A decorated sender is still the port.
func TestSender(t *testing.T) {
	t.Parallel()
	porttest.TestSender(t, func(*testing.T) porttest.SenderFixture {
		s := memory.NewSender()
		play := func(f memory.SenderFault) func() { return func() { s.Play(f) } }
		return porttest.SenderFixture{
			Sender: tracing().Sender(s), Message: domain.OutgoingMessage{Text: "Bonjour"},
			Taken: func() (all []porttest.TakenMessage) {
				for _, m := range s.Taken() {
					all = append(all, porttest.TakenMessage{Text: m.Text})
				}
				return all
			},
			Mend: play(memory.SenderFine), Down: play(memory.SenderDown), CutAfter: play(memory.SenderCutAfter),
		}
	})
}

func TestAnAttemptToSend(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), memory.NewSender()
	tracing, spans := recorded()
	tenant, err := domain.ParseTenantID("shop-1")
	is.NoErr(err)
	m := domain.OutgoingMessage{
		Connection: domain.ConnectionState{ID: domain.NewID[domain.ConnectionID](), Tenant: tenant, Type: domain.Amazon},
		From:       "horse@example.com", To: "horse@marketplace.amazon.fr", Subject: "horse", Text: "horse",
	}
	send := func(ctx context.Context) error {
		_, err := tracing.Sender(s).Send(ctx, m, func(context.Context) error { return nil })
		return err
	}
	is.NoErr(tracing.Job(t.Context(), "answer", "shop-1", "c", func(ctx context.Context) error {
		is.NoErr(send(ctx))
		s.Play(memory.SenderCutAfter)
		is.True(send(ctx) != nil)
		return nil
	}))
	got := spans.GetSpans() // in the order of their ends
	is.Equal(tree(t, got), map[string]int{
		"answer": 1, "answer > answer send": 2, "answer > answer send > answer hand over": 2,
	})
	holdsNoSecret(t, got)
	whose := map[attribute.Key]string{
		"keybuzz.tenant": "shop-1", "keybuzz.connection": m.Connection.ID.String(), "keybuzz.marketplace": "amazon",
	}
	is.Equal(attributesOf(got[1]), whose)
	is.Equal(got[1].Status.Code, codes.Unset)
	whose["error.type"] = "unknown"
	is.Equal(attributesOf(got[3]), whose)
	is.Equal(got[3].Status.Code, codes.Error)
}
