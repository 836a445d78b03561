package mailtest

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Attack is a mail that is made to cost a reader or a server more than it should. Each is from a relay address, with CRLF
// line ends.
type Attack struct {
	Name  string
	Write func(w io.Writer) error // writes the whole mail, without holding it
}

// Bytes is the mail. Some have 100 MB: see Size.
func (a Attack) Bytes() []byte {
	var b strings.Builder
	_ = a.Write(&b)
	return []byte(b.String())
}

// Size is how many bytes the mail has.
func (a Attack) Size() int64 {
	var c counter
	_ = a.Write(&c)
	return int64(c)
}

type counter int64

func (c *counter) Write(b []byte) (int, error) { *c += counter(len(b)); return len(b), nil }

const (
	attacker  = "From: a1b2c3d4e5f6g7h@marketplace.amazon.fr\r\nTo: seller@inbox.example\r\nSubject: x\r\nDate: Mon, 02 Mar 2026 08:00:00 +0000\r\nMIME-Version: 1.0\r\n"
	plainPart = "Content-Type: text/plain; charset=UTF-8\r\n\r\nBonjour\r\n"
	mixedAt   = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	kb        = 1 << 10
	mb        = 1 << 20
)

// Hostile returns mails against the bounds of time and memory, in a fixed order.
func Hostile() []Attack {
	line := strings.Repeat("QUFB", 19) + "\r\n"
	html := "Content-Type: text/html; charset=UTF-8\r\n\r\n"
	return []Attack{
		attack("100 MB of base64", attacker+"Content-Type: application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n", line, 100*mb/len(line), ""),
		attack("100 MB of text", attacker+plainPart, strings.Repeat("Bonjour ", 9)+"\r\n", 100*mb/74, ""),
		attack("10,000 parts", attacker+mixedAt, "--b\r\n"+plainPart, 10_000, "--b--\r\n"),
		attack("10,000 files", attacker+mixedAt+"--b\r\n"+plainPart, "--b\r\nContent-Type: application/pdf; name=x.pdf\r\n\r\nx\r\n", 10_000, "--b--\r\n"),
		nested("1,000 levels", 1000, true),
		nested("1,000 levels that never end", 1000, false),
		nested("26 levels that never end", 26, false),
		attached("1,000 mails in one another", 1000),
		attack("1 MB in a line of the header", attacker+"X-Filler: ", "x", mb, "\r\n"+plainPart),
		attack("1 MB of folded header", attacker+"X-Filler: x", "\r\n x", mb/4, "\r\n"+plainPart),
		attack("60,000 fields", attacker, "X: y\r\n", 60_000, plainPart),
		attack("10 MB in a line", attacker+"\r\n", "x", 10*mb, "\r\n"),
		attack("base64 of nothing", attacker+"Content-Transfer-Encoding: base64\r\n\r\n", "!", 4*mb, "\r\n"),
		attack("paddings of base64", attacker+"Content-Transfer-Encoding: base64\r\n\r\n", "QQ==\r\n", mb, ""),
		attack("soft line breaks", attacker+"Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=\r\n", mb, "Bonjour\r\n"),
		attack("encoded words", attacker+"Comments: ", "=?utf-8?q?a?= ", 16*kb, "\r\n"+plainPart),
		attack("words in the subject", strings.Replace(attacker, "Subject: x\r\n", "", 1)+"Subject: ", "=?utf-8?b?YQ==?= ", 16*kb, "\r\n"+plainPart),
		attack("addresses", attacker+"Cc: ", "a <b@c.example>,", 32*kb, "\r\n"+plainPart),
		attack("parameters", attacker+"Content-Type: text/plain", "; x*0*=UTF-8''%41", 16*kb, "\r\n\r\nBonjour\r\n"),
		attack("delimiters in lines", attacker+mixedAt+"--b\r\n\r\n", "--bb\r\n", mb/8, ""),
		attack("delimiters in a line", attacker+mixedAt+"--b\r\n\r\n", "--b", mb, "\r\n"),
		attack("markers", attacker+plainPart, "------- x -------\r\n", 64*kb, ""),
		attack("dashes", attacker+plainPart, "-----a", mb, "\r\n"),
		attack("quotes", attacker+plainPart, ">", mb, "\r\nx a écrit :\r\n"),
		attack("links", attacker+plainPart, "https://sellercentral.amazon.fr/messaging/x?t=A ", 64*kb, "\r\n"),
		attack("tags", attacker+html, "<a href='http://a'><p>", 256*kb, ""),
		attack("tables in one another", attacker+html, "<table><tr><td>", 100_000, "Bonjour"),
		attack("entities", attacker+html, "&#x1F600;&NotEqualTilde;", 128*kb, ""),
		attack("scripts", attacker+html, "<script>alert(1)</script>", 128*kb, "Bonjour"),
	}
}

// attack is a mail with something many times.
func attack(name, before, unit string, times int, after string) Attack {
	chunk := max(1, 32*kb/len(unit))
	large := strings.Repeat(unit, chunk)
	return Attack{Name: name, Write: func(w io.Writer) error {
		if _, err := io.WriteString(w, before); err != nil {
			return err
		}
		for left := times; left > 0; left -= chunk {
			if _, err := io.WriteString(w, large[:len(unit)*min(left, chunk)]); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, after)
		return err
	}}
}

// nested is a mail of multiparts in one another, around a text.
func nested(name string, depth int, ends bool) Attack {
	return Attack{Name: name, Write: func(w io.Writer) error {
		b := bufio.NewWriter(w)
		_, _ = b.WriteString(attacker)
		for i := range depth {
			_, _ = fmt.Fprintf(b, "Content-Type: multipart/mixed; boundary=\"b%d\"\r\n\r\n--b%d\r\n", i, i)
		}
		_, _ = b.WriteString(plainPart)
		for i := depth - 1; ends && i >= 0; i-- {
			_, _ = fmt.Fprintf(b, "--b%d--\r\n", i)
		}
		return b.Flush()
	}}
}

// attached is a mail that is attached to a mail that is attached to a mail.
func attached(name string, depth int) Attack {
	return Attack{Name: name, Write: func(w io.Writer) error {
		b := bufio.NewWriter(w)
		_, _ = b.WriteString(attacker)
		for range depth {
			_, _ = b.WriteString("Content-Type: message/rfc822\r\n\r\nFrom: x@x.example\r\n")
		}
		_, _ = b.WriteString(plainPart)
		return b.Flush()
	}}
}
