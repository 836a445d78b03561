package domain_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

const hostile = "a\x00b\xff"

// Nobody's message is held up for what it can do without.
func TestScreenPutsRightWhatAMessageCanDoWithout(t *testing.T) {
	t.Parallel()
	many := func(n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprint("x", i))
		}
		return all
	}
	tests := map[string]struct {
		spoil func(*domain.InboundMessage)
		want  func(domain.InboundMessage) bool
	}{
		"Message-ID":         {func(m *domain.InboundMessage) { m.MailID = hostile }, func(m domain.InboundMessage) bool { return m.MailID == "" }},
		"endless Message-ID": {func(m *domain.InboundMessage) { m.MailID = strings.Repeat("x", 1001) }, func(m domain.InboundMessage) bool { return m.MailID == "" }},
		"evidence":           {func(m *domain.InboundMessage) { m.Evidence = hostile }, func(m domain.InboundMessage) bool { return m.Evidence == "ab\uFFFD" }},
		"endless evidence":   {func(m *domain.InboundMessage) { m.Evidence = strings.Repeat("é", 1000) }, func(m domain.InboundMessage) bool { return m.Evidence == strings.Repeat("é", 500) }},
		"quoted":             {func(m *domain.InboundMessage) { m.Quoted = hostile }, func(m domain.InboundMessage) bool { return m.Quoted == "ab\uFFFD" }},
		"endless quoted":     {func(m *domain.InboundMessage) { m.Quoted = strings.Repeat("x", domain.MaxBody+1) }, func(m domain.InboundMessage) bool { return len(m.Quoted) == domain.MaxBody }},
		"references": {func(m *domain.InboundMessage) {
			m.References = []string{"a", hostile, "", strings.Repeat("x", 1001), "b"}
		}, func(m domain.InboundMessage) bool { return slices.Equal(m.References, []string{"a", "b"}) }},
		"endless references": {func(m *domain.InboundMessage) { m.References = many(1000) }, func(m domain.InboundMessage) bool { return slices.Equal(m.References, many(50)) }},
		"facts": {func(m *domain.InboundMessage) {
			m.Facts = map[string]string{"a": "1", "b": hostile, hostile: "1", "": "1"}
		}, func(m domain.InboundMessage) bool { return maps.Equal(m.Facts, map[string]string{"a": "1"}) }},
		"endless facts": {func(m *domain.InboundMessage) {
			m.Facts = map[string]string{}
			for _, x := range many(100) {
				m.Facts[x] = "1"
			}
		}, func(m domain.InboundMessage) bool {
			return len(m.Facts) == 50 && m.Facts["x0"] == "1" && m.Facts["x99"] == ""
		}},
		"flags":                  {func(m *domain.InboundMessage) { m.Flags = []domain.ParseFlag{"a", hostile} }, func(m domain.InboundMessage) bool { return slices.Equal(m.Flags, []domain.ParseFlag{"a"}) }},
		"parser of another time": {func(m *domain.InboundMessage) { m.Parser = math.MaxInt }, func(m domain.InboundMessage) bool { return m.Parser == math.MaxInt32 }},
		"file names": {func(m *domain.InboundMessage) {
			m.Files = []domain.File{{Name: hostile, OriginalName: hostile, DeclaredType: hostile, Type: hostile, ContentID: hostile, Size: -1, Flags: []domain.FileFlag{hostile}}}
		}, func(m domain.InboundMessage) bool {
			f := m.Files[0]
			return f.Name == "ab\uFFFD" && f.OriginalName == f.Name && f.DeclaredType == f.Name && f.Type == f.Name && f.ContentID == f.Name && f.Size == 0 && len(f.Flags) == 0
		}},
		"file without a name": {func(m *domain.InboundMessage) { m.Files = []domain.File{{Number: 4, Name: "\x00"}} }, func(m domain.InboundMessage) bool { return m.Files[0].Name == "file-5" }},
		"file with an id": {func(m *domain.InboundMessage) {
			m.Files = []domain.File{{ID: domain.NewID[domain.FileID](), Name: "a"}}
		}, func(m domain.InboundMessage) bool { return m.Files[0].ID == domain.FileID{} }},
		"files under one number": {func(m *domain.InboundMessage) {
			m.Files = []domain.File{{Number: 1, Name: "a"}, {Number: 1, Name: "b"}, {Number: -1, Name: "c"}, {Number: 1 << 40, Name: "d"}}
		}, func(m domain.InboundMessage) bool {
			return len(m.Files) == 1 && m.Files[0].Name == "a" && slices.Equal(m.Flags, []domain.ParseFlag{domain.FlagFilesOverLimit})
		}},
		"endless files": {func(m *domain.InboundMessage) {
			m.Flags = []domain.ParseFlag{domain.FlagMIMEBroken}
			for i := range 1000 {
				m.Files = append(m.Files, domain.File{Number: i, Name: "a"})
			}
		}, func(m domain.InboundMessage) bool {
			return len(m.Files) == domain.MaxFiles && slices.Equal(m.Flags, []domain.ParseFlag{domain.FlagFilesOverLimit, domain.FlagMIMEBroken})
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := message(1)
			test.spoil(&m)
			given := fmt.Sprintf("%#v", m)
			got := domain.Screen(connection(t), []domain.InboundMessage{m})
			is.Equal(len(got.Accepted), 1)
			is.True(test.want(got.Accepted[0]))
			is.Equal(fmt.Sprintf("%#v", m), given) // the source's own stays as it is
			again := domain.Screen(connection(t), got.Accepted)
			is.Equal(again.Accepted, got.Accepted) // what is right stays
		})
	}
}

func TestScreenLeavesAloneWhatIsRight(t *testing.T) {
	t.Parallel()
	m := message(1)
	m.MailID, m.Evidence, m.Quoted, m.References = "é@mail", "header:X", "> é", []string{"a", "b"}
	m.Facts, m.Flags, m.Files = map[string]string{"a": "é"}, []domain.ParseFlag{domain.FlagAbsence}, files("é.png")
	is.New(t).Equal(domain.Screen(connection(t), []domain.InboundMessage{m}).Accepted[0], m)
}

// FuzzScreenTidies holds that whatever is accepted can be stored, in every field.
func FuzzScreenTidies(f *testing.F) {
	f.Add("mail", "evidence", "quoted", "fact", "file", 1)
	f.Add("\x00", "\xff", strings.Repeat("é", 600), "", "", -1)
	f.Fuzz(func(t *testing.T, mail, evidence, quoted, fact, file string, number int) {
		m := message(1)
		m.MailID, m.Evidence, m.Quoted, m.References = mail, evidence, quoted, []string{mail, fact}
		m.Facts, m.Flags = map[string]string{fact: mail}, []domain.ParseFlag{domain.ParseFlag(fact)}
		m.Files = []domain.File{{Number: number, Name: file, OriginalName: file, Type: fact}, {Number: number, Name: mail}}
		for _, m := range domain.Screen(connection(t), []domain.InboundMessage{m}).Accepted {
			texts := append([]string{m.MailID, m.Evidence, m.Quoted}, m.References...)
			for k, v := range m.Facts {
				texts = append(texts, k, v)
			}
			for _, p := range m.Flags {
				texts = append(texts, string(p))
			}
			for _, f := range m.Files {
				texts = append(texts, f.Name, f.OriginalName, f.Type)
			}
			for _, s := range texts {
				if !utf8.ValidString(s) || strings.Contains(s, "\x00") || len(s) > domain.MaxBody {
					t.Fatalf("%q cannot be stored", s)
				}
			}
			if len(m.Files) > 1 {
				t.Fatal("a number stands for two files")
			}
		}
	})
}
