package mail_test

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
)

// interpret reads a mail that came in these bytes.
func interpret(m mailtest.Mail, raw []byte) domain.InboundMessage {
	return reader.Interpret(domain.Source{MediaType: mail.MediaType, Bytes: raw}, m.Arrived)
}

// changes is what a transport may change of what is read. What is not here changes nothing.
var changes = map[string]func(m *mailtest.Mail){
	"by a forwarder": func(m *mailtest.Mail) {
		m.Want.Evidence = "" // the header is gone that it was read in
		if m.Want.Facts[domain.FactNoResponse] == "" {
			m.Want.Facts = maps.Clone(m.Want.Facts)
			delete(m.Want.Facts, domain.FactSite) // nor is it in a link
		}
	},
	"with bare LF":    otherLineEnds,
	"with mixed ends": otherLineEnds,
}

// otherLineEnds leaves open what a mail that is attached holds, whose line ends are content.
func otherLineEnds(m *mailtest.Mail) {
	m.Want.Files = slices.Clone(m.Want.Files)
	for i := range m.Want.Files {
		if f := &m.Want.Files[i]; f.DeclaredType == "message/rfc822" {
			f.Digest = domain.Digest{}
		}
	}
}

// TestSamples holds the parser against every variant of every shape in every language, whatever way it came.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, shape := range mailtest.Shapes() {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			transports := mailtest.Transports()
			if shape == "S17" { // 60 MB
				transports = map[string]func([]byte) []byte{"as sent": transports["as sent"]}
			}
			for i, m := range mailtest.Shape(shape, 1) {
				for way, transport := range transports {
					if m.History && i%5 > 0 && way != "as sent" { // 500 of one make
						continue
					}
					checkSample(t, m, way, transport(m.Raw))
				}
			}
		})
	}
}

// TestTypicalMails holds it against everyday mails.
func TestTypicalMails(t *testing.T) {
	t.Parallel()
	for _, m := range mailtest.Typical(1, 400) {
		checkSample(t, m, "as sent", m.Raw)
	}
}

// checkSample holds what is read of m, which came in raw.
func checkSample(t *testing.T, m mailtest.Mail, way string, raw []byte) {
	t.Helper()
	told := m.Want.Evidence
	if change := changes[way]; change != nil {
		change(&m)
	}
	got := interpret(m, raw)
	if told != m.Want.Evidence && got.Evidence == told {
		t.Errorf("%s, %s: Evidence is %q, which is gone", m.Shape, way, told)
	}
	for _, line := range m.Diff(got) {
		t.Errorf("%s, %s: %s", m.Shape, way, line)
	}
	if len(got.Files) <= 10 {
		checkContents(t, m.Shape+", "+way, got)
	}
	if again := reader.Interpret(got.Source, got.ReceivedAt); !reflect.DeepEqual(got, again) {
		t.Errorf("%s, %s: read again it is another message", m.Shape, way)
	}
	screened := domain.Screen(domain.ConnectionState{}, []domain.InboundMessage{got})
	reason := domain.RejectReason("")
	if len(screened.Rejected) > 0 {
		reason = screened.Rejected[0].Reason
	}
	if reason != m.Reject {
		t.Errorf("%s, %s: it is rejected for %q, not %q", m.Shape, way, reason, m.Reject)
	}
}

// checkContents holds that the content of every file is given out byte for byte as it was described, if it is small enough.
func checkContents(t *testing.T, name string, got domain.InboundMessage) {
	t.Helper()
	for i, f := range got.Files {
		content, err := reader.File(got.Source, f.Number)
		switch {
		case f.Number != i:
			t.Errorf("%s: file %d has the number %d", name, i, f.Number)
		case slices.Contains(f.Flags, domain.FileNotRead):
			if !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("%s: file %d is given out, or not refused: %v", name, i, err)
			}
		case err != nil:
			t.Errorf("%s: file %d: %v", name, i, err)
		case int64(len(content)) != f.Size || domain.DigestOf(content) != f.Digest:
			t.Errorf("%s: file %d has %d other bytes than the %d that were described", name, i, len(content), f.Size)
		}
	}
	if _, err := reader.File(got.Source, len(got.Files)); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("%s: there is a file behind the last one: %v", name, err)
	}
}

// TestSamplesIdentity holds that all deliveries of a message have one id, whatever way they came, and that no two messages
// have the same.
func TestSamplesIdentity(t *testing.T) {
	t.Parallel()
	ids, keys := map[string]string{}, map[string]mailtest.Mail{} // id of a message, message of an id
	for _, shape := range mailtest.Shapes() {
		if shape == "S17" {
			continue // nothing of identity, and large
		}
		for i, m := range mailtest.Shape(shape, 2) {
			for way, transport := range mailtest.Transports() {
				if m.History && i%5 > 0 && way != "as sent" {
					continue
				}
				id := interpret(m, transport(m.Raw)).ExternalID
				if have, ok := ids[m.Key]; ok && have != id {
					t.Errorf("%s, %s: its id is %q and %q", m.Shape, way, have, id)
				}
				if have, ok := keys[id]; ok && have.Key != m.Key {
					t.Errorf("%s, %s: it has the id of %s", m.Shape, way, have.Shape)
				}
				ids[m.Key], keys[id] = id, m
			}
		}
	}
	is.New(t).True(len(ids) > 1000)
}
