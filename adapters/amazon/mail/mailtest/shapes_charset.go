package mailtest

import (
	"html"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"github.com/keybuzzio/marketplaces/domain"
)

// charsetShapes are buyers' messages whose characters have been through something.
var charsetShapes = []shape{
	{name: "S09", title: "HTML only", mails: htmlOnly},
	{name: "S10", title: "charset labels", mails: charsetLabels},
	{name: "S11", title: "quoted-printable", mails: quotedPrintable},
	{name: "S12", title: "subjects", mails: subjects},
}

// named writes some characters as the entities that mail programs prefer.
var named = strings.NewReplacer("é", "&eacute;", "à", "&agrave;", "’", "&#8217;", "ü", "&uuml;", "ñ", "&#xF1;")

func htmlOnly(m *maker) []Mail {
	write := func(m *maker, variant string, b body, content string) Mail {
		l := m.newLetter()
		l.content = part(utf8HTML, "base64", content)
		return l.mail(variant, m.want(b))
	}
	b := m.newBody(m.text() + "\n\n<b>5 < 7</b> & I <3 it")
	mails := []Mail{write(m, "lines", b, b.html())}
	o := m.other()
	b = o.newBody(o.text() + "\n\n&lt;b&gt; <3")
	mails = append(mails, write(o, "entities", b, strings.ReplaceAll(named.Replace(b.html()), ", ", ",&nbsp;")))
	if !m.frame.seen() { // run together, no line shows where the text is
		return mails
	}
	o = m.other()
	b = o.newBody(pick(o, o.frame.first))
	return append(mails, write(o, "one line", b, "<p>"+html.EscapeString(strings.Join(strings.Fields(b.plain()), " "))+"</p>"))
}

// through encodes s as it would be in another charset; what has no place there stays as it is.
func through(e encoding.Encoding, s string) string {
	out, err := e.NewEncoder().String(s)
	if err != nil {
		return s
	}
	return out
}

// mangled is s as it is when its UTF-8 is read as windows-1252 and encoded again.
func mangled(s string) string {
	out, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return s
	}
	return out
}

var utf16LE = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)

// charsets are those that mails in a language come in where they are not UTF-8.
var charsets = map[string]map[string]encoding.Encoding{
	"pl": {"ISO-8859-2": charmap.ISO8859_2},
	"tr": {"ISO-8859-9": charmap.ISO8859_9},
	"ar": {"windows-1256": charmap.Windows1256},
	"ja": {"ISO-2022-JP": japanese.ISO2022JP, "Shift_JIS": japanese.ShiftJIS},
}

func charsetLabels(m *maker) []Mail {
	var mails []Mail
	add := func(variant, contentType, encoding, extra string, change func(string) string) *Mail {
		o := m.other()
		b := o.newBody(o.text() + extra)
		b.item = "1 / Clamp lamp [ASIN: " + b.asin + "]"
		l := o.newLetter()
		l.content = part(contentType, encoding, change(b.plain()))
		mails = append(mails, l.mail(variant, o.want(b)))
		return &mails[len(mails)-1]
	}
	own := charsets[m.frame.language]
	for _, label := range []string{"ISO-2022-JP", "ISO-8859-2", "ISO-8859-9", "Shift_JIS", "windows-1256"} {
		if e := own[label]; e != nil {
			add("its own, declared", "text/plain; charset="+label, "base64", "", func(s string) string { return through(e, s) })
		}
	}
	if own != nil {
		return mails
	}
	extra := "\n\n" + m.threat() + "\n\n– 12,50 €, Café Zoé’s"
	latin := func(s string) string { return through(charmap.Windows1252, s) }
	wide := func(s string) string { return through(utf16LE, s) }
	for _, v := range []struct {
		variant, contentType, encoding string
		change                         func(string) string
	}{
		{"a, ISO-8859-1 said, UTF-8 meant", "text/plain; charset=ISO-8859-1", "quoted-printable", strings.Clone},
		{"b, UTF-8 said, windows-1252 meant", utf8Plain, "quoted-printable", latin},
		{"d, nothing said", "text/plain", "8bit", strings.Clone},
		{"e, unknown charset", "text/plain; charset=x-unheard-of", "base64", latin},
		{"f, UTF-16, not said", "text/plain", "base64", wide},
	} {
		k := add(v.variant, v.contentType, v.encoding, extra, v.change)
		*k = k.flagged(domain.FlagCharsetGuessed).gated()
	}
	k := add("c, encoded twice", utf8Plain, "quoted-printable", extra, mangled)
	*k = k.flagged(domain.FlagTextRepaired).may(domain.FlagCharsetGuessed).gated()
	k = add("f, UTF-16, said", "text/plain; charset=utf-16le", "base64", extra, wide)
	*k = k.may(domain.FlagCharsetGuessed).gated()
	return mails
}

func quotedPrintable(m *maker) []Mail {
	const place, times = "@@", 300
	b := m.newBody(m.text() + "\n\nCafé, =ZZ9, 1 = 1.\n\n" + place)
	encoded := encode("quoted-printable", b.plain())
	encoded = strings.Replace(encoded, "=C3=A9", "=c3=\r\n=a9", 1)                        // broken inside a character, lower-case digits
	encoded = strings.Replace(encoded, "=3DZZ9", "=ZZ9", 1)                               // no escape
	encoded = strings.Replace(encoded, place, strings.Repeat("Caf=C3=A9 ", times)+"x", 1) // in one line of 3,000 bytes
	b.text = strings.Replace(b.text, place, strings.Repeat("Café ", times)+"x", 1)
	l := m.newLetter()
	l.content = "Content-Type: " + utf8Plain + "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + encoded + "="
	return []Mail{l.mail("", m.want(b)).may(domain.FlagMIMEBroken)}
}

func subjects(m *maker) []Mail {
	var mails []Mail
	add := func(variant string, subject func(order string) (raw, want string), named bool) *Mail {
		o := m.other()
		b := o.newBody(pick(o, o.frame.first))
		b.order, b.item = "", "" // so that the subject has to tell
		l := o.newLetter()
		want := o.want(b)
		l.subject, want.Subject = subject(o.order)
		if !named {
			want.OrderID = ""
		}
		l.content = o.alternative(b)
		mails = append(mails, l.mail(variant, want))
		return &mails[len(mails)-1]
	}
	for _, v := range []struct{ variant, subject, want string }{
		{"a, character over two words", "=?UTF-8?B?w4l0w6k=?=\r\n =?UTF-8?Q?_cass=C3?= =?UTF-8?Q?=A9?=", "Été cassé"},
		{"b, B and Q", "=?UTF-8?B?w6k=?= =?utf-8?q?=C3=A8?= fin", "éè fin"},
		{"c, ISO-8859-15", "=?ISO-8859-15?Q?12_=A4_de_trop?=", "12 € de trop"},
		{"d, raw ISO-8859-1", "Caf\xe9 renvers\xe9", "Café renversé"},
		{"d, raw UTF-8", "Café renversé", "Café renversé"},
		{"f, empty", "", ""},
	} {
		k := add(v.variant, func(string) (string, string) { return v.subject, v.want }, false)
		*k = k.may(domain.FlagCharsetGuessed)
	}
	k := add("e, 3,000 characters", func(string) (string, string) {
		return encodeSubject(strings.Repeat("é", 3000)), strings.Repeat("é", domain.MaxField/len("é"))
	}, false)
	*k = k.flagged(domain.FlagSubjectCut)
	add("g, order over two words", func(order string) (string, string) {
		return "=?UTF-8?Q?N=C2=B0_" + order[:9] + "?=\r\n =?UTF-8?Q?" + order[9:] + "?=", "N° " + order
	}, true)
	add("h, order over two lines", func(order string) (string, string) {
		return "No. " + order[:12] + "\r\n " + order[12:], "No. " + order[:12] + " " + order[12:]
	}, true)
	return mails
}
