package mail_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
)

// TestForeignMails reads mails that nobody here wrote: as they are, cut off, and as a file of a buyer's message.
func TestForeignMails(t *testing.T) {
	t.Parallel()
	read := 0
	for _, m := range mailtest.Foreign(t) {
		if checkKept(t, m, m.Raw).Unreadable == "" {
			read++
		}
		for i := 1; i < 8; i++ {
			checkKept(t, m, m.Raw[:len(m.Raw)*i/8])
		}
		around := mailtest.Mail{Shape: m.Shape + ", attached", Arrived: m.Arrived}
		raw := append([]byte("From: Ana <a1b2c3d4e5f6g7h@marketplace.amazon.fr>\r\nContent-Type: multipart/mixed; boundary=\"around foreign mails\"\r\n\r\n"+
			"--around foreign mails\r\n\r\nBonjour\r\n--around foreign mails\r\nContent-Type: message/rfc822\r\n\r\n"), m.Raw...)
		raw = append(raw, "\r\n--around foreign mails--\r\n"...)
		got := checkKept(t, around, raw)
		if got.Kind != domain.KindBuyerMessage || got.Body != "Bonjour" || len(got.Files) != 1 || got.Files[0].Digest != domain.DigestOf(m.Raw) {
			t.Errorf("%s: attached to a message it changes it: %s, %.300q, %v", m.Shape, got.Kind, got.Body, got.Files)
		}
	}
	if read < 90 { // the others are parts of mails
		t.Errorf("only %d mails of others are understood", read)
	}
}

// TestSpoiltMails reads buyers' messages of which bytes were lost, doubled or changed on the way.
func TestSpoiltMails(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, m := range mailtest.Mails(5, 400) {
		for range 5 {
			raw := bytes.Clone(m.Raw)
			from := rnd.IntN(len(raw))
			to := from + rnd.IntN(min(200, len(raw)-from)+1)
			switch rnd.IntN(4) {
			case 0:
				raw = raw[:from]
			case 1:
				raw = append(raw[:from], raw[to:]...)
			case 2:
				raw = append(bytes.Clone(raw[:to]), raw[from:]...)
			case 3:
				for i := from; i < to; i++ {
					raw[i] = byte(rnd.Uint32())
				}
			}
			checkKept(t, m, raw)
		}
	}
}

// TestHostileMails holds the time that mails take which are made to take long. What a mail server does not take is left out.
func TestHostileMails(t *testing.T) {
	t.Parallel()
	for _, a := range mailtest.Hostile() {
		if a.Size() > 32<<20 {
			continue
		}
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			raw := a.Bytes()
			m := mailtest.Mail{Shape: a.Name, Arrived: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
			begin := time.Now()
			got := checkKept(t, m, raw)
			if took := time.Since(begin); took > time.Minute { // some 100 ms each; the bound is for a loaded machine, with the race detector
				t.Errorf("it takes %v", took)
			}
			if got.Kind != domain.KindBuyerMessage {
				t.Errorf("it is a %s", got.Kind)
			}
			if n := len(got.Body) + len(got.Quoted) + len(got.FullText); n > 8*len(raw) {
				t.Errorf("its text is of %d bytes, of %d", n, len(raw))
			}
		})
	}
}

// checkKept holds that a mail of whatever bytes is either fit to be stored or rejected with a reason, with its raw in both
// cases, and that the same bytes give the same. It returns what was read.
func checkKept(t *testing.T, m mailtest.Mail, raw []byte) domain.InboundMessage {
	t.Helper()
	got := interpret(m, raw)
	if !reflect.DeepEqual(got, interpret(m, bytes.Clone(raw))) {
		t.Errorf("%s: the same bytes give two messages", m.Shape)
	}
	texts := append([]string{
		got.Evidence, got.ExternalID, got.MailID, got.ThreadID, got.OrderID, got.BuyerName, got.BuyerEmail, got.Language, got.Subject,
		got.Body, got.Quoted, got.FullText, got.Unreadable, got.Code,
	}, got.References...)
	for key, value := range got.Facts {
		texts = append(texts, key, value)
	}
	for _, f := range got.Files {
		texts = append(texts, f.Name, f.OriginalName, f.DeclaredType, f.Type, f.ContentID)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			t.Errorf("%s: a field is no text: %.300q", m.Shape, text)
		}
	}
	if len(got.Files) <= 10 {
		checkContents(t, m.Shape, got)
	}
	s := domain.Screen(domain.ConnectionState{}, []domain.InboundMessage{got})
	switch {
	case len(s.Accepted) == 1 && len(s.Rejected) == 0:
		if !bytes.Equal(s.Accepted[0].Source.Bytes, raw) {
			t.Errorf("%s: another raw is kept", m.Shape)
		}
	case len(s.Accepted) == 0 && len(s.Rejected) == 1:
		if r := s.Rejected[0]; r.Reason == "" || r.Reason == domain.RejectNUL || r.Reason == domain.RejectUTF8 {
			t.Errorf("%s: it is rejected for %q", m.Shape, r.Reason)
		}
		if len(raw) > 0 && s.Rejected[0].Source.Digest != domain.DigestOf(raw) {
			t.Errorf("%s: another raw is kept", m.Shape)
		}
	default:
		t.Errorf("%s: it is lost", m.Shape)
	}
	return got
}
