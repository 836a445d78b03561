package mailtest

import (
	"cmp"
	"mime"
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// buyerShapes are buyers' messages as Amazon sends them, and what buyers do to them.
var buyerShapes = []shape{
	{name: "S01", title: "plain case", mails: plainCase},
	{name: "S02", title: "sent to four addresses", mails: fannedOut},
	{name: "S03", title: "German words in another frame", only: []string{"es", "it", "pt-BR", "en", "fr"}, mails: germanWords},
	{name: "S04", title: "no order, no item", mails: noOrder},
	{name: "S05", title: "follow-up", mails: followUp},
	{name: "S06", title: "answer by mail client", mails: clientAnswer, more: answersBetween},
	{name: "S07", title: "older mail pasted", mails: olderPasted},
	{name: "S08", title: "markers missing", mails: markersMissing},
}

func plainCase(m *maker) []Mail {
	write := func(m *maker, variant string, b body, change func(*letter)) Mail {
		l := m.newLetter()
		l.content = m.alternative(b)
		change(l)
		return l.mail(variant, m.want(b))
	}
	asItIs := func(*letter) {}
	mails := []Mail{write(m, "", m.newBody(m.text()), asItIs)}
	if m.frame.older[0] != "" {
		o := m.other()
		b := o.newBody(o.text())
		b.opening, b.closing = o.frame.older[0], o.frame.older[1]
		mails = append(mails, write(o, "markers of earlier years", b, asItIs))
	}
	for _, v := range []struct{ variant, name, from string }{
		{"name with Amazon's words", "", ""},
		{"name with a comma", "Petit, Ana", `"Petit, Ana" `},
		{"name with a comma and no quotes", "Petit, Ana", "Petit, Ana "},
		{"no name", "", " "},
		{"loud name", "ANA MARIA 🌻", mime.QEncoding.Encode("utf-8", "ANA MARIA 🌻") + " "},
		{"name that is an address", "ana@home.example", `"ana@home.example" `},
	} {
		o := m.other()
		o.name = v.name
		if v.from == "" {
			o.name = pick(o, o.frame.names)
			suffix := map[string]string{"fr": " - Marketplace d’Amazon.fr", "it": " - Marketplace Amazon"}[o.frame.label]
			v.from = mime.QEncoding.Encode("utf-8", o.name+cmp.Or(suffix, " - Amazon Marketplace")) + " "
		}
		mails = append(mails, write(o, v.variant, o.newBody(o.text()), func(l *letter) { l.from = v.from + "<" + o.relay + ">" }))
	}
	o := m.other()
	return append(mails, write(o, "answers go elsewhere", o.newBody(o.text()), func(l *letter) { l.replyTo = "ana@home.example" }))
}

// fannedOut is one message that goes to two addresses of the tenant, one that is retired and one of another tenant, within
// 300 ms.
func fannedOut(m *maker) []Mail {
	b := m.newBody(m.text())
	var copies []Mail
	for i, route := range []Route{RouteLive, RouteSecond, RouteRetired, RouteOther} {
		b.footer = m.footer(b.message, "BBC_MESSAGE_SENT_TO_MERCHANT") // each has its own stamp
		l := m.newLetter()
		tenant := "acme"
		if route == RouteOther {
			tenant = "globex"
		}
		l.to = m.address(tenant)
		l.content = m.alternative(b)
		if i%2 == 1 {
			l.content = m.multi("alternative", part(utf8HTML, "quoted-printable", b.html()), part(utf8Plain, "quoted-printable", b.plain()))
		}
		copied := l.mail("copy "+digits[i+1:i+2], m.want(b)).as("1")
		copied.Recipient, copied.Route = l.to, route
		copies = append(copies, copied)
	}
	return copies
}

func germanWords(m *maker) []Mail {
	m.frame.marketplaceID = "A1PA6795UKMFR9" // Germany's
	b := m.newBody("Sehr geehrte Damen und Herren,\n\ndie Größe ist falsch und ich hätte gern eine andere, die Straße heißt Äußere Gasse.\n\n" +
		"Mit freundlichen Grüßen")
	l := m.newLetter()
	subject := "Paket nicht angekommen: Gutschrift anfordern(Bestellung: " + m.order + ")"
	l.subject, l.content = subject, m.alternative(b)
	want := m.want(b)
	want.Language, want.Subject = "de", subject
	return []Mail{l.mail("", want)}
}

func noOrder(m *maker) []Mail {
	b := m.newBody(pick(m, m.frame.first))
	b.order, b.item = "", ""
	l := m.newLetter()
	l.subject, l.content = encodeSubject(m.name), m.alternative(b)
	want := m.want(b)
	want.OrderID, want.Subject = "", m.name
	return []Mail{l.mail("", want)}
}

// first is a buyer's first message.
func (m *maker) first(variant string) Mail {
	b := m.newBody(pick(m, m.frame.first))
	l := m.newLetter()
	l.content = m.alternative(b)
	return l.mail(variant, m.want(b))
}

// anonymous writes a letter that names neither thread nor order.
func (m *maker) anonymous(text string) (*letter, domain.InboundMessage) {
	b := m.newBody(text).bare()
	l := m.newLetter()
	l.subject, l.content = "Re: Amazon", m.alternative(b)
	want := m.want(b)
	want.OrderID, want.ThreadID, want.Subject = "", "", "Re: Amazon"
	return l, want
}

func followUp(m *maker) []Mail {
	a := m.later(3 * time.Minute)
	b := a.newBody(pick(a, a.frame.last))
	b.order, b.item = "", ""
	l := a.newLetter()
	l.subject, l.content = "Re: Amazon", a.alternative(b)
	want := a.want(b)
	want.OrderID, want.Subject = "", "Re: Amazon"
	mails := []Mail{m.first("first, a"), l.mail("a, same thread", want).on(l, TicketAppend)}

	o := m.other()
	days := o.later(3 * 24 * time.Hour)
	l, want = days.anonymous(pick(days, days.frame.last))
	mails = append(mails, o.first("first, b"), l.mail("b, same relay after 3 days", want).on(l, TicketAppend))

	o = m.other()
	weeks := o.later(45 * 24 * time.Hour)
	l, want = weeks.anonymous(pick(weeks, weeks.frame.last))
	late := l.mail("c, same relay after 45 days", want)
	late.Conversation += " 45 days later"
	return append(mails, o.first("first, c"), late)
}

// originals head a forwarded mail, by language.
var originals = map[string]string{
	"fr": "Message d'origine", "de": "Ursprüngliche Nachricht", "es": "Mensaje original", "it": "Messaggio originale",
	"pt": "Mensagem original", "nl": "Oorspronkelijk bericht",
}

func clientAnswer(m *maker) []Mail {
	a := m.later(time.Hour)
	answer := a.sent("Your parcel is on its way.")
	quoted := a.frame.wrote + "\n> Hello,\n>\n> your parcel is on its way.\n\n------------- " +
		cmp.Or(originals[a.frame.language], "Original message") + " -------------\n\n" + pick(a, a.frame.first)
	words := pick(a, a.frame.second) + "\n" + pick(a, a.frame.last)
	b := a.newBody(words + "\n\n" + quoted)
	l := a.newLetter()
	references := func(l *letter, of Mail) {
		l.extra = "In-Reply-To: <" + answer.MailID + ">\r\nReferences: <" + of.Want.MailID + ">\r\n <" + answer.MailID + ">\r\n"
	}
	before := m.first("first, a")
	references(l, before)
	l.content = a.alternative(b)
	want := a.want(b)
	want.Body, want.Quoted, want.References = words, quoted, []string{answer.MailID, before.Want.MailID}
	mails := []Mail{before, l.mail("a, quotes us", want).on(l, TicketAppend).after(answer)}

	o := m.other()
	before = o.first("first, b")
	a = o.later(time.Hour)
	a.relay = a.alias() // a case of its own: only what it answers tells
	l, want = a.anonymous(pick(a, a.frame.last))
	references(l, before)
	want.References = []string{answer.MailID, before.Want.MailID}
	return append(mails, before, l.mail("b, by References alone", want).on(l, TicketAppend).after(answer))
}

// answersBetween is an answer in pieces between what it quotes: of that no line may be lost, wherever it is put.
func answersBetween(m *maker) []Mail {
	m = m.other()
	b := m.newBody(pick(m, m.frame.first) + "\n\n> 1?\n" + pick(m, m.frame.second) + "\n\n> 2?\n" + pick(m, m.frame.last))
	l := m.newLetter()
	l.content = m.alternative(b)
	want := m.want(b)
	want.Body, want.Quoted = Any, Any
	return []Mail{l.mail("c, between the lines", want)}
}

func olderPasted(m *maker) []Mail {
	past := m.other()
	old := past.newBody(pick(m, m.frame.second))
	old.footer = past.footer(old.message, "REFUND_ISSUED")
	b := m.newBody(pick(m, m.frame.first) + "\n\n" + strings.TrimSpace(old.plain()) + "\n\n" + pick(m, m.frame.last))
	l := m.newLetter()
	l.content = m.alternative(b)
	return []Mail{l.mail("", m.want(b))}
}

func markersMissing(m *maker) []Mail {
	var mails []Mail
	for _, missing := range []string{"opening", "closing", "both"} {
		o := m.other()
		b := o.newBody(o.text())
		want := o.want(b)
		if missing != "closing" {
			b.opening = ""
		}
		if missing != "opening" { // then no link is known to be Amazon's
			b.closing, want = "", unlinked(want)
		}
		l := o.newLetter()
		l.content = o.alternative(b)
		mails = append(mails, l.mail(missing, want).flagged(domain.FlagMarkersMissing))
	}
	return mails
}
