package content_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/keybuzzio/marketplaces/domain/content"
	"github.com/keybuzzio/marketplaces/domain/safety"
	"github.com/matryer/is"
)

// rules are those of a marketplace as Amazon is: 10 MB, links to itself.
var rules = content.RuleSet{
	Name: "Amazon", Source: "Amazon communication guidelines", MaxBytes: 10 << 20,
	Hosts: []string{"amazon.fr", "amazon.com", "amazon.co.uk", "amazon.de"},
}

// broken returns what a text breaks, each rule once, and the words at the first place of each.
func broken(text string) (found []content.Rule, first string) {
	for _, v := range content.CheckReply(content.Draft{Text: text}, rules) {
		if !slices.Contains(found, v.Rule) {
			found = append(found, v.Rule)
		}
		if first == "" {
			first = text[v.Start:v.End]
		}
	}
	return found, first
}

func TestOrdinaryAnswersPass(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/answers.txt")
	is.New(t).NoErr(err)
	count := map[string]int{}
	for line := range strings.Lines(string(data)) {
		language, text, ok := strings.Cut(strings.TrimSpace(line), "|")
		if !ok || line[0] == '#' {
			continue
		}
		count[language]++
		d := content.Draft{Text: text, Language: language, Buyer: content.Buyer{Language: language, Text: "?"}}
		for _, v := range content.CheckReply(d, rules) {
			t.Errorf("%s: %q breaks %s at %q (%s)", language, text, v.Rule, text[v.Start:v.End], v.Term)
		}
	}
	sum := 0
	for _, language := range safety.Languages() {
		sum += count[language]
		is.New(t).True(count[language] >= 22) // every language has its share
	}
	is.New(t).True(sum >= 199)
}

func TestEachRuleHitsAndSpares(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule  content.Rule
		hit   map[string]string // the text, and the place that is told
		spare []string
	}{
		"e-mail addresses": {content.RuleEmail, map[string]string{
			"Write to sav@shop.example please":       "sav@shop.example",
			"Écrivez à sav (at) boutique.fr":         "sav (at) boutique.fr",
			"Schreiben Sie an info[at]laden[dot]de.": "info[at]laden[dot]de",
			"a.b+c@mail.co.uk":                       "a.b+c@mail.co.uk",
		}, []string{"We meet at 10.30", "@ 5 EUR each", "3 @ 4.99"}},
		"telephone numbers": {content.RulePhone, map[string]string{
			"Appelez le 06 12 34 56 78 demain":          "06 12 34 56 78",
			"Call +44 20 7946 0958 now":                 "+44 20 7946 0958",
			"Rufen Sie an: 030 1234567":                 "030 1234567",
			"Tel.: 0171/1234567":                        "0171/1234567",
			"Call 555-123-4567":                         "555-123-4567",
			"Teléfono 912 345 678":                      "912 345 678",
			"Numer: +48 123 456 789":                    "+48 123 456 789",
			"0612345678":                                "0612345678",
			"00 33 6 12 34 56 78":                       "00 33 6 12 34 56 78",
			"WhatsApp: 912345678":                       "912345678",
			"Ring (555) 123-4567":                       "(555) 123-4567",
			"Order 123-4567890-1234567: tel 0612345678": "0612345678",
		}, []string{
			"Order 123-4567890-1234567", "on 12/05/2026 at 14:30", "tracking 00340434161094042557", "1Z999AA10123456784",
			"120 x 60 x 45 cm", "EAN 4006381333931", "24,99 EUR", "2026-12-05 10:00", "models A100 200 300", "12.05.26", "#0612345678",
			"SKU 0612-345-AB",
		}},
		"outside links": {content.RuleLink, map[string]string{
			"See https://shop.example/a?b=c.":   "https://shop.example/a?b=c",
			"www.boutique.fr":                   "www.boutique.fr",
			"Go to my-shop.com now":             "my-shop.com",
			"https://amazon.fr.evil.example/":   "https://amazon.fr.evil.example/",
			"https://amazon.fr:x@evil.example/": "https://amazon.fr:x@evil.example/",
			`https://evil.example\amazon.fr`:    `https://evil.example\amazon.fr`,
			"ftp://amazon.fr/file":              "ftp://amazon.fr/file",
			"https://bit.ly/3xyz":               "https://bit.ly/3xyz",
			"https://notamazon.fr":              "https://notamazon.fr",
		}, []string{
			"https://www.amazon.fr/gp/your-account", "https://sellercentral.amazon.com/x", "amazon.co.uk", "https://www.dhl.de/track?x=1",
			"https://tracking.dpd.de/status", "Bien reçu.Merci", "facture.pdf", "e.g. this", "M.Martin", "1.5 kg",
		}},
		"HTML": {content.RuleHTML, map[string]string{
			"Hello<br>you": "<br>", "<p>Hi</p>": "<p>", `<a href="https://amazon.fr">x</a>`: `<a href="https://amazon.fr">`,
			"a&nbsp;b": "&nbsp;", "<!-- x -->": "<!--", "<STRONG>no</STRONG>": "<STRONG>",
		}, []string{"a < b and c > d", "I <3 it", "R&D", "<model>", "5 > 3", "Tom & Jerry;"}},
		"emoji": {content.RuleEmoji, map[string]string{
			"Thanks 😀!": "😀", "👍🏽👍": "👍🏽👍", "❤️ you": "❤️", "🇫🇷": "🇫🇷", "1️⃣ first": "\ufe0f\u20e3", "⚠ look": "⚠",
		}, []string{"® © ™", "→ here", "✓ done", "★★★", "½ · … € °C", "日本語", "☎ none"}},
		"characters": {content.RuleCharacters, map[string]string{
			"a\x00b": "\x00", "a\x1b[31m": "\x1b", "a\xffb": "\xff", "a\u202eb": "\u202e",
		}, []string{"a\tb\r\nc\n", "\ufefftext", "soft\u00adhyphen", "no\u00a0break"}},
		"advertising": {content.RuleAdvertising, map[string]string{
			"Use the discount code SAVE10":        "",
			"10 % off your next order":            "",
			"Visit our website for more":          "",
			"Follow us on Instagram":              "",
			"Voici un code promo pour vous":       "",
			"Découvrez nos autres produits":       "",
			"Visitez notre boutique en ligne":     "",
			"Hier ist ein Rabattcode für Sie":     "",
			"Besuchen Sie unseren Onlineshop":     "",
			"Le regalamos un código de descuento": "",
			"Visite nuestra web":                  "",
			"Ecco un codice sconto":               "",
			"Hier is een kortingscode":            "",
			"Mamy kod rabatowy":                   "",
			"Aqui tem um cupom de desconto":       "",
			"Här är en rabattkod":                 "",
		}, []string{
			"The discount was applied to your order.", "our warehouse", "notre entrepôt", "Die Rechnung kommt von unserem Lager.",
			"We do not send a discount code.",
		}},
		"reviews": {content.RuleReview, map[string]string{
			"Please leave us a review":                "",
			"We hope for a positive feedback":         "",
			"Give us 5 stars":                         "",
			"Could you change your review?":           "",
			"A gift for your review":                  "",
			"Laissez-nous un avis positif":            "",
			"Merci de modifier votre avis":            "",
			"Wir freuen uns über eine gute Bewertung": "",
			"Bitte löschen Sie Ihre Bewertung":        "",
			"Puede dejar una opinión":                 "",
			"Cinco estrellas por favor":               "",
			"Lasci una recensione":                    "",
			"Wilt u een review achterlaten?":          "",
			"Prosimy o wystawienie pozytywnej opinii": "",
			"Deixe uma avaliação":                     "",
			"Lämna gärna ett omdöme":                  "",
		}, []string{
			"We will review your case.", "Thank you for your feedback.", "Merci pour votre retour.", "Danke für die Rückmeldung.",
			"We do not ask for a review.", "Der Stern im Logo leuchtet.", "Nous attendons l'avis de passage du facteur.",
		}},
		"no words":         {content.RuleEmpty, map[string]string{"": "", " \n\t": "", "…": "", "---": ""}, []string{"OK", "1", "да"}},
		"only a quotation": {content.RuleQuotedOnly, map[string]string{"> Hello\n> you": "> Hello\n> you"}, []string{"> Hello\nYes."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for text, place := range c.hit {
				found, first := broken(text)
				if !slices.Contains(found, c.rule) {
					t.Errorf("%q does not break %s but %v", text, c.rule, found)
				} else if place != "" && first != place {
					t.Errorf("%q: told %q, want %q", text, first, place)
				}
			}
			for _, text := range c.spare {
				if found, first := broken(text); slices.Contains(found, c.rule) {
					t.Errorf("%q breaks %s at %q", text, c.rule, first)
				}
			}
		})
	}
}

func TestTheAnswerIsInTheBuyersLanguage(t *testing.T) {
	t.Parallel()
	french := "Bonjour, votre colis est en route et nous vous remercions pour votre commande."
	for name, c := range map[string]struct {
		text, said, buyer string
		want              bool
	}{
		"the same":                       {french, "fr", "fr", false},
		"said otherwise":                 {french, "fr", "de", true},
		"nothing said, words of another": {french, "", "de", true},
		"said so, words of another":      {french, "de", "de", true},
		"too short to be told":           {"OK", "", "de", false},
		"the buyer's is not known":       {french, "fr", "", false},
		"the buyer's has no list":        {french, "fr", "ja", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := content.Draft{Text: c.text, Language: c.said, Buyer: content.Buyer{Language: c.buyer}}
			found := content.CheckReply(d, rules)
			is := is.New(t)
			is.Equal(slices.ContainsFunc(found, func(v content.Violation) bool { return v.Rule == content.RuleLanguage }), c.want)
			is.Equal(len(content.Blocking(found, []content.Rule{content.RuleLanguage})), 0) // a person may say so
		})
	}
}

func TestSizesAndFiles(t *testing.T) {
	t.Parallel()
	typed := content.RuleSet{Name: "confirmCustomizationDetails", MinChars: 1, MaxChars: 8, MaxFiles: 2, MaxBytes: 10 << 20}
	filesOnly := content.RuleSet{Name: "sendInvoice", NoText: true, MinFiles: 1, MaxFiles: 5, MaxBytes: 10 << 20}
	pdf := content.File{Name: "a.pdf", MediaType: "application/pdf", Size: 4 << 20}
	for name, c := range map[string]struct {
		rules content.RuleSet
		draft content.Draft
		want  []content.Rule
	}{
		"characters, not bytes":   {typed, content.Draft{Text: "éééééééé"}, nil},
		"one too many":            {typed, content.Draft{Text: "éééééééé!"}, []content.Rule{content.RuleTooLong}},
		"too few":                 {content.RuleSet{MinChars: 13}, content.Draft{Text: "Merci à vous"}, []content.Rule{content.RuleTooShort}},
		"the buyer's own words":   {rules, content.Draft{Text: "Where  is it?", Buyer: content.Buyer{Text: "Where is\nit?"}}, []content.Rule{content.RuleQuotedOnly}},
		"two files":               {typed, content.Draft{Text: "Here", Files: []content.File{pdf, pdf}}, nil},
		"three files":             {typed, content.Draft{Text: "Here", Files: []content.File{pdf, pdf, pdf}}, []content.Rule{content.RuleFileCount}},
		"more than 10 MB":         {rules, content.Draft{Text: "Here", Files: []content.File{pdf, pdf, pdf}}, []content.Rule{content.RuleFileSize}},
		"a program":               {rules, content.Draft{Text: "Here", Files: []content.File{{MediaType: "application/x-msdownload"}}}, []content.Rule{content.RuleFileType}},
		"no files are taken":      {content.RuleSet{}, content.Draft{Text: "Here", Files: []content.File{pdf}}, []content.Rule{content.RuleFileSize}},
		"files only, with text":   {filesOnly, content.Draft{Text: "Here", Files: []content.File{pdf}}, []content.Rule{content.RuleNoText}},
		"files only, without one": {filesOnly, content.Draft{}, []content.Rule{content.RuleFileMissing}},
		"files only":              {filesOnly, content.Draft{Files: []content.File{pdf}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []content.Rule
			for _, v := range content.CheckReply(c.draft, c.rules) {
				got = append(got, v.Rule)
			}
			is.New(t).Equal(got, c.want)
		})
	}
}

func TestOnlyMeaningMayBeOverridden(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	found := content.CheckReply(content.Draft{Text: "Call 06 12 34 56 78 <br> or write a@b.fr"}, rules)
	is.Equal(len(found), 3)
	left := content.Blocking(found, []content.Rule{content.RulePhone, content.RuleHTML, content.RuleEmail})
	is.Equal(len(left), 2) // the number may leave, markup and the address may not
	for _, v := range left {
		is.True(!v.Overridable)
		is.Equal(v.Source, rules.Source)
	}
}

// A carrier's own link is none that completes an order where the marketplace says so.
func TestTerseRulesTakeNoCarrier(t *testing.T) {
	t.Parallel()
	terse := rules
	terse.Terse = true
	found := content.CheckReply(content.Draft{Text: "Suivi : https://www.dpd.fr/trace/1"}, terse)
	is.New(t).Equal(len(found), 1)
}

func FuzzCheckReply(f *testing.F) {
	for _, text := range []string{"a@b.fr", "+33 6 12 34 56 78", "https://x.y/z?q#f", "<br>👍\xff\x00", "Laissez un avis", "> a\n> b", "(at)", "0" + strings.Repeat(" 12", 40)} {
		f.Add(text, "fr")
	}
	f.Fuzz(func(t *testing.T, text, language string) {
		found := content.CheckReply(content.Draft{Text: text, Buyer: content.Buyer{Language: language}}, rules)
		if len(found) > content.MaxViolations {
			t.Fatalf("%d violations", len(found))
		}
		for _, v := range found {
			if v.Start < 0 || v.End < v.Start || v.End > len(text) {
				t.Fatalf("place %d to %d of %d", v.Start, v.End, len(text))
			}
		}
		if len(found) == 0 && !utf8.ValidString(text) {
			t.Fatal("invalid UTF-8 passes")
		}
	})
}
