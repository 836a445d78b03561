package amazon_test

import (
	"context"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/domain"
)

func TestSenderWritesToBuyersAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(m *domain.OutgoingMessage)
		subject string // what leaves; "" when nothing does
		says    string
	}{
		"an answer":              {func(*domain.OutgoingMessage) {}, "Re: Pedido 999", ""},
		"a critical one":         {func(m *domain.OutgoingMessage) { m.Critical = true }, "[Important] Re: Pedido 999", ""},
		"in Spanish":             {func(m *domain.OutgoingMessage) { m.Critical, m.Language = true, "es" }, "[Importante] Re: Pedido 999", ""},
		"marked by hand":         {func(m *domain.OutgoingMessage) { m.Critical, m.Subject = true, "Re: [IMPORTANTE] 999" }, "Re: [IMPORTANTE] 999", ""},
		"to anybody":             {func(m *domain.OutgoingMessage) { m.To = "ana@home.example" }, "", "Seller Central"},
		"to what looks like it":  {func(m *domain.OutgoingMessage) { m.To = "a@xmarketplace.amazon.es" }, "", "Seller Central"},
		"to what begins like it": {func(m *domain.OutgoingMessage) { m.To = "a@marketplace.amazon.es.evil.example" }, "", "Seller Central"},
		"to nobody":              {func(m *domain.OutgoingMessage) { m.To = "" }, "", "Seller Central"},
		"to customer service":    {func(m *domain.OutgoingMessage) { m.Receiver = domain.ReceiverOperator }, "", "Seller Central"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, mail := is.New(t), memory.NewSender()
			m := domain.OutgoingMessage{To: "abc@Marketplace.Amazon.es", Subject: "Re: Pedido 999", Text: "Hola"}
			c.change(&m)
			_, err := amazon.NewSender(mail).Send(t.Context(), m, func(context.Context) error { return nil })
			if c.subject == "" {
				is.Equal(domain.KindOf(err), domain.ErrRejected)
				is.True(strings.Contains(domain.Message(err), c.says))
				is.Equal(len(mail.Taken()), 0)
				return
			}
			is.NoErr(err)
			is.Equal(mail.Taken()[0].Subject, c.subject)
		})
	}
}
