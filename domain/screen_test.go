package domain_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestScreenRejectsWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spoil  func(*domain.InboundMessage)
		reason domain.RejectReason
	}{
		"NUL in the body":        {func(m *domain.InboundMessage) { m.Body = "a\x00b" }, domain.RejectNUL},
		"NUL in the id":          {func(m *domain.InboundMessage) { m.ExternalID = "a\x00b" }, domain.RejectNUL},
		"NUL in the name":        {func(m *domain.InboundMessage) { m.BuyerName = "\x00" }, domain.RejectNUL},
		"invalid UTF-8 body":     {func(m *domain.InboundMessage) { m.Body = "caf\xe9" }, domain.RejectUTF8},
		"invalid UTF-8 subject":  {func(m *domain.InboundMessage) { m.Subject = "\xff" }, domain.RejectUTF8},
		"no id":                  {func(m *domain.InboundMessage) { m.ExternalID = "" }, domain.RejectNoID},
		"20 MB body":             {func(m *domain.InboundMessage) { m.Body = strings.Repeat("x", 20<<20) }, domain.RejectTooLarge},
		"endless id":             {func(m *domain.InboundMessage) { m.ExternalID = strings.Repeat("x", domain.MaxField+1) }, domain.RejectTooLarge},
		"endless thread":         {func(m *domain.InboundMessage) { m.ThreadID = strings.Repeat("x", domain.MaxField+1) }, domain.RejectTooLarge},
		"no date":                {func(m *domain.InboundMessage) { m.ReceivedAt = time.Time{} }, domain.RejectNoDate},
		"a date beyond calendar": {func(m *domain.InboundMessage) { m.ReceivedAt = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC) }, domain.RejectNoDate},
		"an unknown kind":        {func(m *domain.InboundMessage) { m.Kind = "buyer_message" }, domain.RejectKind},
		"unreadable":             {func(m *domain.InboundMessage) { m.Unreadable = "broken MIME" }, domain.RejectUnreadable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			bad := message(1)
			test.spoil(&bad)
			got := domain.Screen(connection(t), []domain.InboundMessage{message(0), bad, message(2)})
			is.Equal(len(got.Accepted), 2) // the good ones
			is.Equal(len(got.Rejected), 1) // the bad one
			is.Equal(got.RejectedAt, []int{1})
			is.Equal(got.Rejected[0].Reason, test.reason)
			is.True(bytes.Equal(got.Rejected[0].Source.Bytes, bad.Source.Bytes)) // its raw, byte for byte
			is.Equal(got.Rejected[0].Source.MediaType, bad.Source.MediaType)
			is.Equal(got.Rejected[0].Detail, bad.Unreadable)
		})
	}
}

func TestScreenTellsCopiesFromOthers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	copied := message(1)
	copied.Source.Bytes = []byte("the same mail, delivered to another address")
	other := message(1)
	other.Body = "other words under the same id"
	sameWords := message(2)
	sameWords.Body = message(1).Body
	got := domain.Screen(connection(t), []domain.InboundMessage{message(1), copied, other, sameWords})
	is.Equal(len(got.Accepted), 2) // the same words under another id are another message
	is.Equal(got.Duplicates, 1)    // the copy
	is.Equal(len(got.Rejected), 1) // other words are not lost
	is.Equal(got.Rejected[0].Reason, domain.RejectDuplicateID)
	is.Equal(got.RejectedAt, []int{2})
}

func TestScreenKeepsAMessageWithoutRaw(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	bad := message(1)
	bad.Source.Bytes, bad.Body = nil, "caf\xe9"
	got := domain.Screen(connection(t), []domain.InboundMessage{bad})
	is.True(bytes.Contains(got.Rejected[0].Source.Bytes, []byte(`caf\xe9`))) // every byte can be got back
}

// FuzzScreen holds that every message ends up in one place, whatever is in it.
func FuzzScreen(f *testing.F) {
	f.Add("id", "thread", "body", "raw", int64(0))
	f.Add("", "\x00", "caf\xe9", "", int64(1)<<62)
	f.Fuzz(func(t *testing.T, id, thread, body, raw string, at int64) {
		m := domain.InboundMessage{
			ExternalID: id, ThreadID: thread, Body: body, ReceivedAt: time.Unix(at, 0), Source: domain.Source{Bytes: []byte(raw)},
		}
		twin := m
		twin.Body += "!"
		page := []domain.InboundMessage{m, m, twin}
		got := domain.Screen(connection(t), page)
		if n := len(got.Accepted) + len(got.Rejected) + got.Duplicates; n != len(page) {
			t.Fatalf("%d of %d messages accounted for", n, len(page))
		}
		for _, r := range got.Rejected {
			if len(r.Source.Bytes) == 0 {
				t.Fatal("a rejected message lost its raw")
			}
		}
	})
}
