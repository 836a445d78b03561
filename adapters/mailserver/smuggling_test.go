package mailserver_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/mailserver"
	"github.com/keybuzzio/marketplaces/ports"
)

// Texts that some server takes for two mails (SMTP smuggling): none of them gives a second mail here, nor a first.
func TestOneMailIsNeverTwo(t *testing.T) {
	t.Parallel()
	const second = "MAIL FROM:<evil@example.com>\r\nRCPT TO:<OTHER>\r\nDATA\r\nX: smuggled\r\n\r\nsmuggled\r\n.\r\n"
	for name, end := range map[string]string{
		"LF dot LF":            "\n.\n",
		"LF dot CR LF":         "\n.\r\n",
		"CR LF dot LF":         "\r\n.\n",
		"CR dot CR":            "\r.\r",
		"CR dot CR LF":         "\r.\r\n",
		"CR dot LF":            "\r.\n",
		"LF dot CR":            "\n.\r",
		"LF CR dot CR LF":      "\n\r.\r\n",
		"CR CR LF dot CR LF":   "\r\r\n.\r\n",
		"LF LF dot CR LF":      "\n\n.\r\n",
		"NUL CR LF dot LF":     "\x00\r\n.\n",
		"CR LF NUL dot CR LF?": "\r\n\x00.\n",
		"CR NUL LF dot CR LF":  "\r\x00\n.\r\n",
	} {
		for _, lmtp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, LMTP %t", name, lmtp), func(t *testing.T) {
				t.Parallel()
				is, s := is.New(t), newStage(t)
				w := dial(t, s.serve(t, mailserver.Options{LMTP: lmtp}))
				w.want("220")
				w.talk(s.fill(hello(lmtp) + "> MAIL FROM:<a@example.com>\n< 250\n> RCPT TO:<LIVE>\n< 250\n> DATA\n< 354"))
				w.send("X: first\r\n\r\nfirst" + end + s.fill(second))
				w.want("550 5.6.11")
				for answer := w.reply(); answer != ""; answer = w.reply() {
					is.True(!strings.HasPrefix(answer, "2")) // nothing of what follows is taken
					is.True(!strings.HasPrefix(answer, "354"))
				}
				is.Equal(len(s.read.all()), 0)
				is.Equal(s.observer.count(ports.DeliveryRefused), 1)
			})
		}
	}
}

// In chunks, too, a text has lines: what is stored must not be two mails to whoever reads it next.
func TestChunksHaveLines(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	for name, text := range map[string]string{"a bare LF": "X: y\n\r\n", "a bare CR": "X: y\rz\r\n", "a CR at the end": "X: y\r\n\r"} {
		t.Run(name, func(t *testing.T) {
			w := dial(t, s.serve(t, mailserver.Options{}))
			w.want("220")
			w.talk(s.fill("> EHLO mx\n< 250\n> MAIL FROM:<a@example.com>\n< 250\n> RCPT TO:<LIVE>\n< 250"))
			w.send(fmt.Sprintf("BDAT %d LAST\r\n%s", len(text), text))
			w.want("550 5.6.11")
		})
	}
	is.Equal(len(s.read.all()), 0)
}

// Nor does a mail end at dots that its sender did not double, as the rules ask for. go-smtp takes a CR behind such a dot for
// a part of it, so that it is not seen standing alone; what follows is text all the same.
func TestOddDots(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sent, stored string }{
		"a dot that is not doubled":     {"X: y\r\n\r\n.a\r\n", "X: y\r\n\r\na\r\n"},
		"and a command behind it":       {"X: y\r\n\r\n.QUIT\r\n", "X: y\r\n\r\nQUIT\r\n"},
		"a dot and a CR before a text":  {"X: y\r\n\r\n.\rMAIL FROM:<a@b>\r\n", "X: y\r\n\r\nMAIL FROM:<a@b>\r\n"},
		"a dot, a CR and a line end":    {"X: y\r\n\r\n.\r\r\nRSET\r\n", "X: y\r\n\r\n\r\nRSET\r\n"},
		"a space behind the dot":        {"X: y\r\n\r\n. \r\n", "X: y\r\n\r\n \r\n"},
		"dots in the middle of a line":  {"X: y\r\n\r\na.\r\n", "X: y\r\n\r\na.\r\n"},
		"many dots at the end":          {"X: y\r\n\r\n....\r\n", "X: y\r\n\r\n...\r\n"},
		"an empty line before the dots": {"X: y\r\n\r\n\r\n..\r\n", "X: y\r\n\r\n\r\n.\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is, s := is.New(t), newStage(t)
			w := dial(t, s.serve(t, mailserver.Options{}))
			w.want("220")
			w.talk(s.fill("> EHLO mx\n< 250\n> MAIL FROM:<a@example.com>\n< 250\n> RCPT TO:<LIVE>\n< 250\n> DATA\n< 354"))
			w.send(c.sent + ".\r\n")
			w.want("250")
			is.Equal(s.read.all(), []string{c.stored})
			w.talk("> QUIT\n< 221\n<")
		})
	}
}
