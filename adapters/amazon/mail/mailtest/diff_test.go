package mailtest_test

import (
	"maps"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
)

// Whatever of a message was read as it is not, Diff says so.
func TestDiff(t *testing.T) {
	t.Parallel()
	m := mailtest.Shape("S13", 1)[0]
	m.May = []domain.ParseFlag{domain.FlagMIMEBroken}
	right := func() domain.InboundMessage {
		got := m.Want
		got.Evidence = "header:BBC_MESSAGE_SENT_TO_MERCHANT"
		got.Facts = maps.Clone(m.Want.Facts)
		got.Files = append([]domain.File(nil), m.Want.Files...)
		return got
	}
	is.New(t).Equal(m.Diff(right()), nil)
	for name, spoil := range map[string]func(got *domain.InboundMessage){
		"kind":        func(got *domain.InboundMessage) { got.Kind = domain.KindNotice },
		"no evidence": func(got *domain.InboundMessage) { got.Evidence = "" },
		"address":     func(got *domain.InboundMessage) { got.Evidence = "from ana@home.example" },
		"mail id":     func(got *domain.InboundMessage) { got.MailID = "" },
		"thread":      func(got *domain.InboundMessage) { got.ThreadID += "X" },
		"order":       func(got *domain.InboundMessage) { got.OrderID = "" },
		"references":  func(got *domain.InboundMessage) { got.References = []string{"a@b.example"} },
		"name":        func(got *domain.InboundMessage) { got.BuyerName = "" },
		"relay":       func(got *domain.InboundMessage) { got.BuyerEmail = "" },
		"language":    func(got *domain.InboundMessage) { got.Language = "xx" },
		"subject":     func(got *domain.InboundMessage) { got.Subject += "\n" },
		"text":        func(got *domain.InboundMessage) { got.Body += "." },
		"quoted":      func(got *domain.InboundMessage) { got.Quoted = "." },
		"time":        func(got *domain.InboundMessage) { got.ReceivedAt = got.ReceivedAt.Add(time.Second) },
		"unreadable":  func(got *domain.InboundMessage) { got.Unreadable = "?" },
		"authentic":   func(got *domain.InboundMessage) { got.Authentic = false },
		"code":        func(got *domain.InboundMessage) { got.Code = "X" },
		"no fact":     func(got *domain.InboundMessage) { got.Facts = nil },
		"flag":        func(got *domain.InboundMessage) { got.Flags = []domain.ParseFlag{domain.FlagNoOrder} },
		"flag twice": func(got *domain.InboundMessage) {
			got.Flags = []domain.ParseFlag{domain.FlagMIMEBroken, domain.FlagMIMEBroken}
		},
		"file too few":      func(got *domain.InboundMessage) { got.Files = got.Files[1:] },
		"file too many":     func(got *domain.InboundMessage) { got.Files = append(got.Files, got.Files[0]) },
		"name of a file":    func(got *domain.InboundMessage) { got.Files[0].Name = "../x.jpg" },
		"name as sent":      func(got *domain.InboundMessage) { got.Files[0].OriginalName = "" },
		"number of a file":  func(got *domain.InboundMessage) { got.Files[1].Number = 0 },
		"declared type":     func(got *domain.InboundMessage) { got.Files[0].DeclaredType = "" },
		"type of a file":    func(got *domain.InboundMessage) { got.Files[0].Type = "text/html" },
		"size of a file":    func(got *domain.InboundMessage) { got.Files[0].Size-- },
		"digest of a file":  func(got *domain.InboundMessage) { got.Files[0].Digest[0]++ },
		"flag of a file":    func(got *domain.InboundMessage) { got.Files[0].Flags = []domain.FileFlag{domain.FilePartial} },
		"file in the text":  func(got *domain.InboundMessage) { got.Files[0].Inline = true },
		"file called in it": func(got *domain.InboundMessage) { got.Files[0].ContentID = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := right()
			spoil(&got)
			is.New(t).True(len(m.Diff(got)) > 0)
		})
	}
	t.Run("flag that may be", func(t *testing.T) {
		t.Parallel()
		got := right()
		got.Flags = []domain.ParseFlag{domain.FlagMIMEBroken}
		is.New(t).Equal(m.Diff(got), nil)
	})
}
