package mail_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

const opened, closed = "------------- Message:  -------------\n", "\n------------- Fin du message -------------\n"

func TestQuoted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, body, quoted string }{
		"nothing quoted":            {"a\n\nb", "a\n\nb", ""},
		"lines with signs at last":  {"a\n\n> b\n>\n> c", "a", "> b\n>\n> c"},
		"attributed":                {"a\n\nLe 2 mars 2026, x a écrit :\n\n> b", "a", "Le 2 mars 2026, x a écrit :\n\n> b"},
		"attributed over two lines": {"a\n\nOn Mon, 2 Mar 2026 at 09:12, The Shop\n<x@y.example> wrote:\n> b", "a", "On Mon, 2 Mar 2026 at 09:12, The Shop\n<x@y.example> wrote:\n> b"},
		"attributed by an address":  {"a\n\n2026年3月2日 x <x@y.example>:\n> b", "a", "2026年3月2日 x <x@y.example>:\n> b"},
		"attributed without signs":  {"a\n\nAm Mo., 2. März 2026 um 09:12 Uhr schrieb X <x@y.example>:\nb\nc", "a", "Am Mo., 2. März 2026 um 09:12 Uhr schrieb X <x@y.example>:\nb\nc"},
		"answer below":              {"El lun, 2 mar 2026 a las 9:12, x escribió:\n> b\n\na", "a", "El lun, 2 mar 2026 a las 9:12, x escribió:\n> b"},
		"two quotes":                {"a\nx wrote:\n> b\nc\nx wrote:\n> d", "a\nc", "x wrote:\n> b\nx wrote:\n> d"},
		"heading":                   {"a\n\n-----Message d'origine-----\nb\n\nc", "a", "-----Message d'origine-----\nb\n\nc"},
		"header of a mail":          {"a\n\nDe : x\nEnvoyé : hier\nÀ : y\nObjet : z\n\nb", "a", "De : x\nEnvoyé : hier\nÀ : y\nObjet : z\n\nb"},
		"all quoted":                {"> a\n> b", "> a\n> b", ""},
		"heading first":             {"-----Original Message-----\na", "-----Original Message-----\na", ""},
		"a person's own colon":      {"Le vendeur m'a écrit :\nje rembourse", "Le vendeur m'a écrit :\nje rembourse", ""},
		"signs amid the text":       {"a\n> b\nc", "a\n> b\nc", ""},
		"two fields are no header":  {"From: Paris\nTo: Nice\nwhen?", "From: Paris\nTo: Nice\nwhen?", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := read(fromRelay + "Content-Type: text/plain; charset=utf-8\n\n" + opened + c.text + closed)
			is.Equal(m.Body, c.body)
			is.Equal(m.Quoted, c.quoted)
			is.True(strings.Contains(m.FullText, "Fin du message"))
		})
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	const dated = "Date: Mon, 02 Mar 2026 09:00:00 +0000\n"
	const order = "Subject: (Commande : 999-1234567-1234567)\n"
	whole := "\n" + opened + "x" + closed
	for name, c := range map[string]struct {
		raw  string
		want []domain.ParseFlag
	}{
		"nothing":             {fromRelay + dated + order + whole, nil},
		"no order":            {fromRelay + dated + whole, []domain.ParseFlag{domain.FlagNoOrder}},
		"one marker":          {fromRelay + dated + order + "\n" + opened + "x", []domain.ParseFlag{domain.FlagMarkersMissing}},
		"no date":             {fromRelay + order + whole, []domain.ParseFlag{domain.FlagDateReplaced}},
		"date to come":        {fromRelay + "Date: Mon, 02 Mar 2099 09:00:00 +0000\n" + order + whole, []domain.ParseFlag{domain.FlagDateReplaced}},
		"date and a treatise": {fromRelay + "Date: Mon, 02 Mar 2026 09:00:00 +0000 (" + strings.Repeat("x", 181) + ")\n" + order + whole, []domain.ParseFlag{domain.FlagDateReplaced}},
		"long subject":        {fromRelay + dated + "Subject: 999-1234567-1234567 " + strings.Repeat("x", domain.MaxField) + "\n" + whole, []domain.ParseFlag{domain.FlagSubjectCut}},
		"wrong charset":       {fromRelay + dated + order + "Content-Type: text/plain; charset=utf-8\n" + strings.Replace(whole, "x", "caf\xe9", 1), []domain.ParseFlag{domain.FlagCharsetGuessed}},
		"encoded twice":       {fromRelay + dated + order + "Content-Type: text/plain; charset=utf-8\n" + strings.Replace(whole, "x", "rembours\u00c3\u00a9", 1), []domain.ParseFlag{domain.FlagTextRepaired}},
		"no end":              {fromRelay + dated + order + "Content-Type: multipart/mixed; boundary=b\n\n--b\n" + whole, []domain.ParseFlag{domain.FlagMIMEBroken}},
		"many parts":          {fromRelay + dated + order + "Content-Type: multipart/mixed; boundary=b\n\n--b\n" + whole + strings.Repeat("--b\n\n", 1001), []domain.ParseFlag{domain.FlagPartsOverLimit}},
		"absent":              {fromRelay + dated + order + strings.Replace(whole, "x", "Je suis absente du bureau.", 1), []domain.ParseFlag{domain.FlagAbsence}},
		"was out":             {fromRelay + dated + order + strings.Replace(whole, "x", "J'étais absent quand le colis est venu.", 1), []domain.ParseFlag{domain.FlagCharsetGuessed}},
		"a photo, it says":    {fromRelay + dated + order + strings.Replace(whole, "x", "See the attached photo.", 1), []domain.ParseFlag{domain.FlagFileNotTransmitted}},
		"for a buyer":         {"From: x@amazon.fr\n" + dated + "\nOrder # 999-1234567-1234567\nItem: x\nReason: y\nDetails: z", []domain.ParseFlag{domain.FlagOnBehalf}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := read(c.raw)
			is.Equal(m.Flags, c.want)
			if slices.Contains(c.want, domain.FlagTextRepaired) {
				is.Equal(m.Body, "remboursé")
			}
		})
	}
}

// TestUnmangled holds that text is repaired when every character of it says that it was encoded twice, in any script, and
// that ordinary text stays.
func TestUnmangled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"French":        {"remboursÃ© dÃ¨s demain, câ€™est sÃ»r", "remboursé dès demain, c’est sûr"},
		"Polish":        {"ZwrÃ³Ä‡cie pieniÄ…dze", "Zwróćcie pieniądze"},
		"Japanese":      {"å•†å“\u0081", "商品"},
		"only some":     {"remboursÃ© dès demain", "remboursÃ© dès demain"},
		"in capitals":   {"NÃO, ÂNGELA", "NÃO, ÂNGELA"},
		"half a letter": {"Ã", "Ã"},
		"ordinary":      {"é à ü ñ ß ø", "é à ü ñ ß ø"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			raw := fromRelay + "Content-Type: text/plain; charset=utf-8\n\n" + opened + c.text + closed
			m := read(raw)
			is.Equal(m.Body, c.want)
			is.Equal(slices.Contains(m.Flags, domain.FlagTextRepaired), c.text != c.want)
			is.Equal(string(m.Source.Bytes), raw)
		})
	}
}
