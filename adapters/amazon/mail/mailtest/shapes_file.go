package mailtest

import (
	"net/url"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// fileShapes are buyers' messages with files.
var fileShapes = []shape{
	{name: "S13", title: "file first", mails: fileFirst},
	{name: "S14", title: "photo", mails: photos},
	{name: "S15", title: "parts that are no text", mails: otherParts},
}

// fileFirst is a picture before the text, and two files behind it. The picture's name is told in every way there is.
func fileFirst(m *maker) []Mail {
	const (
		jpegType = "Content-Type: image/jpeg"
		attached = "\r\nContent-Disposition: attachment"
	)
	long := strings.Repeat("x", 300) + ".jpg"
	override := "photo\u202egpj.exe"
	var mails []Mail
	for _, v := range []struct {
		variant, fields, name, original string
		flags                           []domain.FileFlag
	}{
		{"plain name", jpegType + attached + `; filename="photo 1.jpg"`, "photo 1.jpg", "photo 1.jpg", nil},
		{"RFC 2231", jpegType + attached + ";\r\n filename*0*=UTF-8'fr'%C3%89cr;\r\n filename*1*=an.jpg", "Écran.jpg", "Écran.jpg", nil},
		{"RFC 2047 in quotes", jpegType + "; name=\"=?UTF-8?Q?=C3=89cran.jpg?=\"" + attached, "Écran.jpg", "Écran.jpg", nil},
		{"two names", jpegType + "; name=one.jpg" + attached + "; filename=two.jpg", "two.jpg", "two.jpg", nil},
		{"path", jpegType + attached + `; filename="../../etc/passwd"`, Any, "../../etc/passwd", []domain.FileFlag{domain.FileRenamed}},
		{"no name", jpegType + attached + `; filename=""`, Any, "", []domain.FileFlag{domain.FileRenamed}},
		{"long name", jpegType + attached + `; filename="` + long + `"`, Any, long, []domain.FileFlag{domain.FileRenamed}},
		{
			"name that turns round", jpegType + attached + "; filename*=UTF-8''" + url.PathEscape(override), Any, override,
			[]domain.FileFlag{domain.FileExecutable, domain.FileMismatch, domain.FileRenamed},
		},
		{
			"header in the name", jpegType + attached + "; filename*=UTF-8''a%0D%0ABcc%3A%20x%40y.jpg", Any, Any,
			[]domain.FileFlag{domain.FileRenamed},
		},
	} {
		o := m.other()
		b := o.newBody(o.text())
		picture, invoice, note := o.jpeg(900), o.pdf(300), "not the text\r\n"
		l := o.newLetter()
		l.content = o.multi("mixed", attachment(v.fields+"\r\n", picture), o.alternative(b),
			attachment("Content-Type: application/pdf; name=\"facture 1.pdf\""+attached+"\r\n", invoice),
			attachment("Content-Type: text/plain"+attached+"; filename=note.txt\r\n", note))
		mails = append(mails, l.mail(v.variant, with(o.want(b), file(v.name, v.original, "image/jpeg", "image/jpeg", picture, v.flags...),
			file("facture 1.pdf", "facture 1.pdf", "application/pdf", "application/pdf", invoice),
			file("note.txt", "note.txt", "text/plain", "text/plain", note))))
	}
	o := m.other()
	b := o.newBody(o.text())
	program := "MZ\x90\x00\x03" + o.filler(200)
	l := o.newLetter()
	l.content = o.multi("mixed", attachment("Content-Type: application/pdf; name=a.pdf.exe"+attached+"\r\n", program), o.alternative(b))
	return append(mails, l.mail("program", with(o.want(b),
		file("a.pdf.exe", "a.pdf.exe", "application/pdf", Any, program, domain.FileExecutable, domain.FileMismatch))))
}

// untransmitted is what a text says of a photo that Amazon has kept.
var untransmitted = map[string]string{"fr": "Élément photo", "en": "photo element"}

func photos(m *maker) []Mail {
	b := m.newBody(m.text())
	picture := m.jpeg(600)
	l := m.newLetter()
	l.content = m.multi("related", part(utf8HTML, "quoted-printable", strings.Replace(b.html(), "<p>", `<p><img src="cid:p1@mail">`, 1)),
		attachment("Content-Type: image/jpeg\r\nContent-ID: <p1@mail>\r\nContent-Disposition: inline\r\n", picture))
	inline := file(Any, "", "image/jpeg", "image/jpeg", picture, domain.FileRenamed)
	inline.Inline, inline.ContentID = true, "p1@mail"
	mails := []Mail{l.mail("inline", with(m.want(b), inline))}
	if words := untransmitted[m.frame.language]; words != "" {
		o := m.other()
		b = o.newBody(o.text() + "\n\n" + words)
		l = o.newLetter()
		l.content = o.alternative(b)
		mails = append(mails, l.mail("kept by Amazon", o.want(b)).flagged(domain.FlagFileNotTransmitted))
	}
	return mails
}

func otherParts(m *maker) []Mail {
	var mails []Mail
	add := func(variant string, f domain.File, write func(o *maker, text string) string) {
		o := m.other()
		b := o.newBody(o.text())
		l := o.newLetter()
		l.content = write(o, o.alternative(b))
		mails = append(mails, l.mail(variant, with(o.want(b), f)))
	}
	beside := func(part string) func(*maker, string) string {
		return func(o *maker, text string) string { return o.multi("mixed", text, part) }
	}
	container := winmail("inner.pdf", m.pdf(200))
	add("a, winmail.dat", file("winmail.dat", "winmail.dat", "application/ms-tnef", Any, container, domain.FileWinmail),
		beside(attachment("Content-Type: application/ms-tnef; name=winmail.dat\r\n", container)))

	inner := m.other()
	l := inner.newLetter()
	l.content = inner.alternative(inner.newBody("nothing of this is the message"))
	old := string(l.raw())
	add("b, mail attached", file("old.eml", "old.eml", "message/rfc822", Any, old, domain.FileMessage),
		beside("Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=old.eml\r\n\r\n"+old))
	add("b, mail without a name", file(Any, "", "message/rfc822", Any, old, domain.FileMessage, domain.FileRenamed),
		beside("Content-Type: message/rfc822\r\n\r\n"+old))

	signature := "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + m.filler(200)
	add("c, signed", file("smime.p7s", "smime.p7s", "application/pkcs7-signature", Any, signature), func(o *maker, text string) string {
		p7s := attachment("Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Disposition: attachment; filename=smime.p7s\r\n", signature)
		return strings.Replace(o.multi("signed", text, p7s), "/signed;", `/signed; protocol="application/pkcs7-signature"; micalg=sha-256;`, 1)
	})
	const calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
	add("d, calendar", file("invite.ics", "invite.ics", "text/calendar", Any, calendar),
		beside(attachment("Content-Type: text/calendar; charset=UTF-8; method=REQUEST; name=invite.ics\r\n", calendar)))
	zip := "PK\x03\x04\x14\x00\x00\x00\x08\x00" + m.filler(100)
	add("e, zip", file("bomb.zip", "bomb.zip", "application/zip", "application/zip", zip),
		beside(attachment("Content-Type: application/zip\r\nContent-Disposition: attachment; filename=bomb.zip\r\n", zip)))
	return mails
}
