package mailtest

import (
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// identityShapes are mails that are the same message, or are not, against what they look like.
var identityShapes = []shape{{name: "S18", title: "identity", mails: identities}}

func identities(m *maker) []Mail {
	text := pick(m, m.frame.last) // the same words each time
	var mails []Mail
	add := func(o *maker, variant string, linked bool, what Ticket, change func(*letter)) *Mail {
		b := o.newBody(text)
		want := o.want(b)
		if !linked {
			b.footer, want = "", unlinked(want)
		}
		l := o.newLetter()
		l.content = o.alternative(b)
		change(l)
		mails = append(mails, l.mail(variant, want).on(l, what))
		return &mails[len(mails)-1]
	}
	asItIs := func(*letter) {}
	id := func(id string) func(*letter) { return func(l *letter) { l.messageID = id } }

	o := m.other()
	add(o, "a, no Message-ID", true, TicketNew, id(""))
	add(o.later(time.Minute), "b, empty Message-ID", true, TicketAppend, id("<>"))
	o = m.other()
	add(o, "a, no Message-ID, no links", false, TicketNew, id(""))
	add(o.later(time.Minute), "b, empty Message-ID, no links", false, TicketAppend, id("<>"))

	o = m.other()
	same := id("<" + o.mailID() + ">")
	add(o, "c, a Message-ID", true, TicketNew, same)
	add(o.later(time.Minute), "c, the same again", true, TicketAppend, same)

	o = m.other()
	add(o, "d, words", true, TicketNew, asItIs)
	add(o.later(30*time.Second), "d, the same words", true, TicketAppend, asItIs)

	o = m.other()
	one := add(o, "e, no links", false, TicketNew, asItIs)
	one.Key = "e"
	again := add(o, "e, 2 s later", false, TicketNew, asItIs)
	again.Key, again.Arrived = "e", again.Arrived.Add(2*time.Second)

	o = m.other()
	add(o, "f, no links", false, TicketNew, asItIs)
	add(o.later(3*time.Hour), "f, 3 h later", false, TicketAppend, asItIs)

	o = m.other()
	odd := add(o, "g, Message-ID with blanks", false, TicketNew, id("<a b c@x y>"))
	odd.Want.MailID = Any
	o = m.other()
	odd = add(o, "g, long Message-ID", false, TicketNew, id("<"+strings.Repeat("x", 900)+"@x.example>"))
	odd.Want.MailID = Any
	*odd = odd.may(domain.FlagMIMEBroken)
	return mails
}
