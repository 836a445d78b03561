package domain_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
)

// Everything that a buyer sent is read, and each flag says where its words stand.
func TestAllOfTheBuyersTextsAreFlagged(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*domain.InboundMessage)
		words  string
		action safety.Action
	}{
		"subject":        {func(m *domain.InboundMessage) { m.Subject = "My lawyer" }, "lawyer", safety.Block},
		"body":           {func(m *domain.InboundMessage) { m.Body = "I have a lawyer" }, "lawyer", safety.Block},
		"quoted":         {func(m *domain.InboundMessage) { m.Quoted = "you said: call your lawyer" }, "lawyer", safety.Review},
		"file":           {func(m *domain.InboundMessage) { m.Files = files("letter of my lawyer.pdf") }, "lawyer", safety.Block},
		"second file":    {func(m *domain.InboundMessage) { m.Quoted, m.Files = "é", files("é.png", "lawyer_2026.pdf") }, "lawyer", safety.Block},
		"renamed file":   {func(m *domain.InboundMessage) { m.Files = []domain.File{{Name: "file-1", OriginalName: "../lawyer"}} }, "lawyer", safety.Block},
		"nameless file":  {func(m *domain.InboundMessage) { m.Files = []domain.File{{Name: "lawyer.pdf"}} }, "lawyer", safety.Block},
		"graver of both": {func(m *domain.InboundMessage) { m.Quoted, m.Files = "my lawyer", files("my lawyer.pdf") }, "lawyer", safety.Block},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := message(1)
			test.change(&m)
			text := m.Subject + "\n" + m.Body
			if m.Quoted != "" {
				text += "\n" + m.Quoted
			}
			for _, f := range m.Files {
				text += "\n" + firstOf(f.OriginalName, f.Name)
			}
			got := newShelf(t).take(m)
			flags := got.TicketMessages[0].SafetyFlags
			is.Equal(len(flags), 1)
			is.Equal(strings.ToLower(text[flags[0].Start:flags[0].End]), test.words)
			is.Equal(flags[0].Action, test.action)
			is.Equal(got.Opened[0].State().SafetyFlags, flags)
		})
	}
}

func files(names ...string) (all []domain.File) {
	for i, name := range names {
		all = append(all, domain.File{Number: i, Name: name, OriginalName: name})
	}
	return all
}

// More text never makes a message harmless.
func TestMoreTextTakesNoFlagBack(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	m := message(1)
	m.Body = "You will hear of my lawyer, and I want a refund"
	alone := newShelf(t).take(m).TicketMessages[0].SafetyFlags
	m.Quoted, m.Files = "> you promised a refund", files("no lawyer.png")
	more := newShelf(t).take(m).TicketMessages[0].SafetyFlags
	is.Equal(more[:len(alone)], alone)
}

// FuzzGate holds that what is flagged in one of a buyer's texts alone is flagged in the message that has it, whatever stands
// beside: in subject, text, quoted text, the name of a file or the comment of a return.
func FuzzGate(f *testing.F) {
	f.Add("My lawyer", "Hello", "> hello", "a.pdf")
	f.Add("no", "Betrug\x00\xff", "A t o Z", "avocat.pdf")
	f.Add("a b", "c d e", "a to z claim", "z.png")
	f.Add("I will not", "sue", "", "\u202elawyer")
	f.Fuzz(func(t *testing.T, subject, body, quoted, name string) {
		m := in(message(1), "a", "o")
		m.Subject, m.Body, m.Quoted, m.Files = subject, body, quoted, []domain.File{{Name: "file-1", OriginalName: name}}
		got := domain.Thread(connection(t), []domain.InboundMessage{m}, domain.Candidates{}, later)
		flags := got.TicketMessages[0].SafetyFlags
		for what, text := range map[string]string{"subject": subject, "text": body, "quoted text": quoted, "file": name} {
			alone := safety.FlagText(text)
			if len(alone) > 0 && len(flags) == 0 {
				t.Errorf("the %s %q is flagged alone, and not in a message", what, text)
			}
		}
		if s := got.Opened[0].State(); len(s.SafetyFlags) != len(flags) || (s.AutoSendBlockedReason == "") != (len(flags) == 0) {
			t.Errorf("the ticket has %v, its message %v", s.SafetyFlags, flags)
		}
		m.Kind = domain.KindReturnEvent
		got = domain.Thread(connection(t), []domain.InboundMessage{m}, domain.Candidates{}, later)
		if len(safety.FlagText(body)) > 0 && len(got.Messages[0].SafetyFlags) == 0 {
			t.Errorf("the comment %q of a return is not flagged", body)
		}
	})
}
