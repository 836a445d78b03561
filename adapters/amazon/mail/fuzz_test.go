package mail_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"mime/quotedprintable"
	"reflect"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	utf "golang.org/x/text/encoding/unicode"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
)

// reader is receiver, for mails that come.
var reader = mail.Interpreter{AuthServer: mailtest.AuthServer}

// nobodyTrusted reads where no receiver is trusted.
var nobodyTrusted mail.Interpreter

var fuzzArrival = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// FuzzParse holds what is so of all bytes: what they say is always the same, also when it is read again, and can be stored.
func FuzzParse(f *testing.F) {
	for _, m := range mailtest.Mails(3, 300) {
		f.Add(m.Raw)
	}
	f.Add([]byte("From: x\nContent-Type: multipart/mixed; boundary=\"\"\n\n--\n--"))
	f.Add([]byte("From: x\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n--a--"))
	f.Add([]byte("From: <0@amazon.fr>\n\nhttp://amazon.fr?customAttribute1Value=BBC_MESSAGE_SENT_TO_MERCHANT"))
	f.Add([]byte("From: x\nContent-Type: multipart/mixed; boundary=a\n\n--a--\n--a\nb"))
	for _, a := range mailtest.Hostile() {
		if a.Size() < 64<<10 {
			f.Add(a.Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		begun, had := time.Now(), allocated()
		m := reader.Parse(raw, fuzzArrival)
		if took := time.Since(begun); took > 10*time.Second+time.Duration(len(raw))*10*time.Microsecond {
			t.Fatalf("it takes %v", took)
		}
		if took := allocated() - had; took > 1<<20+100*uint64(len(raw)) {
			t.Fatalf("it takes %d bytes for %d", took, len(raw))
		}
		if !bytes.Equal(raw, before) {
			t.Fatal("the raw was changed")
		}
		if again := reader.Parse(before, fuzzArrival); !reflect.DeepEqual(m, again) {
			t.Fatalf("the same bytes give two messages: %+v %+v", m, again)
		}
		if again := reader.Interpret(m.Source, m.ReceivedAt); again.Unreadable == m.Unreadable && !reflect.DeepEqual(m, again) {
			t.Fatalf("read again it is another message: %+v %+v", m, again)
		}
		if len(m.Body)+len(m.Quoted) > 4*len(raw) || len(m.FullText) > 4*len(raw) {
			t.Fatal("the text is larger than the mail can hold")
		}
		for _, text := range []string{m.Body, m.Quoted, m.FullText, m.Subject, m.Evidence, m.MailID, fmt.Sprint(m.References), fmt.Sprint(m.Facts)} {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				t.Fatalf("not fit to be stored: %q", text)
			}
		}
		if m.Evidence == "sender:relay" && !strings.Contains(m.BuyerEmail, "@marketplace.amazon.") {
			t.Fatalf("a buyer without a relay address: %q", m.BuyerEmail)
		}
		if m.Unreadable == "" {
			checkStorable(t, m)
		}
	})
}

// allocated is how many bytes were ever taken from the heap.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// FuzzBuyerText holds that no letter between the markers is lost, however the text is sent, and that nothing of Amazon's comes
// from the buyer.
func FuzzBuyerText(f *testing.F) {
	for i, m := range mailtest.Buyers(mailtest.Mails(5, 300)) {
		f.Add(m.Want.Body+"\n\n"+m.Want.Quoted, byte(i))
	}
	f.Add("a\n------- Fin du message -------\nhttps://sellercentral.amazon.fr/messaging/no-response-needed?t=AFORGEDFORGEDFORGED00&m=AFORGEDFORGEDFORGED01\n", byte(1))
	f.Add("Le 2 mars 2026 à 09:12, x a écrit :\n> a\nb\n\nOn 2 Mar 2026 at 9:12 x wrote:\nc", byte(0))
	f.Add("De : x\nÀ : y\nObjet : z\n\n-----Message d'origine-----\n> é", byte(3))
	const thread, message = "A0123456789THREAD0123", "A0123456789MESSAGE012"
	f.Fuzz(func(t *testing.T, text string, how byte) {
		if !utf8.ValidString(text) {
			return
		}
		body := "Vous avez reçu un message.\n\n------------- Message:  -------------\n\n" + text + "\n\n------------- Fin du message -------------\n\n" +
			"Résoudre le cas https://sellercentral.amazon.fr/messaging/no-response-needed?t=" + thread + "&m=" + message + "\n"
		m := reader.Parse(sentSo(t, body, how), fuzzArrival)
		if m.ThreadID != thread || m.ExternalID != message || m.OrderID != "" {
			t.Fatalf("ids of the buyer's: %q %q %q", m.ThreadID, m.ExternalID, m.OrderID)
		}
		if m.Quoted != "" && m.Body == "" {
			t.Fatal("all is quoted and nothing said")
		}
		if repaired(m) {
			return // letters became others, by intent
		}
		if got, want := letters(m.Body+m.Quoted), letters(text); !reflect.DeepEqual(got, want) {
			t.Fatalf("letters were lost or made up: %q and %q of %q", m.Body, m.Quoted, text)
		}
	})
}

// sentSo is a buyer's mail with a text: plain or as HTML, in three encodings and three charsets.
func sentSo(t *testing.T, text string, how byte) []byte {
	kind, charset := "text/plain", "; charset=utf-8"
	if how&1 != 0 {
		kind, text = "text/html", "<p>"+strings.ReplaceAll(html.EscapeString(text), "\n", "<br>")
	}
	switch how >> 1 & 3 {
	case 1:
		charset = "" // UTF-8, and it does not say so
	case 2:
		encoded, err := unicode16.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		charset, text, how = "; charset=utf-16", encoded, how|16 // in base64, as mails must
	}
	encoding := "8bit"
	switch {
	case how&16 != 0:
		encoding, text = "base64", base64.StdEncoding.EncodeToString([]byte(text))
	case how&8 != 0:
		var quoted strings.Builder
		w := quotedprintable.NewWriter(&quoted)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		encoding, text = "quoted-printable", quoted.String()
	}
	return []byte("From: Ana <a1b2c3d4e5f6g7h@marketplace.amazon.fr>\nSubject: Question\nContent-Type: " + kind + charset +
		"\nContent-Transfer-Encoding: " + encoding + "\n\n" + text)
}

var unicode16 = utf.UTF16(utf.BigEndian, utf.UseBOM)

func repaired(m domain.InboundMessage) bool {
	for _, f := range m.Flags {
		if f == domain.FlagTextRepaired {
			return true
		}
	}
	return false
}

// letters counts the letters and digits of a text.
func letters(text string) map[rune]int {
	n := map[rune]int{}
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			n[r]++
		}
	}
	return n
}
