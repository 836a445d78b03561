package mail_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
)

// everyShape is more mails than there are shapes in all languages.
const everyShape = 1000

func TestParse(t *testing.T) {
	t.Parallel()
	mails := mailtest.Mails(1, everyShape)
	for name, transport := range mailtest.Transports() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, m := range mails {
				checkParse(t, m, transport(m.Raw))
			}
		})
	}
}

// checkParse reads raw, in which m arrived, and reports what is not as m wants it.
func checkParse(t *testing.T, m mailtest.Mail, raw []byte) {
	t.Helper()
	got, want := mail.Parse(raw, m.Arrived), m.Want
	compared := []struct{ field, got, want string }{
		{"Kind", string(got.Kind), string(want.Kind)},
		{"Subject", got.Subject, want.Subject},
		{"ReceivedAt", got.ReceivedAt.String(), want.ReceivedAt.String()},
		{"Unreadable", got.Unreadable, ""},
	}
	if want.Kind == domain.KindBuyerMessage || want.OrderID != "" {
		compared = append(compared, []struct{ field, got, want string }{{"OrderID", got.OrderID, want.OrderID}}...)
	}
	if want.Kind == domain.KindBuyerMessage {
		if want.Language == mailtest.AnyLanguage {
			want.Language = got.Language
		}
		compared = append(compared, []struct{ field, got, want string }{
			{"ThreadID", got.ThreadID, want.ThreadID}, {"BuyerName", got.BuyerName, want.BuyerName},
			{"BuyerEmail", got.BuyerEmail, want.BuyerEmail}, {"Language", got.Language, want.Language}, {"Body", got.Body, want.Body},
		}...)
	}
	for _, c := range compared {
		if c.got != c.want {
			t.Errorf("%s: %s is %q, not %q", m.Shape, c.field, c.got, c.want)
		}
	}
	if got.ExternalID == "" || !bytes.Equal(got.Raw.Bytes, raw) || got.Raw.MediaType != mail.MediaType {
		t.Errorf("%s: no id or another raw", m.Shape)
	}
}

func TestParseIdentity(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ids, keys := map[string]string{}, map[string]string{} // id of a message, message of an id
	for _, m := range mailtest.Mails(2, everyShape) {
		for _, transport := range mailtest.Transports() {
			id := mail.Parse(transport(m.Raw), m.Arrived).ExternalID
			if ids[m.Key] == "" {
				ids[m.Key] = id
			}
			is.Equal(ids[m.Key], id) // every delivery of a message has its id, whatever the way
			if keys[id] == "" {
				keys[id] = m.Key
			}
			is.Equal(keys[id], m.Key) // and no other message has it
		}
	}
}

func TestParseFields(t *testing.T) {
	t.Parallel()
	arrived := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	const relay = "a1b2c3d4e5f6g7h@marketplace.amazon.fr"
	for name, c := range map[string]struct {
		raw  string
		want domain.InboundMessage // fields that are set
	}{
		"suffix of the French marketplace": {
			"From: Zo=?UTF-8?Q?=C3=A9?= - Marketplace d’Amazon.fr <" + relay + ">\n\nBonjour",
			domain.InboundMessage{BuyerName: "Zoé", BuyerEmail: relay, Body: "Bonjour"},
		},
		"suffix of the Italian marketplace": {
			"From: \"Tea - Marketplace Amazon\" <" + relay + ">\n\nCiao", domain.InboundMessage{BuyerName: "Tea", BuyerEmail: relay},
		},
		"name with a bare comma": {
			"From: Petit, Ana <" + relay + ">\n\nBonjour", domain.InboundMessage{BuyerName: "Petit, Ana", BuyerEmail: relay},
		},
		"name that is another address": {
			"From: ana@home.example <" + relay + ">\n\nBonjour", domain.InboundMessage{BuyerName: "ana@home.example", BuyerEmail: relay},
		},
		"name in raw bytes": {
			"From: Zo\xe9 <" + relay + ">\n\nBonjour", domain.InboundMessage{BuyerName: "Zoé", BuyerEmail: relay},
		},
		"name that is the address": {
			"From: \"" + relay + "\" <" + relay + ">\n\nBonjour", domain.InboundMessage{Kind: domain.KindBuyerMessage, BuyerName: "none"},
		},
		"relay without a name, in capitals": {
			"From: A1B2C3D4E5F6@MARKETPLACE.AMAZON.FR\n\nBonjour",
			domain.InboundMessage{Kind: domain.KindBuyerMessage, BuyerEmail: "A1B2C3D4E5F6@marketplace.amazon.fr"},
		},
		"robot in the relay's domain": {
			"From: no-reply@marketplace.amazon.fr\n\nx", domain.InboundMessage{Kind: domain.KindNotice},
		},
		"digital order, and a card number before it": {
			"From: " + relay + "\nSubject: 4999-1234567-1234567 D01-1234567-7654321\n\nx", domain.InboundMessage{OrderID: "D01-1234567-7654321"},
		},
		"order in the buyer's words only": {
			"From: " + relay + "\nSubject: x\n\n------- Message: -------\n999-1234567-1234567\n------- Fin du message -------",
			domain.InboundMessage{Kind: domain.KindBuyerMessage, Body: "999-1234567-1234567", OrderID: "none"},
		},
		"dashes and quotes of the buyer stay": {
			"From: " + relay + "\n\n------- Message: -------\n---\n> a\n------ b ------\n-- \nc\n------- Fin du message -------\nx",
			domain.InboundMessage{Body: "---\n> a\n------ b ------\n--\nc"},
		},
		"dashes of the buyer's where the closing marker is missing": {
			"From: " + relay + "\n\n------- Message: -------\na\n------ PS ------\nb\nRésoudre le cas https://sellercentral.amazon.fr/messaging/inbox",
			domain.InboundMessage{Body: "a\n------ PS ------\nb"},
		},
		"a line of dashes in the footer": {
			"From: " + relay + "\n\na\n------- Fin du message -------\n------ x ------\n", domain.InboundMessage{Body: "a"},
		},
		"empty between the markers": {
			"From: " + relay + "\n\n------- Message: -------\n\n------- Fin du message -------\nx", domain.InboundMessage{Kind: domain.KindBuyerMessage, Body: "none"},
		},
		"markers after a wrong charset": {
			"From: " + relay + "\n\n------- D?but du message -------\noui ?\n------- Fin du message -------\nx", domain.InboundMessage{Body: "oui ?"},
		},
		"link of the footer on a foreign host": {
			"From: " + relay + "\n\n------- Message: -------\nx\n------- Fin du message -------\nhttps://sellercentral.amazon.fr.evil.example/messaging/no-response-needed?t=A0123456789ABCDEFGHIJ",
			domain.InboundMessage{Body: "x", ThreadID: "none"},
		},
		"thread of 2016, which is none": {
			"From: " + relay + "\n\n-------- Begin message --------\nx\n-------- End message --------\nhttps://www.amazon.com/gp/communication-manager/no-response-needed.html?t=" + strings.Repeat("a", 40),
			domain.InboundMessage{Body: "x", ThreadID: "none"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			got := mail.Parse([]byte(c.raw), arrived)
			for _, f := range []struct{ got, want string }{
				{string(got.Kind), string(c.want.Kind)}, {got.BuyerName, c.want.BuyerName}, {got.BuyerEmail, c.want.BuyerEmail},
				{got.OrderID, c.want.OrderID}, {got.Body, c.want.Body}, {got.ThreadID, c.want.ThreadID},
			} {
				if f.want == "none" {
					is.Equal(f.got, "")
				} else if f.want != "" {
					is.Equal(f.got, f.want)
				}
			}
		})
	}
}

func TestParseUnreadable(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"nothing": "", "no header": "\r\n\r\nhello", "no mail": "hello world", "bytes": "\x00\x01\x02\xff", "fields of no mail": "a: b\n\nc",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := mail.Parse([]byte(raw), time.Now())
			is.True(m.Unreadable != "")
			is.Equal(string(m.Raw.Bytes), raw)
		})
	}
}

// TestParseHostile holds the time and memory that mails take which nobody sends in good faith, and that what they say
// is found all the same where it is within bounds.
func TestParseHostile(t *testing.T) {
	t.Parallel()
	const from = "From: a1b2c3d4e5f6@marketplace.amazon.fr\r\n"
	text := "Content-Type: text/plain\r\n\r\nBonjour\r\n"
	nested := func(depth int, end string) string {
		var b strings.Builder
		for i := range depth {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=\"b%d\"\r\n\r\n--b%d\r\n", i, i)
		}
		return from + b.String() + text + end
	}
	for name, c := range map[string]struct{ raw, body string }{
		"2,000 parts":          {from + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n"+text, 2000), "Bonjour"},
		"26 levels":            {nested(26, ""), ""}, // 20 s if enmime were to nest them
		"200 levels":           {nested(200, ""), ""},
		"10 levels and 60 KB":  {nested(10, strings.Repeat("x\r\n", 20<<10)), "Bonjour"},
		"10 levels and 2 MB":   {nested(10, strings.Repeat(strings.Repeat("x", 500)+"\r\n", 4<<10)), ""}, // five are read
		"5 MB of text":         {from + "\r\n" + strings.Repeat("Bonjour ", 5<<20/8), strings.TrimSpace(strings.Repeat("Bonjour ", 5<<20/8))},
		"header of 1 MB":       {from + "X: " + strings.Repeat("x\r\n ", 1<<18) + "\r\n\r\nBonjour", "Bonjour"},
		"60,000 fields":        {from + strings.Repeat("X: y\r\n", 60000) + "\r\nBonjour", "Bonjour"},
		"boundaries":           {from + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + manyBoundaries(2000) + strings.Repeat("x", 4<<20), ""},
		"what is no base64":    {from + "Content-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat("!", 4<<20), ""},
		"markers":              {from + "Content-Type: multipart/mixed; boundary=\"---\"\r\n\r\n-----\r\n\r\n" + strings.Repeat("---- x ----\r\n", 1<<18), ""},
		"dashes":               {from + "\r\n" + strings.Repeat("-----a", 1<<20), ""},
		"delimiters in a line": {from + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + strings.Repeat("--b", 1<<20), ""},
		"delimiters in lines":  {from + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + strings.Repeat("--bb\r\n", 1<<20), ""},
		"links":                {from + "\r\n" + strings.Repeat("http://a ", 1<<20), ""},
		"tags":                 {from + "Content-Type: text/html\r\n\r\n" + strings.Repeat("<a href='http://a'><p>", 1<<18), ""},
		"encoded words":        {from + "Subject: " + strings.Repeat("=?utf-8?q?a?= ", 1<<14) + "\r\n\r\nBonjour", "Bonjour"},
		"quotes":               {from + "Content-Type: text/plain; x=" + strings.Repeat("\"\\;=", 1<<15) + "\r\n\r\nBonjour", ""},
		"addresses":            {"From: " + strings.Repeat("a <b@c>,", 1<<15) + "\r\n\r\nBonjour", "Bonjour"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			begin := time.Now()
			m := mail.Parse([]byte(c.raw), begin)
			is.True(time.Since(begin) < 10*time.Second) // some 100 ms; the bound is for a loaded machine
			is.Equal(m.Unreadable, "")
			if c.body != "" {
				is.True(strings.HasPrefix(m.Body, c.body))
			}
			checkStorable(t, m)
		})
	}
}

// checkStorable holds that a message can be stored, unless its text is too long, which is said.
func checkStorable(t *testing.T, m domain.InboundMessage) {
	t.Helper()
	s := domain.Screen(domain.ConnectionState{}, []domain.InboundMessage{m})
	if len(m.Body) > domain.MaxBody {
		is.New(t).Equal(s.Rejected[0].Reason, domain.RejectTooLarge)
		return
	}
	is.New(t).Equal(len(s.Accepted), 1)
}

// manyBoundaries are parts that are multiparts of their own.
func manyBoundaries(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "--b\r\nContent-Type: multipart/mixed; boundary=c%d\r\n\r\n", i)
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	for _, m := range mailtest.Mails(3, 200) {
		f.Add(m.Raw)
	}
	f.Add([]byte("From: x\nContent-Type: multipart/mixed; boundary=\"\"\n\n--\n--"))
	arrived := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := mail.Parse(raw, arrived)
		again := mail.Parse(bytes.Clone(raw), arrived)
		if !reflect.DeepEqual(m, again) {
			t.Fatal("the same bytes give two messages")
		}
		if len(m.Body) > 4*len(raw) {
			t.Fatal("the text is larger than the mail can hold")
		}
		if m.Unreadable == "" {
			checkStorable(t, m)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	mails := mailtest.Buyers(mailtest.Mails(4, 300))
	size := 0
	for _, m := range mails {
		size += len(m.Raw)
	}
	b.SetBytes(int64(size / len(mails)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m := mails[i%len(mails)]
		mail.Parse(m.Raw, m.Arrived)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
