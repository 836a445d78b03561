package mail_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
)

// TestParseStructure holds what is read of mails whose structure or encoding is broken.
func TestParseStructure(t *testing.T) {
	t.Parallel()
	const (
		from  = "From: a1b2c3d4e5f6@marketplace.amazon.fr\n"
		mixed = from + "Content-Type: multipart/mixed; boundary=b\n\n"
	)
	for name, c := range map[string]struct{ raw, want string }{
		"stray line first":              {">From x\n" + from + "\nBonjour", "Bonjour"},
		"boundary inside that is none":  {mixed + "--b\nContent-Type: multipart/alternative; boundary=c\n\nBonjour\n--b--\n", "Bonjour"},
		"multipart without boundary":    {from + "Content-Type: multipart/mixed\n\nBonjour", "Bonjour"},
		"boundary of a text":            {mixed + "--b\nContent-Type: text/plain; boundary=b\n\nBonjour\n--b--\n", "Bonjour"},
		"boundary of a file":            {mixed + "--b\nContent-Type: image/png; boundary=c\n\n--c\n\nx\n--c--\n--b\n\nBonjour\n--b--\n", "Bonjour"},
		"delimiter that only begins so": {from + "Content-Type: multipart/mixed; boundary=b\n\nBonjour\n--bc\n", "Bonjour\n--bc"},
		"delimiter behind a bare CR":    {mixed + "--b\n\nBonjour\rX--b \nx\n--b--\n", "--b\n\nBonjour\nX--b\nx\n--b--"},
		"no end, no line end":           {mixed + "--b\n\nBonjour", "Bonjour"},
		"file without a type":           {mixed + "--b\nContent-Disposition: attachment\n\nx\n--b\n\nBonjour\n--b--\n", "Bonjour"},
		"only a file":                   {mixed + "--b\nContent-Type: text/plain; name=a.txt\n\nBonjour\n--b--\n", "Bonjour"},
		"only a picture":                {mixed + "--b\nContent-Type: image/png\n\nx\n--b--\n", ""},
		"type that is none":             {mixed + "--b\nContent-Type: ;\n\nx\n--b\n\nBonjour\n--b--\n", "Bonjour"},
		"one wrong byte, no charset":    {from + "\nBonjour Zo\xc3\xa9 \x80", "Bonjour Zoé €"},
		"blanks behind a soft break":    {from + "Content-Transfer-Encoding: quoted-printable\n\nBon= \t\r\njour=", "Bonjour"},
		"base64 in pieces, and junk":    {from + "Content-Transfer-Encoding: Base64\n\nQm9uag==\n*\xc3b3Vy\nA", "Bonjour"},
		"unknown encoding":              {from + "Content-Transfer-Encoding: x-none\n\nBonjour =41", "Bonjour =41"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := mail.Parse([]byte(c.raw), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
			is.Equal(m.Unreadable, "")
			is.Equal(m.Body, c.want)
		})
	}
}
