package mailtest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// brokenShapes are buyers' messages whose structure breaks rules, or bounds.
var brokenShapes = []shape{
	{name: "S16", title: "broken MIME", mails: brokenMIME, more: unsendable},
	{name: "S17", title: "large", only: []string{"fr"}, more: large},
}

// adding returns what adds a mail, in a frame of its own, whose content write makes.
func (m *maker) adding(mails *[]Mail) func(variant string, write func(o *maker, b body) (content string, files []domain.File)) *Mail {
	return func(variant string, write func(o *maker, b body) (content string, files []domain.File)) *Mail {
		o := m.other()
		b := o.newBody(o.text())
		l := o.newLetter()
		content, files := write(o, b)
		l.content = content
		*mails = append(*mails, l.mail(variant, with(o.want(b), files...)))
		return &(*mails)[len(*mails)-1]
	}
}

func brokenMIME(m *maker) []Mail {
	var mails []Mail
	add := m.adding(&mails)
	k := add("a, cut in a file", func(o *maker, b body) (string, []domain.File) {
		content := o.multi("mixed", o.alternative(b), attachment("Content-Type: image/png; name=x.png\r\n", o.png(4000)))
		picture := file("x.png", "x.png", "image/png", "image/png", "", domain.FilePartial)
		picture.Digest = domain.Digest{} // what is left of it is not held
		return content[:len(content)-1500], []domain.File{picture}
	})
	*k = k.flagged(domain.FlagFilePartial).may(domain.FlagMIMEBroken)
	k = add("b, no end", func(o *maker, b body) (string, []domain.File) {
		content := o.alternative(b)
		return content[:strings.LastIndex(content, "\r\n--")], nil
	})
	*k = k.flagged(domain.FlagMIMEBroken)
	k = add("c, boundary never comes", func(_ *maker, b body) (string, []domain.File) {
		return "Content-Type: multipart/mixed; boundary=\"never\"\r\n\r\n" + crlf(b.plain()), nil
	})
	*k = k.flagged(domain.FlagMIMEBroken).may(domain.FlagCharsetGuessed)
	k = add("d, boundary of dashes", func(_ *maker, b body) (string, []domain.File) {
		return multiWith("-----------", "mixed", part(utf8Plain, "8bit", b.plain())), nil
	})
	*k = k.may(domain.FlagMIMEBroken)
	k = add("g, half a picture", func(o *maker, b body) (string, []domain.File) {
		half := strings.TrimSuffix(o.jpeg(900), "\xff\xd9")
		return o.multi("mixed", o.alternative(b), attachment("Content-Type: image/jpeg; name=x.jpg\r\n", half)),
			[]domain.File{file("x.jpg", "x.jpg", "image/jpeg", "image/jpeg", half, domain.FilePartial)}
	})
	*k = k.flagged(domain.FlagFilePartial)

	o := m.other()
	l := o.newLetter()
	l.content = "Content-Type: multipart/alternative; boundary=\"never\"\r\n\r\n"
	want := o.want(body{})
	want.Language, want.ThreadID = "", ""
	return append(mails, l.mail("e, header only", want).flagged(domain.FlagMIMEBroken).may(domain.FlagMarkersMissing))
}

// unsendable are mails that some protocols do not carry: with a NUL, and without a line that ends the header.
func unsendable(m *maker) []Mail {
	o := m.other()
	b := o.newBody(o.text())
	l := o.newLetter()
	l.content = part(utf8Plain, "8bit", strings.ReplaceAll(b.plain(), "\n\n", "\x00\n\n"))
	mails := []Mail{l.mail("f, NUL", o.want(b)).flagged(domain.FlagMIMEBroken).may(domain.FlagCharsetGuessed)}
	o = m.other()
	l = o.newLetter()
	l.content = "Content-Type: text/plain\r\n"
	want := o.want(body{})
	want.Language, want.ThreadID = "", ""
	return append(mails, l.mail("e, cut in the header", want).flagged(domain.FlagMIMEBroken).may(domain.FlagMarkersMissing))
}

func large(m *maker) []Mail {
	var mails []Mail
	add := m.adding(&mails)
	files := func(size, n int) func(*maker, body) (string, []domain.File) {
		return func(o *maker, b body) (string, []domain.File) {
			parts, files := []string{o.alternative(b)}, []domain.File{}
			for i := range n {
				name, content := "f"+strconv.Itoa(i)+".pdf", o.pdf(size)
				parts = append(parts, attachment("Content-Type: application/pdf; name="+name+"\r\n", content))
				if i < domain.MaxFiles {
					files = append(files, file(name, name, "application/pdf", "application/pdf", content))
				}
			}
			return o.multi("mixed", parts...), files
		}
	}
	add("a, 9.9 MB of files", files(3_300_000, 3))
	add("b, 26 MB", files(9_500_000, 2))
	k := add("c, 5 MB of text", func(_ *maker, b body) (string, []domain.File) {
		b.text = strings.TrimSpace(strings.Repeat("Bonjour, où est ma commande ? ", 5<<20/32))
		return part(utf8Plain, "base64", b.plain()), nil
	})
	k.Want.Body, k.Reject, k.Ticket, k.Conversation = Any, domain.RejectTooLarge, TicketNone, ""
	k = add("d, 2,000 files", files(20, 2000))
	*k = k.flagged(domain.FlagFilesOverLimit).may(domain.FlagPartsOverLimit, domain.FlagMIMEBroken)
	k = add("e, 200 levels", func(_ *maker, b body) (string, []domain.File) {
		content := part(utf8Plain, "quoted-printable", b.plain())
		for i := range 200 {
			content = multiWith(fmt.Sprint("level-", i), "mixed", content)
		}
		return content, nil
	})
	k.Want.Body, k.Want.ThreadID, k.Want.Language = Any, Any, Any
	k.Want.Facts = nil
	*k = k.flagged(domain.FlagPartsOverLimit).may(domain.FlagMIMEBroken, domain.FlagMarkersMissing, domain.FlagCharsetGuessed)
	k = add("f, 1 MB of header", func(o *maker, b body) (string, []domain.File) { return o.alternative(b), nil })
	filler := strings.Repeat("X-Filler: "+strings.Repeat("x", 900)+"\r\n", 1150)
	k.Raw = bytes.Replace(k.Raw, []byte("\r\n\r\n"), []byte("\r\n"+filler+"\r\n"), 1)
	*k = k.may(domain.FlagMIMEBroken, domain.FlagPartsOverLimit)
	return mails
}
