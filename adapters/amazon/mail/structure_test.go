package mail_test

import (
	"testing"

	"github.com/matryer/is"
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
		"delimiter behind a bare CR":    {mixed + "--b\n\nBonjour\rX--b \nx\n--b--\n", "Bonjour\nX--b\nx"},
		"no end, no line end":           {mixed + "--b\n\nBonjour", "Bonjour"},
		"file without a type":           {mixed + "--b\nContent-Disposition: attachment\n\nx\n--b\n\nBonjour\n--b--\n", "Bonjour"},
		"only a file":                   {mixed + "--b\nContent-Type: text/plain; name=a.txt\n\nBonjour\n--b--\n", "Bonjour"},
		"only a picture":                {mixed + "--b\nContent-Type: image/png\n\nx\n--b--\n", ""},
		"type that is none":             {mixed + "--b\nContent-Type: ;\n\nx\n--b\n\nBonjour\n--b--\n", "Bonjour"},
		"one wrong byte, no charset":    {from + "\nBonjour Zo\xc3\xa9 \x80", "Bonjour Zoé €"},
		"blanks behind a soft break":    {from + "Content-Transfer-Encoding: quoted-printable\n\nBon= \t\r\njour=", "Bonjour"},
		"base64 in pieces, and junk":    {from + "Content-Transfer-Encoding: Base64\n\nQm9uag==\n*\xc3b3Vy\nA", "Bonjour"},
		"inner boundary is the outer":   {mixed + "--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nBonjour\n--b--\n", "Bonjour"},
		"part behind the end":           {mixed + "--b--\n--b\n\nBonjour", "Bonjour"},
		"part without an empty line":    {mixed + "--b\nBonjour\n--b--", "Bonjour"},
		"text for a header":             {mixed + "--b\nBonjour\n\nà vous\n--b--", "Bonjour\n\nà vous"},
		"inner multipart not ended":     {mixed + "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nBonjour\n--b\nContent-Type: image/png\n\nx\n--b--", "Bonjour"},
		"field folded without a blank":  {from + "Content-Type: text/html;\ncharset=utf-8\n\n<p>Bonjour", "Bonjour"},
		"blanks behind a delimiter":     {mixed + "--b \t\n\nBonjour\n--b-- \n", "Bonjour"},
		"unknown encoding":              {from + "Content-Transfer-Encoding: x-none\n\nBonjour =41", "Bonjour =41"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := read(c.raw)
			is.Equal(m.Unreadable, "")
			is.Equal(m.Body, c.want)
		})
	}
}
