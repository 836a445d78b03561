package amazon

import (
	"context"
	"regexp"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Sender sends answers to Amazon's buyers by mail, to the relay addresses that hide them. It implements ports.Sender.
type Sender struct{ mail ports.Sender }

var _ ports.Sender = (*Sender)(nil)

// NewSender returns a Sender whose messages leave by mail.
func NewSender(mail ports.Sender) *Sender { return &Sender{mail} }

// Send implements ports.Sender. A critical message is marked so that buyers who have opted out get it.
func (s *Sender) Send(
	ctx context.Context, m domain.OutgoingMessage, handOver func(context.Context) error,
) (domain.Receipt, error) {
	if m.Receiver == domain.ReceiverOperator {
		return domain.Receipt{}, domain.Errorf(domain.ErrRejected,
			"Amazon's customer service takes no answers in a buyer's conversation: write to it in Seller Central")
	}
	if !isRelay(m.To) {
		return domain.Receipt{}, domain.Errorf(domain.ErrRejected, "the buyer's address at Amazon is not known: answer in Seller Central")
	}
	if m.Critical && !important.MatchString(m.Subject) {
		m.Subject = importantMark(m.Language) + " " + m.Subject
	}
	return s.mail.Send(ctx, m, handOver)
}

// isRelay reports whether an address is one of Amazon's that hide buyers, whole labels compared.
func isRelay(address string) bool {
	_, host, _ := strings.Cut(strings.ToLower(address), "@")
	for site := range domain.AmazonSites() {
		if host != "" && host == site.RelayDomain {
			return true
		}
	}
	return false
}

// important is Amazon's mark of critical messages: anywhere in the subject, in any case.
var important = regexp.MustCompile(`(?i)\[importante?\]`)

// importantMark is the mark as Amazon writes it in a language. English is understood everywhere.
func importantMark(language string) string {
	switch language {
	case "es", "it", "pt":
		return "[Importante]"
	}
	return "[Important]"
}
