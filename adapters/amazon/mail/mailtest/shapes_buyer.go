package mailtest

import (
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// buyerShapes are buyers' messages as Amazon sends them, and what buyers do to them.
var buyerShapes = []shape{
	{"S01 plain case", func(m *maker) []Mail {
		b := m.newBody(m.text())
		l := m.newLetter()
		l.content = m.alternative(b)
		return []Mail{l.mail(m.frame.language, "1", m.want(b))}
	}},
	{"S02 sent to four addresses", func(m *maker) []Mail {
		b := m.newBody(m.text())
		var copies []Mail
		for range 4 {
			b.footer = m.footer(m.thread, b.message, "BBC_MESSAGE_SENT_TO_MERCHANT") // each has its own stamp
			l := m.newLetter()
			l.content = m.alternative(b)
			copies = append(copies, l.mail(m.frame.language, "1", m.want(b)))
		}
		return copies
	}},
	{"S03 German words in a Spanish frame", func(m *maker) []Mail {
		german := inLanguage("de")
		m.frame = inLanguage("es")
		b := m.newBody("Sehr geehrte Damen und Herren,\n\ndie Größe ist falsch und ich hätte gern eine andere.\n\nMit freundlichen Grüßen")
		l := m.newLetter()
		subject := "Paket nicht angekommen: Gutschrift anfordern(Bestellung: " + m.order + ")"
		l.subject, l.content = subject, m.alternative(b)
		want := m.want(b)
		want.Language, want.Subject = german.language, subject
		return []Mail{l.mail("de in es", "1", want)}
	}},
	{"S04 no order, no item", func(m *maker) []Mail {
		b := m.newBody(pick(m, m.frame.first))
		b.order, b.item = "", ""
		l := m.newLetter()
		l.subject, l.content = encodeSubject(m.name), m.alternative(b)
		want := m.want(b)
		want.OrderID, want.Subject = "", m.name
		return []Mail{l.mail(m.frame.language, "1", want)}
	}},
	{"S05 follow-up", func(m *maker) []Mail {
		first, second := m.newBody(pick(m, m.frame.first)), m.newBody(pick(m, m.frame.last))
		second.order, second.item = "", ""
		l1 := m.newLetter()
		l1.content = m.alternative(first)
		mails := []Mail{l1.mail("first, "+m.frame.language, "1", m.want(first))}
		m.at = m.at.Add(3 * time.Minute)
		l2 := m.newLetter()
		l2.subject, l2.content = "Re:", m.alternative(second)
		want := m.want(second)
		want.OrderID, want.Subject = "", "Re:"
		return append(mails, l2.mail("second, "+m.frame.language, "2", want))
	}},
	{"S06 answer by mail client", func(m *maker) []Mail {
		m.frame = inLanguage("fr")
		b := m.newBody("Merci, je regarde cela ce soir.\nJe vous écris demain.\n\nLe lun. 2 mars 2026, la boutique a écrit :\n" +
			"> Bonjour,\n> votre colis est en route.\n\n------------- Message d'origine -------------\n\nOù est mon colis ?")
		l := m.newLetter()
		l.extra = "In-Reply-To: <answer-1@shop.example>\r\nReferences: <other@shop.example>\r\n <answer-1@shop.example>\r\n"
		l.content = m.alternative(b)
		return []Mail{l.mail("fr", "1", m.want(b))}
	}},
	{"S07 older mail pasted", func(m *maker) []Mail {
		old := m.newBody(pick(m, m.frame.second))
		old.order = "# " + m.orderID() + ":"
		old.footer = m.footer(m.id(), m.id(), "REFUND_ISSUED")
		b := m.newBody(pick(m, m.frame.first) + "\n\n" + strings.TrimSpace(old.plain()) + "\n\n" + pick(m, m.frame.last))
		l := m.newLetter()
		l.content = m.multi("alternative", part(utf8Plain, "quoted-printable", b.plain()))
		return []Mail{l.mail(m.frame.language, "1", m.want(b))}
	}},
	{"S08 markers missing", func(m *maker) []Mail {
		m.frame = inLanguage(pick(m, []string{"fr", "es", "it", "pt"}))
		var mails []Mail
		for _, missing := range []string{"opening", "closing", "both"} {
			b := m.newBody(m.text())
			want := m.want(b)
			if missing != "closing" {
				b.opening = ""
			}
			if missing != "opening" { // then no link is known to be Amazon's
				b.closing, want.ThreadID = "", ""
			}
			l := m.newLetter()
			l.content = m.alternative(b)
			mails = append(mails, l.mail(missing+", "+m.frame.language, missing, want))
		}
		return mails
	}},
	{"S18 identity", func(m *maker) []Mail {
		text := pick(m, m.frame.last)
		var mails []Mail
		add := func(variant string, change func(*letter, *body)) {
			b := m.newBody(text) // the same words each time, in another message
			l := m.newLetter()
			l.messageID = "<the.same@eu-west-1.amazonses.com>"
			change(l, &b)
			l.content = m.alternative(b)
			want := m.want(b)
			if b.footer == "" {
				want.ThreadID = ""
			}
			mails = append(mails, l.mail(variant+", "+m.frame.language, variant, want))
		}
		add("no Message-ID", func(l *letter, _ *body) { l.messageID = "" })
		add("empty Message-ID", func(l *letter, _ *body) { l.messageID = "<>" })
		add("Message-ID once", func(*letter, *body) {})
		add("Message-ID twice", func(*letter, *body) {})
		add("long Message-ID", func(l *letter, b *body) { l.messageID, b.footer = "<"+strings.Repeat("x ", 450)+"@x>", "" })
		add("neither id", func(l *letter, b *body) {
			l.messageID, b.footer = "", ""
			l.date = l.m.at.Format(time.RFC1123Z)
		})
		m.at = m.at.Add(time.Minute)
		add("neither id, a minute later", func(l *letter, b *body) { l.messageID, b.footer = "", "" })
		return mails
	}},
	{"S23 for a buyer", func(m *maker) []Mail {
		absent := m.newBody("Je suis absent du bureau jusqu'au 9 mars et ne lis pas mes messages.")
		l1 := m.newLetter()
		l1.content = m.alternative(absent)
		want1 := m.want(absent)
		want1.Language = "fr"

		list := "Amazon was contacted by a customer about the order below.\n\nOrder # " + m.order +
			"\nItem: Lamp\nReason: Where is my stuff\nDetails: the customer has not received the parcel and asks you for an answer"
		l2 := m.newLetter()
		l2.from, l2.notice, l2.replyTo = "Amazon <cust.service@amazon."+m.frame.tld+">", "", m.relay
		l2.subject = "Inquiry about order " + m.order
		l2.content = part(utf8Plain, "quoted-printable", list)
		want2 := domain.InboundMessage{
			Kind: domain.KindBuyerMessage, OrderID: m.order, BuyerEmail: m.relay, Language: "en", Subject: l2.subject, Body: list,
			ReceivedAt: m.at,
		}
		return []Mail{l1.mail("absence notice", "absent", want1), l2.mail("customer service", "behalf", want2)}
	}},
}
