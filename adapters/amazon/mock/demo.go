package mock

import (
	"encoding/json"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// demo is what sellers are shown: a question, a claim in the making, a complaint. The relay addresses lead nowhere.
func demo(now time.Time) []domain.InboundMessage {
	return []domain.InboundMessage{
		withRaw(domain.InboundMessage{
			ExternalID: "amzn-msg-001", ThreadID: "thread-001", OrderID: "123-4567890-1234567", Language: "fr",
			BuyerName: "Jean Dupont", BuyerEmail: "mock-buyer-001@marketplace.amazon.invalid",
			Subject: "Où est ma commande ?", ReceivedAt: now.Add(-1 * time.Hour),
			Body: "Bonjour,\n\nj'ai passé commande la semaine dernière et je n'ai pas encore reçu mon colis. " +
				"Pourriez-vous me dire où il se trouve et quand il arrivera ?\n\nMerci d'avance, bonne journée",
		}),
		withRaw(domain.InboundMessage{
			ExternalID: "amzn-msg-002", ThreadID: "thread-002", OrderID: "123-9876543-7654321", Language: "es",
			BuyerName: "María García", BuyerEmail: "mock-buyer-002@marketplace.amazon.invalid",
			Subject: "Producto defectuoso", ReceivedAt: now.Add(-2 * time.Hour),
			Body: "Hola:\n\nEl producto llegó roto y no enciende. Quiero un reembolso inmediato o abriré un caso A-to-Z.\n\nUn saludo",
		}),
		withRaw(domain.InboundMessage{
			ExternalID: "amzn-msg-003", ThreadID: "thread-003", OrderID: "123-1111111-9999999", Language: "en",
			BuyerName: "John Smith", BuyerEmail: "mock-buyer-003@marketplace.amazon.invalid",
			Subject: "Wrong item received", ReceivedAt: now.Add(-3 * time.Hour),
			Body: "Hello,\n\nI ordered the blue mug but a green plate was in the box. " +
				"Could you please send me the right item and tell me how to return this one?\n\nBest wishes",
		}),
	}
}

// MediaType is that of the demo's raws.
const MediaType = "application/json"

// wire is a message of the demo as the mock's own wire would have it. Its keys are stored data and never change.
type wire struct {
	ID         string    `json:"id"`
	ThreadID   string    `json:"threadId"`
	OrderID    string    `json:"orderId"`
	Language   string    `json:"language"`
	BuyerName  string    `json:"buyerName"`
	BuyerEmail string    `json:"buyerEmail"`
	Subject    string    `json:"subject"`
	Body       string    `json:"body"`
	ReceivedAt time.Time `json:"receivedAt"`
}

// withRaw gives m the raw that it would have on the wire.
func withRaw(m domain.InboundMessage) domain.InboundMessage {
	raw, err := json.Marshal(wire{m.ExternalID, m.ThreadID, m.OrderID, m.Language, m.BuyerName, m.BuyerEmail, m.Subject, m.Body, m.ReceivedAt})
	if err != nil { // a time beyond the year 9999 is all that could be wrong, and the clock's is not
		raw = []byte(m.ExternalID)
	}
	m.Source = domain.Source{MediaType: MediaType, Bytes: raw}
	return m
}

// Interpreter is the ports.Interpreter of the mock's raws. They hold no files.
type Interpreter struct{}

// File implements ports.Interpreter.
func (Interpreter) File(domain.Source, int) ([]byte, error) {
	return nil, domain.Errorf(domain.ErrNotFound, "the mock sends no files")
}

// Interpret implements ports.Interpreter.
func (Interpreter) Interpret(raw domain.Source, received time.Time) domain.InboundMessage {
	var w wire
	if err := json.Unmarshal(raw.Bytes, &w); err != nil || w.ID == "" {
		return domain.InboundMessage{ReceivedAt: received, Source: raw, Unreadable: "this is no message of the mock"}
	}
	return domain.InboundMessage{
		ExternalID: w.ID, ThreadID: w.ThreadID, OrderID: w.OrderID, Language: w.Language, BuyerName: w.BuyerName,
		BuyerEmail: w.BuyerEmail, Subject: w.Subject, Body: w.Body, ReceivedAt: w.ReceivedAt, Source: raw,
	}
}
