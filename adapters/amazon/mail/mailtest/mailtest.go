// Package mailtest is a corpus of mails as Amazon sends them to sellers, each with what must become of it, and runs IMAP
// servers to put them in.
//
// The mails are generated from a seed, in 25 shapes that have been seen in the wild and in all languages of the
// marketplaces: [Mails] gives a mix of them, [Shape] all variants of one, [Typical] what buyers write every day, [Hostile]
// mails that are made to hurt, and [Foreign] mails that nobody here wrote. [Transports] are what may happen to a mail on
// its way. [Mail.Diff] holds what was read of a mail against what should have been.
//
// Nothing in the mails is real: names and texts are invented, and order ids begin with 999, which no marketplace uses.
package mailtest

import (
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// Mail is a generated mail and what must become of it.
type Mail struct {
	Shape   string    // which shape it has, for the names of tests: "S09 HTML only, lines, fr"
	Raw     []byte    // as it arrives, CRLF line ends
	Arrived time.Time // when the mail server takes it

	Recipient string // of the envelope
	Route     Route  // what the recipient is

	// Enqueue holds what must be read of Source, but for ExternalID, Parser, FullText and Source. A text that is [Any] is not held.
	// Of the flags it has those that must be set, of Facts those that must be found, of Evidence, where it has one, what
	// holds as long as no header is lost. Of a mail that is no buyer's what it leaves empty is not held.
	Want domain.InboundMessage
	May  []domain.ParseFlag // flags that may be set or not
	// Key is the same for two mails when, and only when, they are deliveries of one message.
	Key string

	// Ticket is what must happen to tickets when the mails of a shape arrive in their order. Of deliveries of one message
	// that holds for the first.
	Ticket Ticket
	// Conversation is the same for mails that belong on one ticket, "" for those that belong on none.
	Conversation string
	Reject       domain.RejectReason     // what domain.Screen must reject it for; "" when it must accept it
	Quarantine   domain.QuarantineReason // what it must be in quarantine for; "" when that is not held
	Gate         bool                    // its words must raise a safety flag
	History      bool                    // it is older than the seller's connection, and the ticket that it opens is CLOSED
	Sent         []Sent                  // what the seller must have sent on its conversation before it arrives
}

// Any is a text wanted of which all will do.
const Any = "*"

// Ticket is what a mail does to tickets.
type Ticket string

// What a mail may do.
const (
	TicketNew     Ticket = "new"     // a buyer's message opens one
	TicketAppend  Ticket = "append"  // the message joins that of its conversation
	TicketEvent   Ticket = "event"   // it becomes an event of that of its conversation, and no message
	TicketConfirm Ticket = "confirm" // it confirms an answer, and is no message of its own
	TicketNone    Ticket = "none"    // it is stored, or rejected, and no ticket has it
)

// Route is whose an address is that a mail is sent to.
type Route string

// The addresses. The first is that of most mails.
const (
	RouteLive    Route = ""        // in the table, of the tenant
	RouteSecond  Route = "second"  // another live one of the same tenant
	RouteRetired Route = "retired" // in the table and RETIRED: refused
	RouteOther   Route = "other"   // live, of another tenant
	RouteNone    Route = "none"    // in no table: refused
)

// Sent is an answer of the seller's.
type Sent struct {
	MailID string // without brackets
	Text   string
	At     time.Time
}

// Mails returns n mails, all shapes in turn but for what is large and what IMAP cannot carry: a NUL. The same seed gives the
// same mails, and more of them begin with the same.
func Mails(seed uint64, n int) []Mail {
	mails := make([]Mail, 0, n)
	for round := 0; len(mails) < n; round++ {
		for _, s := range shapes {
			if s.mails == nil {
				continue
			}
			serial, fs := len(mails), s.frames()
			m := newMaker(seed, uint64(serial), fs[(serial+round)%len(fs)], start.Add(time.Duration(serial)*7*time.Minute))
			mails = append(mails, s.run(m, "/", s.mails)...)
		}
	}
	return mails[:n]
}

// Shapes returns the names of the shapes, S01 to S25.
func Shapes() []string {
	names := make([]string, len(shapes))
	for i, s := range shapes {
		names[i] = s.name
	}
	return names
}

// Shape returns all variants of a shape in all languages that it makes sense in. A conversation's mails stand together, in
// the order of their arrival. Some are large: S17 comes to some 60 MB. Without a shape of that name it is nil.
func Shape(name string, seed uint64) []Mail {
	var mails []Mail
	for i, s := range shapes {
		if s.name != name {
			continue
		}
		for j, f := range s.frames() {
			m := newMaker(seed, uint64(1+i)<<40|uint64(j), f, start.Add(time.Duration(j)*time.Hour))
			mails = append(mails, s.run(m, "/", s.mails)...)
			mails = append(mails, s.run(m, "/more/", s.more)...)
		}
	}
	return mails
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
