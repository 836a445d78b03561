package mail

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	netmail "net/mail"
	"strconv"
	"strings"
	"unicode"

	"github.com/keybuzzio/marketplaces/domain"
)

// maxMessageID bounds the Message-IDs that are used as they stand. Longer ones, and those with blanks, are hashed.
const maxMessageID = 200

// externalID returns the identity of a mail: all deliveries of one message have the same, and no other message has it.
//
// A buyer's message has Amazon's own id, in every copy that Amazon sends of it. Where a forwarder dropped the footer that
// holds it, it is who wrote, when, and what: copies to several addresses differ in their Message-ID and are alike in
// these, while the same words at another time are another message. A Message-ID tells the deliveries of one copy apart
// from other mails; with the body, since servers have been seen to use one twice. Mails that are no buyer's go by it
// even if they name an id of Amazon's: that is of the message that they are about. What has nothing of these is its bytes.
func (l *letter) externalID(m domain.InboundMessage) string {
	if m.Kind == domain.KindBuyerMessage {
		if l.foot.message != "" {
			return l.foot.message
		}
		if date, words := dateKey(l.header.get("date")), withoutBlanks(m.Body+m.Quoted); date != "" && words != "" {
			return "sent:" + digest(cmp.Or(m.BuyerEmail, l.from.address), date, words)
		}
	}
	id := strings.Trim(l.header.get("message-id"), "<> \t")
	if id == "" {
		return "raw:" + bytesDigest(l.raw)
	}
	if len(id) > maxMessageID || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		id = "hash:" + digest(id)
	}
	return id + "#" + bytesDigest(l.body)[:16]
}

// dateKey is the time in a Date field, whatever its zone, or the field itself.
func dateKey(date string) string {
	if t, err := netmail.ParseDate(date); err == nil {
		return strconv.FormatInt(t.Unix(), 10)
	}
	return date
}

// withoutBlanks is what the plain and the HTML part of a mail have in common.
func withoutBlanks(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// bytesDigest is the digest of bytes without their CRs and the line ends at their end: gateways change both, which must
// not make another message of it. It copies nothing, for mails are large.
func bytesDigest(b []byte) string {
	h := sha256.New()
	b = bytes.TrimRight(b, "\r\n")
	for part := range bytes.SplitSeq(b, []byte{'\r'}) {
		h.Write(part)
	}
	h.Write([]byte{0})
	return hex.EncodeToString(h.Sum(nil)[:16])
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
