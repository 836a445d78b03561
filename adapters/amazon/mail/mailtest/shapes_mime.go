package mailtest

import (
	"html"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/keybuzzio/marketplaces/domain"
)

// mimeShapes are buyers' messages that gateways and mail clients have dressed in their own ways.
var mimeShapes = []shape{
	{"S09 HTML only", func(m *maker) []Mail {
		b := m.newBody(m.text() + "\n\n<b>5 < 7</b> & I <3 it")
		l1 := m.newLetter()
		l1.content = part(utf8HTML, "base64", b.html())
		one := m.newBody(pick(m, m.frame.first))
		l2 := m.newLetter()
		l2.content = part(utf8HTML, "base64", "<p>"+html.EscapeString(strings.Join(strings.Fields(one.plain()), " "))+"</p>")
		mails := []Mail{l1.mail("lines, "+m.frame.language, "1", m.want(b))}
		if m.frame.template {
			mails = append(mails, l2.mail("one paragraph, "+m.frame.language, "2", m.want(one)))
		}
		return mails
	}},
	{"S10 charset labels", func(m *maker) []Mail {
		m.frame = inLanguage("fr")
		text := "Bonjour, l’envoi a coûté 12 € et je n'ai pas été remboursé.\n\nMerci, à bientôt"
		latin := func(s string) string {
			out, err := charmap.Windows1252.NewEncoder().String(s)
			if err != nil {
				return s
			}
			return out
		}
		wide := func(s string) string {
			out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(s)
			if err != nil {
				return s
			}
			return out
		}
		twice := func(s string) string {
			out, err := charmap.Windows1252.NewDecoder().String(s)
			if err != nil {
				return s
			}
			return out
		}
		var mails []Mail
		for _, v := range []struct {
			variant, contentType, encoding string
			change                         func(string) string
		}{
			{"ISO-8859-1 said, UTF-8 meant", "text/plain; charset=ISO-8859-1", "quoted-printable", strings.Clone},
			{"UTF-8 said, windows-1252 meant", utf8Plain, "quoted-printable", latin},
			{"encoded twice", utf8Plain, "quoted-printable", twice},
			{"nothing said", "text/plain", "8bit", strings.Clone},
			{"unknown charset", "text/plain; charset=x-unheard-of", "base64", latin},
			{"UTF-16", "text/plain; charset=utf-16le", "base64", wide},
		} {
			b := m.newBody(text)
			l := m.newLetter()
			b.item = ""
			l.content = part(v.contentType, v.encoding, v.change(b.plain()))
			mails = append(mails, l.mail(v.variant, v.variant, m.want(b)))
		}
		return mails
	}},
	{"S11 quoted-printable", func(m *maker) []Mail {
		m.frame = inLanguage("fr")
		b := m.newBody("Le clavier est cassé, référence =ZZ9, et la touche = aussi.\n\n" + strings.Repeat("très ", 300) + "usé")
		encoded := encode("quoted-printable", b.plain())
		encoded = strings.Replace(encoded, "=C3=A9", "=c3=\r\n=a9", 1) // broken inside a character, lower-case digits
		encoded = strings.Replace(encoded, "=3DZZ9", "=ZZ9", 1)        // no escape
		encoded = strings.ReplaceAll(encoded, "tr=C3=A8s =\r\n", "tr=C3=A8s ")
		l := m.newLetter()
		l.content = "Content-Type: " + utf8Plain + "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + encoded + "="
		return []Mail{l.mail("fr", "1", m.want(b))}
	}},
	{"S12 subjects", func(m *maker) []Mail {
		m.frame = inLanguage("fr")
		var mails []Mail
		for _, v := range []struct{ variant, subject, want string }{
			{"character over two words", "=?UTF-8?B?w4l0w6k=?=\r\n =?UTF-8?Q?_cass=C3?= =?UTF-8?Q?=A9?=", "Été cassé"},
			{"B and Q", "=?UTF-8?B?w6k=?= =?UTF-8?Q?=C3=A8?= fin", "éè fin"},
			{"ISO-8859-15", "=?ISO-8859-15?Q?12_=A4_de_trop?=", "12 € de trop"},
			{"raw bytes", "Caf\xe9 renvers\xe9", "Café renversé"},
			{"3,000 characters", strings.Repeat("é", 3000), strings.Repeat("é", 500)},
			{"empty", "", ""},
			{"order over two words", "=?UTF-8?Q?Commande_:_" + m.order[:9] + "?=\r\n =?UTF-8?Q?" + m.order[9:] + "?=", "Commande : " + m.order},
			{"order over two lines", "Commande : " + m.order[:12] + "\r\n " + m.order[12:], "Commande : " + m.order[:12] + " " + m.order[12:]},
		} {
			b := m.newBody(pick(m, m.frame.first))
			b.order = "" // so that the subject has to tell
			l := m.newLetter()
			l.subject, l.content = v.subject, m.alternative(b)
			want := m.want(b)
			want.Subject = v.want
			if !strings.HasPrefix(v.variant, "order") {
				want.OrderID = ""
			}
			mails = append(mails, l.mail(v.variant, v.variant, want))
		}
		return mails
	}},
	{"S13 file first", func(m *maker) []Mail {
		b := m.newBody(m.text())
		image := "Content-Type: image/jpeg; name=\"=?UTF-8?Q?=C3=89cran.jpg?=\"\r\nContent-Transfer-Encoding: base64\r\n" +
			"Content-Disposition: attachment;\r\n filename*0*=UTF-8'fr'%C3%89cr;\r\n filename*1*=an.jpg\r\n\r\n" + encode("base64", "\xff\xd8\xff\xe0"+m.letters(900, lowerAlnum)+"\xff\xd9")
		note := "Content-Type: text/plain; name=\"../../etc/passwd\"\r\nContent-Disposition: attachment\r\n\r\nnot the text\r\n"
		l := m.newLetter()
		l.content = m.multi("mixed", image, note, m.alternative(b), part("application/pdf; name=a.pdf.exe", "base64", "%PDF-1.4"))
		return []Mail{l.mail(m.frame.language, "1", m.want(b))}
	}},
	{"S14 inline photo", func(m *maker) []Mail {
		b := m.newBody(m.text())
		photo := "Content-Type: image/jpeg\r\nContent-ID: <p1>\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encode("base64", "\xff\xd8"+m.letters(600, lowerAlnum))
		l := m.newLetter()
		l.content = m.multi("related", part(utf8HTML, "quoted-printable", strings.Replace(b.html(), "<p>", `<p><img src="cid:p1">`, 1)), photo)
		return []Mail{l.mail(m.frame.language, "1", m.want(b))}
	}},
	{"S15 parts that are no text", func(m *maker) []Mail {
		other := *m
		other.order, other.thread = m.orderID(), m.id()
		inner := other.newLetter()
		inner.content = other.alternative(other.newBody("nothing of this is the message"))
		var mails []Mail
		for _, v := range []struct{ variant, part string }{
			{"winmail.dat", part("application/ms-tnef; name=winmail.dat", "base64", "\x78\x9f\x3e\x22")},
			{"attached mail", "Content-Type: message/rfc822\r\n\r\n" + string(inner.raw())},
			{"signature", part("application/pkcs7-signature; name=smime.p7s", "base64", "\x30\x80")},
			{"calendar", part("text/calendar; charset=UTF-8", "8bit", "BEGIN:VCALENDAR\nEND:VCALENDAR")},
		} {
			b := m.newBody(m.text())
			l := m.newLetter()
			l.content = m.multi("mixed", m.alternative(b), v.part)
			mails = append(mails, l.mail(v.variant+", "+m.frame.language, v.variant, m.want(b)))
		}
		return mails
	}},
	{"S16 broken MIME", func(m *maker) []Mail {
		b := m.newBody(m.text())
		cut := m.newLetter()
		cut.content = m.multi("mixed", m.alternative(b), part("image/png; name=x.png", "base64", m.letters(4000, lowerAlnum)))
		cut.content = cut.content[:len(cut.content)-1500]
		open := m.newLetter()
		open.content = strings.TrimSuffix(m.alternative(b), "--\r\n")
		dashes := m.newLetter()
		dashes.content = "Content-Type: multipart/mixed; boundary=\"-----------\"\r\n\r\n-------------\r\n" +
			part(utf8Plain, "8bit", b.plain()) + "\r\n---------------\r\n"
		never := m.newLetter()
		never.content = "Content-Type: multipart/mixed; boundary=\"never\"\r\n\r\n" + crlf(b.plain())
		nul := m.newLetter()
		nul.content = part(utf8Plain, "8bit", strings.ReplaceAll(b.plain(), "\n\n", "\x00\n\n"))
		bare := m.newLetter()
		bare.content = "\r\n"
		empty := m.want(b)
		empty.Body, empty.Language, empty.ThreadID = "", "", ""
		return []Mail{
			cut.mail("cut in a file", "1", m.want(b)), open.mail("no end", "1", m.want(b)),
			dashes.mail("boundary of dashes", "1", m.want(b)), never.mail("boundary never comes", "1", m.want(b)),
			nul.mail("NUL", "1", m.want(b)), bare.mail("header only", "2", empty),
		}
	}},
	{"S25 times and places", func(m *maker) []Mail {
		var mails []Mail
		for _, v := range []struct{ variant, date string }{
			{"no date", ""}, {"2099", "Fri, 02 Jan 2099 10:00:00 +0000"}, {"no such day", "Tomorrow, 99 Foo"},
		} {
			b := m.newBody(m.text())
			l := m.newLetter()
			l.date, l.content = v.date, m.alternative(b)
			mail := l.mail(v.variant+", "+m.frame.language, v.variant, m.want(b))
			mail.Want.ReceivedAt = mail.Arrived
			mails = append(mails, mail)
		}
		canada := *m
		canada.frame = inLanguage("en")
		canada.frame.tld, canada.frame.marketplaceID = "ca", "A2EUQ1WTGCTBG2"
		canada.relay = m.letters(15, lowerAlnum) + "@marketplace.amazon.ca"
		canada.frame.opening = "-------------- Begin message / Début du message --------------"
		canada.frame.closing = "-------------- End message / Fin du message --------------"
		b := canada.newBody(canada.text())
		l := canada.newLetter()
		l.from = canada.name + " - Amazon Marketplace <" + canada.relay + ">"
		l.subject = "Product inquiry from Amazon customer (Order: " + m.order + ")"
		l.content = canada.alternative(b)
		want := canada.want(b)
		want.Subject = l.subject
		return append(mails, l.mail("Canada", "canada", want))
	}},
}

// nobody is what must be read of a mail that is no buyer's.
func nobody(kind domain.MessageKind, m *maker, subject string) domain.InboundMessage {
	return domain.InboundMessage{Kind: kind, Subject: subject, ReceivedAt: m.at}
}
