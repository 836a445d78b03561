package mailtest_test

import (
	"bytes"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
)

func TestMails(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	mails := mailtest.Mails(1, 900)
	is.Equal(len(mails), 900)
	is.True(reflect.DeepEqual(mails, mailtest.Mails(1, 900)))
	is.True(reflect.DeepEqual(mails[:40], mailtest.Mails(1, 40))) // more begin with the same
	is.True(!reflect.DeepEqual(mails, mailtest.Mails(2, 900)))
	is.True(len(mailtest.Buyers(mails)) > 500)

	languages := map[string]bool{}
	for _, m := range mails {
		languages[m.Want.Language] = true
		checkInvented(t, m)
	}
	for _, language := range []string{"fr", "de", "es", "it", "pt", "en", "ja", "nl", "pl", "sv", "tr", "ar"} {
		is.True(languages[language])
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(len(mailtest.Shapes()), 25)
	is.True(slices.IsSorted(mailtest.Shapes()))
	is.Equal(len(mailtest.Shape("S26", 1)), 0)
	kinds, names := map[domain.MessageKind]bool{}, map[string]string{}
	for _, shape := range mailtest.Shapes() {
		mails := mailtest.Shape(shape, 1)
		is.True(len(mails) > 0)
		is.True(shape == "S17" || reflect.DeepEqual(mails, mailtest.Shape(shape, 1)))
		for _, m := range mails {
			kinds[m.Want.Kind] = true
			checkInvented(t, m)
			if other, ok := names[m.Key]; ok && shape != "S02" && shape != "S18" {
				t.Errorf("%s and %s have one key", m.Shape, other)
			}
			names[m.Key] = m.Shape
			if (m.Conversation == "") != (m.Ticket == mailtest.TicketNone) {
				t.Errorf("%s: a conversation without a ticket, or a ticket without a conversation", m.Shape)
			}
		}
	}
	is.Equal(len(kinds), 15) // all but for feedback and our own validation mails
}

var (
	orders    = regexp.MustCompile(`\b[0-9]{3}-[0-9]{7}-[0-9]{7}\b`)
	addresses = regexp.MustCompile(`@[a-z0-9.-]+\.[a-z]+\b`)
	invented  = regexp.MustCompile(`\.(example|test)$|^@(evil\.)?(marketplace\.)?amazon\.[a-z.]+$|^@eu-west-1\.amazonses\.com$`)
)

// checkInvented holds that nothing in a mail is real.
func checkInvented(t *testing.T, m mailtest.Mail) {
	t.Helper()
	if len(m.Raw) > 1<<20 {
		return
	}
	text := strings.ReplaceAll(string(m.Raw), "=\r\n", "") // in one piece where quoted-printable broke it
	for _, id := range orders.FindAllString(text, -1) {
		if id[:4] != "999-" {
			t.Errorf("%s: the order %s could exist", m.Shape, id)
		}
	}
	for _, address := range addresses.FindAllString(text, -1) {
		if !invented.MatchString(address) {
			t.Errorf("%s: the address %s could exist", m.Shape, address)
		}
	}
}

func TestTypical(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	mails := mailtest.Typical(1, 200)
	is.Equal(len(mails), 200)
	is.True(reflect.DeepEqual(mails[:30], mailtest.Typical(1, 30)))
	is.Equal(len(mailtest.Buyers(mails)), 200) // each a message of its own
}

func TestHostile(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	names := map[string]bool{}
	for _, a := range mailtest.Hostile() {
		names[a.Name] = true
		is.True(a.Size() > 1000)
		if a.Size() < 1<<20 {
			is.Equal(int64(len(a.Bytes())), a.Size())
			is.True(bytes.HasPrefix(a.Bytes(), []byte("From: ")))
		}
		r, w := io.Pipe()
		_ = r.Close()
		is.Equal(a.Write(w), io.ErrClosedPipe) // who no longer listens is not written to
	}
	is.Equal(len(names), len(mailtest.Hostile()))
}

func TestForeign(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, m := range mailtest.Foreign(t) {
		is.True(m.Shape != "")
	}
}

func BenchmarkTypical(b *testing.B) {
	const n = 1000
	b.ReportAllocs()
	for seed := uint64(0); b.Loop(); seed++ {
		mailtest.Typical(seed, n)
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "mails/s")
}
