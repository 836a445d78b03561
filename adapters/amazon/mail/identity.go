package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// maxMessageID bounds the Message-IDs that are used as they stand. Longer ones, and those with blanks, are hashed.
const maxMessageID = 200

// externalID returns the identity of a mail. A buyer's message has Amazon's own id, the same in every copy that Amazon
// sends of it. Other mails may name the message that they are about, so they go by their Message-ID; with the body,
// since servers have been seen to use one Message-ID twice. Without one it is what the mail says that decides.
func externalID(m domain.InboundMessage, f footer, h header, body []byte) string {
	if m.Kind == domain.KindBuyerMessage && f.message != "" {
		return f.message
	}
	id := strings.Trim(h.get("message-id"), "<> ")
	if id == "" {
		return "hash:" + digest(m.BuyerEmail, h.get("from"), h.get("date"), m.Body, m.Subject)
	}
	if len(id) > maxMessageID || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		id = "hash:" + digest(id)
	}
	// Gateways change line ends, which must not make another message of it.
	return id + "#" + digest(strings.ReplaceAll(string(body), "\r", ""))[:16]
}

// digest is a SHA-256 in hex over texts, each kept apart from the next.
func digest(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		h.Write([]byte(t))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
