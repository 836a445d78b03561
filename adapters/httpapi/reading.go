package httpapi

import (
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// quarantinedDetail is something in quarantine with what today's code reads in it.
type quarantinedDetail struct {
	quarantinedAnswer
	Reading readingAnswer `json:"reading"`
}

// readingAnswer is what today's code reads in a message as it came.
type readingAnswer struct {
	Unreadable  *string       `json:"unreadable"` // why nothing could be read; null when something could
	Kind        *string       `json:"kind"`
	Evidence    *string       `json:"evidence"`
	Subject     *string       `json:"subject"`
	BuyerName   *string       `json:"buyerName"`
	BuyerEmail  *string       `json:"buyerEmail"`
	OrderID     *string       `json:"orderId"`
	Language    *string       `json:"language"`
	Text        *string       `json:"text"`
	Flags       []string      `json:"flags"`
	Attachments []readingFile `json:"attachments"`
}

// readingFile is a file that a message in quarantine has. It can be had once the message is on a ticket, and is in the raw.
type readingFile struct {
	Name  string   `json:"name"`
	Type  string   `json:"type"`
	Size  int64    `json:"size"`
	Flags []string `json:"flags"`
}

// maxSource bounds how much of the source of a message is shown in which nothing else can be read, in bytes.
const maxSource = 64 << 10

func showReading(m domain.InboundMessage) readingAnswer {
	a := readingAnswer{
		Unreadable:  orNull(m.Unreadable),
		Kind:        orNull(string(m.Kind)),
		Evidence:    orNull(m.Evidence),
		Subject:     orNull(m.Subject),
		BuyerName:   orNull(m.BuyerName),
		BuyerEmail:  orNull(m.BuyerEmail),
		OrderID:     orNull(m.OrderID),
		Language:    orNull(m.Language),
		Text:        orNull(readableText(m)),
		Flags:       textsOf(m.Flags),
		Attachments: make([]readingFile, len(m.Files)),
	}
	for i, f := range m.Files {
		a.Attachments[i] = readingFile{f.Name, f.Type, f.Size, textsOf(f.Flags)}
	}
	return a
}

// readableText is the most that a person can read of a message: its whole text, else its body, else how its source begins.
func readableText(m domain.InboundMessage) string {
	for _, text := range []string{m.FullText, m.Body} {
		if strings.TrimSpace(text) != "" {
			return text
		}
	}
	return strings.ToValidUTF8(string(m.Source.Bytes[:min(len(m.Source.Bytes), maxSource)]), "\uFFFD")
}
