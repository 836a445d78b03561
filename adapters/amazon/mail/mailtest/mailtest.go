// Package mailtest writes mails as Amazon sends them to sellers, each with what a reader must make of it, and runs IMAP
// servers to put them in.
//
// The mails are generated from a seed in the shapes that have been seen in the wild, in all languages of the marketplaces.
// Nothing in them is real: names and texts are invented, and order ids begin with 999, which no marketplace uses.
package mailtest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// Mail is a generated mail and what a reader must make of it.
type Mail struct {
	Shape   string    // which shape it has, for test names: "S09 html only, fr"
	Raw     []byte    // as it arrives, CRLF line ends
	Arrived time.Time // when the mail server takes it

	// Want holds what must come out of Raw, but for the external id and the raw itself. Of a mail that is no buyer's only
	// the kind, the subject, the time and the order, when there is one, matter.
	Want domain.InboundMessage
	// Key is the same for two mails when, and only when, they are deliveries of one message.
	Key string
}

// AnyLanguage is the language wanted of a text in two.
const AnyLanguage = "*"

// start is when the first generated mail is written. Each shape is some minutes later than the one before.
var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// Mails returns n mails, all shapes in turn. The same seed gives the same mails, and more of them begin with the same.
func Mails(seed uint64, n int) []Mail {
	mails := make([]Mail, 0, n)
	for i := 0; len(mails) < n; i++ {
		for _, s := range shapes {
			round := s.mails(newMaker(seed, len(mails), i))
			for j := range round {
				round[j].Shape = s.name + ", " + round[j].Shape
			}
			mails = append(mails, round...)
		}
	}
	return mails[:n]
}

// Buyers returns the mails among mails that hold a buyer's message, one for each message.
func Buyers(mails []Mail) []Mail {
	var buyers []Mail
	seen := map[string]bool{}
	for _, m := range mails {
		if m.Want.Kind == domain.KindBuyerMessage && !seen[m.Key] {
			seen[m.Key] = true
			buyers = append(buyers, m)
		}
	}
	return buyers
}

// shape is one way a mail can look. mails writes the mails that show it; their Shape tells variants apart.
type shape struct {
	name  string
	mails func(m *maker) []Mail
}

// shapes are all shapes in a fixed order.
var shapes = append(append(append(append([]shape{}, buyerShapes...), mimeShapes...), noticeShapes...), hostileShapes...)

// maker holds what the mails of one round have in common: a buyer with an order, in a language.
type maker struct {
	rnd    *rand.Rand
	frame  frame // the seller's language
	at     time.Time
	name   string // the buyer's
	relay  string
	order  string
	thread string
	serial string // names the round in keys
}

func newMaker(seed uint64, serial, round int) *maker {
	m := &maker{rnd: rand.New(rand.NewPCG(seed, uint64(serial))), serial: fmt.Sprint(seed, ".", serial)}
	m.frame = frames[(serial+round)%len(frames)]
	m.at = start.Add(time.Duration(serial) * 7 * time.Minute)
	m.name = pick(m, m.frame.names)
	m.relay = m.letters(15, lowerAlnum) + "+" + m.uuid() + "@marketplace.amazon." + m.frame.tld
	m.order = m.orderID()
	m.thread = m.id()
	return m
}

const (
	digits     = "0123456789"
	hexDigits  = "0123456789abcdef"
	lowerAlnum = "abcdefghijklmnopqrstuvwxyz0123456789"
	upperAlnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

func (m *maker) letters(n int, of string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = of[m.rnd.IntN(len(of))]
	}
	return string(b)
}

func (m *maker) uuid() string {
	return m.letters(8, hexDigits) + "-" + m.letters(4, hexDigits) + "-4" + m.letters(3, hexDigits) + "-a" + m.letters(3, hexDigits) +
		"-" + m.letters(12, hexDigits)
}

// id is an id as Amazon gives to threads and messages.
func (m *maker) id() string { return "A" + m.letters(20, upperAlnum) }

func (m *maker) orderID() string { return "999-" + m.letters(7, digits) + "-" + m.letters(7, digits) }

func (m *maker) messageID() string {
	return "<0102" + m.letters(12, hexDigits) + "-" + m.uuid() + "-000000@eu-west-1.amazonses.com>"
}

// text is what the buyer writes: three paragraphs in the language of the frame.
func (m *maker) text() string {
	return pick(m, m.frame.first) + "\n\n" + pick(m, m.frame.second) + "\n\n" + pick(m, m.frame.last)
}

func pick[T any](m *maker, from []T) T { return from[m.rnd.IntN(len(from))] }
