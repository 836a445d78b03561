package mailtest

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// start is when the first generated mail is written.
var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// maker writes mails. It holds what those of a conversation have in common: a buyer with an order, who writes to a seller.
type maker struct {
	rnd       *rand.Rand
	frame     frame // the seller's language
	at        time.Time
	serial    string // begins keys
	recipient string
	conversation
}

// conversation is what makes mails belong together.
type conversation struct {
	name   string // the buyer's
	relay  string
	order  string
	thread string
}

func newMaker(seed, stream uint64, f frame, at time.Time) *maker {
	m := &maker{
		rnd: rand.New(rand.NewPCG(seed, stream)), frame: f, at: at,
		serial: strconv.FormatUint(seed, 10) + "." + strconv.FormatUint(stream, 10),
	}
	m.recipient = m.address("acme")
	m.conversation = m.begin()
	return m
}

// begin invents a conversation.
func (m *maker) begin() conversation {
	return conversation{name: pick(m, m.frame.names), relay: m.alias(), order: m.orderID(), thread: m.id()}
}

// other is a maker of another conversation with the same seller.
func (m *maker) other() *maker {
	o := *m
	o.conversation = m.begin()
	return &o
}

// later is a maker of the same conversation, some time on.
func (m *maker) later(d time.Duration) *maker {
	l := *m
	l.at = m.at.Add(d)
	return &l
}

const (
	digits     = "0123456789"
	hexDigits  = "0123456789abcdef"
	lowerAlnum = "abcdefghijklmnopqrstuvwxyz0123456789"
	upperAlnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	base32     = "abcdefghijklmnopqrstuvwxyz234567"
)

func (m *maker) letters(n int, of string) string {
	b := make([]byte, n)
	var bits uint64
	for i := range b {
		if i%8 == 0 {
			bits = m.rnd.Uint64()
		}
		b[i] = of[int(bits&255)*len(of)>>8]
		bits >>= 8
	}
	return string(b)
}

func (m *maker) uuid() string {
	return m.letters(8, hexDigits) + "-" + m.letters(4, hexDigits) + "-4" + m.letters(3, hexDigits) + "-a" + m.letters(3, hexDigits) +
		"-" + m.letters(12, hexDigits)
}

// alias is a relay address of a buyer's.
func (m *maker) alias() string {
	return m.letters(15, lowerAlnum) + "+" + m.uuid() + "@marketplace.amazon." + m.frame.tld
}

// address is an address of ours that a tenant's mails come to.
func (m *maker) address(tenant string) string {
	return "amazon." + tenant + "." + m.frame.country + "." + m.letters(20, base32) + "@inbound.test"
}

// id is an id as Amazon gives to threads and messages.
func (m *maker) id() string { return "A" + m.letters(20, upperAlnum) }

func (m *maker) orderID() string { return "999-" + m.letters(7, digits) + "-" + m.letters(7, digits) }

// mailID is a Message-ID of Amazon's, without brackets.
func (m *maker) mailID() string {
	return "0102" + m.letters(12, hexDigits) + "-" + m.uuid() + "-000000@eu-west-1.amazonses.com"
}

// sent is an answer of the seller's, made some minutes ago.
func (m *maker) sent(text string) Sent {
	return Sent{MailID: "answer." + m.letters(16, lowerAlnum) + "@shop.example", Text: text, At: m.at.Add(-10 * time.Minute)}
}

// text is what the buyer writes: three paragraphs in the language of the frame.
func (m *maker) text() string {
	return pick(m, m.frame.first) + "\n\n" + pick(m, m.frame.second) + "\n\n" + pick(m, m.frame.last)
}

func pick[T any](m *maker, from []T) T { return from[m.rnd.IntN(len(from))] }
