package smtp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/matryer/is"

	amazonmail "github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/smtp"
	"github.com/keybuzzio/marketplaces/domain"
)

// compose returns m as it leaves.
func compose(t testing.TB, m domain.OutgoingMessage) []byte {
	t.Helper()
	is := is.New(t)
	raw, size, err := smtp.Compose(t.Context(), m)
	is.NoErr(err)
	is.Equal(size, int64(len(raw)))
	return raw
}

// texts are answers in the languages that sellers write.
var texts = map[string]string{
	"fr": "Bonjour,\n\nvotre colis est bloqué à l’entrepôt ; il repartira dès demain (n° 6A123).\n\nCœur « à » vous",
	"de": "Guten Tag,\n\nIhr Paket wird übermorgen zugestellt. Größe: 42, Straße geprüft.\n\nMit freundlichen Grüßen",
	"es": "¡Hola!\n\nSu pedido llegará mañana. ¿Podría enviarnos una foto del daño?",
	"it": "Buongiorno,\n\nla spedizione è partita; arriverà lunedì, così può stare tranquilla.",
	"nl": "Goedendag,\n\nde factuur gaat als bijlage mee — één pagina.",
	"pl": "Dzień dobry,\n\nzwrot pieniędzy został zlecony. Proszę o cierpliwość: źdźbło, żółć, ąęśćłóń.",
	"sv": "Hej!\n\nPaketet är på väg och når dig på lördag. Åäö.",
	"pt": "Olá,\n\na encomenda já saiu; não é preciso fazer mais nada. Até amanhã.",
	"en": "Hello,\n\nyour parcel left yesterday = it arrives tomorrow.\n. A line with a dot\n..\n.\nFrom here on all is well.\n-- \nShop",
	"tr": "Merhaba,\n\nkargonuz yola çıktı. İyi günler, ğüşıöç.",
	"ja": "こんにちは。\n\nお荷物は明日届きます。ご不便をおかけして申し訳ございません。",
	"ar": "مرحبا،\n\nستصل الشحنة غدا إن شاء الله.",
	"el": "Καλησπέρα,\n\nτο δέμα σας φτάνει αύριο.",

	"long lines":         strings.Repeat("abcdefghij ", 400) + "\n" + strings.Repeat("x", 5000) + "\n" + strings.Repeat("é", 3000),
	"blanks at the ends": "one  \ntwo\t\nthree \t \n\n\n\nfour",
	"like a header":      "Bcc: other@example.com\nContent-Type: text/html\n\n<b>no</b>\n--=_\n--",
	"From at the start":  "From here it goes on\nFrom there too\n>From",
}

func TestWhatIsBuiltIsReadBack(t *testing.T) {
	t.Parallel()
	for name, text := range texts {
		for _, files := range []int{0, 2} {
			t.Run(fmt.Sprintf("%s, %d files", name, files), func(t *testing.T) {
				t.Parallel()
				is := is.New(t)
				m := answer()
				m.Text, m.Subject = text, "Re: "+strings.ReplaceAll(firstLine(text), ">", "")+" 123-4567890-1234567"
				one := bytes.Repeat([]byte{0, 1, '\r', '\n', '.', '\r', 0xff}, 5000)
				if files > 0 {
					m.Files = []domain.OutgoingFile{file("facture.pdf", "application/pdf", one), file("empty.txt", "text/plain", nil)}
				}
				raw := compose(t, m)
				checkForm(t, raw)

				other, err := read(raw)
				is.NoErr(err)
				is.Equal(strings.TrimRight(other.Text, "\n"), text) // as the standard library reads it

				ours := amazonmail.Interpreter{}.Parse(raw, time.Time{})
				is.Equal(ours.Unreadable, "")
				is.Equal(squeeze(ours.FullText), squeeze(text))
				is.Equal(ours.OrderID, m.OrderID)
				is.Equal(ours.MailID, m.MessageID)
				is.Equal(ours.References[0], m.InReplyTo)
				is.Equal(ours.ReceivedAt, m.Date)
				is.Equal(len(ours.Files), files)
				if files > 0 {
					is.Equal(ours.Files[0].OriginalName, "facture.pdf")
					is.Equal(ours.Files[0].DeclaredType, "application/pdf")
					content, err := amazonmail.Interpreter{}.File(domain.Source{MediaType: amazonmail.MediaType, Bytes: raw}, 0)
					is.NoErr(err)
					is.True(bytes.Equal(content, one))
				}
			})
		}
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimSpace(line[:min(len(line), 60)])
}

// squeeze leaves out what a reader of text for people may change: blanks at the ends of lines and empty lines.
func squeeze(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// fields that a message may have.
var fields = []string{
	"Content-Language", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "In-Reply-To", "Message-Id", "Mime-Version",
	"References", "Subject", "To",
}

// checkForm checks what must hold for every message that leaves: 7 bit, lines of at most 998 bytes that end with
// CRLF, no field but ours, each once.
func checkForm(t testing.TB, raw []byte) {
	t.Helper()
	is := is.New(t)
	is.True(bytes.HasSuffix(raw, []byte("\r\n")))
	for line := range bytes.SplitSeq(bytes.TrimSuffix(raw, []byte("\r\n")), []byte("\r\n")) {
		if len(line) > 998 {
			t.Fatalf("a line has %d bytes", len(line))
		}
		if at := bytes.IndexFunc(line, func(r rune) bool { return r >= 0x7f || r < ' ' && r != '\t' }); at >= 0 {
			t.Fatalf("a line holds %q", line)
		}
	}
	header, _, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	is.True(ok)
	for line := range strings.SplitSeq(string(header), "\r\n") {
		is.True(strings.TrimSpace(line) != "") // some relays take it for the end of the header
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	is.NoErr(err)
	for name, values := range m.Header {
		if !slices.Contains(fields, name) || len(values) != 1 {
			t.Fatalf("the header has %s %d times", name, len(values))
		}
	}
}

// nasty are words that must do no harm in any field.
var nasty = []string{
	"a\r\nBcc: other@example.com", "a\nBcc: other@example.com", "a\rBcc: other@example.com", "a\x00b", "\r\n\r\n<html>",
	"a\r\n Bcc: folded", "a\u2028Bcc: x", "a\u0085Bcc: x", "a\v\fb", strings.Repeat("x", 1000), strings.Repeat("é", 1000), strings.Repeat(" ", 1000) + "x",
	strings.Repeat("a ", 1000), "=?utf-8?q?=0D=0ABcc:_x?=", "=?utf-8?b?DQpCY2M6IHg=?= =?", "\"quoted\" <a@b>", "a;b=c\"d\\", "\xff\xfe", "\u202egpj.exe", "", " ", ".",
	"../../etc/passwd", `C:\x\y.txt`, "a@b@c", "<a@b>", "a@b>\r\nX: y", "名前.pdf", "👩‍👩‍👧.png", "a\tb.pdf",
}

func TestNothingIsInjected(t *testing.T) {
	t.Parallel()
	for field, set := range map[string]func(m *domain.OutgoingMessage, s string){
		"subject":     func(m *domain.OutgoingMessage, s string) { m.Subject = s },
		"text":        func(m *domain.OutgoingMessage, s string) { m.Text = s },
		"language":    func(m *domain.OutgoingMessage, s string) { m.Language = s },
		"from":        func(m *domain.OutgoingMessage, s string) { m.From = s },
		"to":          func(m *domain.OutgoingMessage, s string) { m.To = s },
		"local part":  func(m *domain.OutgoingMessage, s string) { m.To = s + "@marketplace.amazon.fr" },
		"host":        func(m *domain.OutgoingMessage, s string) { m.To = "abc@" + s },
		"Message-ID":  func(m *domain.OutgoingMessage, s string) { m.MessageID = s },
		"its host":    func(m *domain.OutgoingMessage, s string) { m.MessageID = "abc@" + s },
		"In-Reply-To": func(m *domain.OutgoingMessage, s string) { m.InReplyTo = s + "@x" },
		"References":  func(m *domain.OutgoingMessage, s string) { m.References = []string{"a@b", s, s + "@x", "a@b"} },
		"file's name": func(m *domain.OutgoingMessage, s string) { m.Files[0].Name = s },
		"file's type": func(m *domain.OutgoingMessage, s string) { m.Files[0].MediaType = s },
		"with slash":  func(m *domain.OutgoingMessage, s string) { m.Files[0].MediaType = "text/" + s },
	} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			for _, s := range nasty {
				m := answer()
				m.Files = []domain.OutgoingFile{file("a.txt", "text/plain", []byte("x"))}
				set(&m, s)
				raw, _, err := smtp.Compose(t.Context(), m)
				if errors.Is(err, domain.ErrInvalid) {
					continue // refused is safe too
				}
				is.New(t).NoErr(err)
				checkForm(t, raw)
				got, err := read(raw)
				is.New(t).NoErr(err)
				is.New(t).Equal(len(got.Files), 1) // no part more, none less
			}
		})
	}
}

func TestSubjectKeepsItsWords(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]string{
		"Commande 123-4567890-1234567":           "Commande 123-4567890-1234567",
		"Où est mon colis ? 123-4567890-1234567": "Où est mon colis ? 123-4567890-1234567",
		"=?utf-8?q?not_encoded?=":                "=?utf-8?q?not_encoded?=",
		"a  lot \r\n of\tblanks":                 "a lot of blanks",
		strings.Repeat("ü", 300):                 strings.Repeat("ü", 300),
		strings.Repeat("x", 1500):                strings.Repeat("x", 1500),
		"お問い合わせ 503-1234567-1234567 👩‍👩‍👧 " + "の件": "お問い合わせ 503-1234567-1234567 👩‍👩‍👧 の件",
	} {
		is := is.New(t)
		m := answer()
		m.Subject = subject
		raw := compose(t, m)
		checkForm(t, raw)
		read, err := mail.ReadMessage(bytes.NewReader(raw))
		is.NoErr(err)
		got, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
		is.NoErr(err)
		is.Equal(got, want)
	}
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Rechnung-für-", 40)
	for name, want := range map[string]string{
		"facture.pdf": "facture.pdf", "étiquette n° 3.pdf": "étiquette n° 3.pdf", "請求書.pdf": "請求書.pdf",
		`a"b\c;d.pdf`: "c;d.pdf", "../../etc/passwd": "passwd", `C:\tmp\x.txt`: "x.txt", "a\r\nBcc: x.pdf": "a__Bcc: x.pdf",
		"\u202egpj.exe": "_gpj.exe", "": "file", "...": "file", " . ": "file", "a     b.pdf": "a b.pdf", "a\x00.pdf": "a_.pdf",
		"%41*'x.pdf": "%41*'x.pdf", "=?utf-8?q?x?=.pdf": "=_utf-8?q?x?=.pdf", "👩‍👩‍👧.png": "👩‍👩‍👧.png", "\xff.pdf": "_.pdf",
		long + ".pdf": cutAt(long, 196) + ".pdf",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			is.Equal(smtp.FileName(name), want)
			m := answer()
			m.Files = []domain.OutgoingFile{file(name, "application/pdf", []byte("%PDF"))}
			raw := compose(t, m)
			checkForm(t, raw)
			got, err := read(raw)
			is.NoErr(err)
			is.Equal(string(got.Files[want]), "%PDF") // as the standard library reads it
			ours := amazonmail.Interpreter{}.Parse(raw, time.Time{})
			is.Equal(ours.Files[0].OriginalName, want)
		})
	}
}

// cutAt cuts s to at most n bytes between characters.
func cutAt(s string, n int) string {
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func TestThreadIsKept(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("%d@example.com", i))
	}
	for name, c := range map[string]struct {
		inReplyTo  string
		references []string
		want       []string // References
	}{
		"the answered one ends it":      {"b@x", []string{"a@x", "b@x"}, []string{"a@x", "b@x"}},
		"wherever it stands":            {"a@x", []string{"a@x", "b@x"}, []string{"b@x", "a@x"}},
		"and where it does not":         {"c@x", []string{"a@x"}, []string{"a@x", "c@x"}},
		"each once":                     {"a@x", []string{"a@x", "a@x"}, []string{"a@x"}},
		"nothing to refer to":           {"", nil, nil},
		"what cannot be written is not": {"a b@x", []string{"ok@x", "a>b@x", "é@x"}, []string{"ok@x"}},
		"a long one: first and latest":  {"100@example.com", many, append([]string{"0@example.com"}, append(slices.Clone(many[82:]), "100@example.com")...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := answer()
			m.InReplyTo, m.References = c.inReplyTo, c.references
			read, err := mail.ReadMessage(bytes.NewReader(compose(t, m)))
			is.NoErr(err)
			var want []string
			for _, id := range c.want {
				want = append(want, "<"+id+">")
			}
			is.Equal(strings.Fields(read.Header.Get("References")), append([]string{}, want...))
		})
	}
}

func TestSameMessageIsTheSameBytes(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	m := answer()
	m.Files = []domain.OutgoingFile{file("a.pdf", "application/pdf", []byte("x"))}
	is.True(bytes.Equal(compose(t, m), compose(t, m)))
}

// FuzzLetter builds messages of anything: each is refused, or well formed and readable.
func FuzzLetter(f *testing.F) {
	for _, s := range nasty {
		f.Add(s, s, s, "text/plain", s+"@x", "a@marketplace.amazon.fr")
	}
	for _, text := range texts {
		f.Add("Re: "+text[:10], text, "a.pdf", "application/pdf", "a@b", "abc@marketplace.amazon.de")
	}
	f.Fuzz(func(t *testing.T, subject, text, name, mediaType, id, to string) {
		m := answer()
		m.Subject, m.Text, m.To, m.InReplyTo, m.References = subject, text, to, id, []string{id, text}
		m.Files = []domain.OutgoingFile{file(name, mediaType, []byte(text))}
		raw, size, err := smtp.Compose(t.Context(), m)
		if err != nil {
			if !errors.Is(err, domain.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		if size != int64(len(raw)) {
			t.Fatalf("%d bytes were announced and %d written", size, len(raw))
		}
		checkForm(t, raw)
		got, err := read(raw)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.TrimRight(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
		if strings.TrimRight(got.Text, "\n") != want {
			t.Fatalf("got text %q, want %q", got.Text, want)
		}
		if content, ok := got.Files[smtp.FileName(name)]; !ok || string(content) != text {
			t.Fatalf("the file %q came as %v", smtp.FileName(name), got.Files)
		}
	})
}

// written counts what a message has come to so far.
type written int64

func (w *written) Write(b []byte) (int, error) {
	*w += written(len(b))
	return len(b), nil
}

// ahead is content that notes how far its reader is ahead of what it has written.
type ahead struct {
	written *written
	read    int64
	most    int64
}

func (a *ahead) Read(b []byte) (int, error) {
	a.most = max(a.most, a.read-int64(*a.written))
	n := int(min(int64(len(b)), size-a.read))
	if a.read += int64(n); n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (a *ahead) Close() error { return nil }

const size = 20 << 20

func TestFilesAreWrittenWhileTheyAreRead(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	m, out := answer(), new(written)
	content := &ahead{written: out}
	m.Files = []domain.OutgoingFile{{
		Name: "a.bin", Size: size, Open: func(context.Context) (io.ReadCloser, error) { return content, nil },
	}}
	is.NoErr(smtp.ComposeTo(t.Context(), out, m))
	is.Equal(content.read, int64(size))
	is.True(content.most < 100<<10)
}
