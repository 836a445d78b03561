package memory_test

import (
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestSenderContract(t *testing.T) {
	t.Parallel()
	porttest.TestSender(t, func(*testing.T) porttest.SenderFixture {
		s := memory.NewSender()
		play := func(f memory.SenderFault) func() { return func() { s.Play(f) } }
		return porttest.SenderFixture{
			Sender: s, Files: true,
			Message: domain.OutgoingMessage{
				From: "shop@example.com", To: "abc123@marketplace.amazon.fr", Subject: "Commande 123-4567890-1234567",
				Text: "Bonjour, votre colis est parti.",
			},
			Taken: func() []porttest.TakenMessage {
				var all []porttest.TakenMessage
				for _, m := range s.Taken() {
					taken := porttest.TakenMessage{Text: m.Text, Files: map[string][]byte{}}
					for i, content := range m.Content {
						taken.Files[m.Files[i].Name] = content
					}
					all = append(all, taken)
				}
				return all
			},
			Mend: play(memory.SenderFine), Down: play(memory.SenderDown), Refuse: play(memory.SenderRefuses),
			BusyAfter: play(memory.SenderBusyAfter), RefuseAfter: play(memory.SenderRefusesText),
			CutAfter: play(memory.SenderCutAfter),
			Silent:   func() <-chan struct{} { return s.Play(memory.SenderSilent) },
		}
	})
}
