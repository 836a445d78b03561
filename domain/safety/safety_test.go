package safety_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
)

func TestBlockedReason(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"nothing": {"Où est ma commande ?", ""},
		"the Spanish sample": {
			"Producto defectuoso\nEl producto llegó defectuoso. Exijo un reembolso inmediato o abriré un caso A-to-Z.",
			"sensitive_keyword_detected: a-to-z",
		},
		"a refund demand alone is for a person to send": {
			"I would like a refund.", "sensitive_keyword_detected: refund",
		},
		"a claim outranks a refund before it": {
			"Remboursez-moi ou j'ouvre une réclamation.", "sensitive_keyword_detected: réclamation",
		},
		"an injury outranks everything": {
			"I will sue you, file an A-to-z claim and call the police: it burned my hand.", "sensitive_keyword_detected: burn",
		},
		"a legal threat outranks the press": {
			"Trustpilot will hear of it, and my lawyer too.", "sensitive_keyword_detected: lawyer",
		},
		"a review yields to a block of a lighter category": {
			"It is not dangerous, but I will write on Trustpilot.", "sensitive_keyword_detected: trustpilot",
		},
		"the first of equal ones": {
			"There is a solicitor, and there is an attorney.", "sensitive_keyword_detected: solicitor",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is.New(t).Equal(domain.BlockedReason(safety.FlagText(c.text)), c.want)
		})
	}
}

func TestEveryAtoZSpellingHasOneName(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"A-to-Z", "an A‑to‑Z case", "A to Z guarantee", "a\u00a0to\u00a0z claim", "AtoZ", "A/Z claim", "an A–Z guarantee claim",
		"garantie A à Z", "réclamation au titre de la garantie de A à Z", "A-bis-Z-Garantie", "Antrag: A bis Z",
		"Garantía de la A a la Z", "garanzia dalla A alla Z", "garantie van A tot Z", "gwarancja od A do Z",
		"garanti A till Ö", "A till Z-garanti", "garantia de A a Z", "a2z claim", "I will open an A to Z case",
		"abriré un caso A to Z",
	} {
		t.Run(text, func(t *testing.T) {
			is := is.New(t)
			flags := safety.FlagText(text)
			is.Equal(domain.BlockedReason(flags), "sensitive_keyword_detected: a-to-z")
			is.Equal(domain.SafetyPriority(flags), domain.PriorityHigh)
		})
	}
}

func TestFlagTellsWhereAndWhy(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	text := "Hé ! Réponse ?\nC’est une Arnaque, je saisis mon avocat."
	flags := safety.FlagText(text)
	is.Equal(len(flags), 2)
	is.Equal(flags[0], safety.Flag{
		Category: safety.Fraud, Term: "arnaque", Language: "fr", Start: 29, End: 36,
		ListVersion: safety.ListVersion(), Action: safety.Block,
	})
	is.Equal(text[flags[0].Start:flags[0].End], "Arnaque")
	is.Equal(text[flags[1].Start:flags[1].End], "mon avocat") // all words that met the rule
	is.Equal(len(safety.ListVersion()), 12)
}

func TestOneFlagPerTerm(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	flags := safety.FlagText("Fraud. Not fraud. FRAUD! fraudster")
	is.Equal(len(flags), 1)
	is.Equal(flags[0].Start, 0) // the first of equal ones
	flags = safety.FlagText("No fraud so far. But this is fraud.")
	is.Equal(len(flags), 1)
	is.Equal(flags[0].Action, safety.Block)
	is.Equal(flags[0].Start, 29) // the graver one, though later
}

func TestSharedTermIsReportedUnderTheFirstList(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	flags := safety.FlagText("rgpd") // a rule of the French, Spanish and Portuguese lists
	is.Equal(len(flags), 1)
	is.Equal(flags[0].Language, "fr")
}

func TestSafetyPriority(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]domain.Priority{
		"Where is my parcel?":                       domain.PriorityLow,
		"I want a refund.":                          domain.PriorityLow,
		"My lawyer will write to you.":              domain.PriorityLow,
		"I will do a chargeback.":                   domain.PriorityHigh,
		"A-to-z it is.":                             domain.PriorityHigh,
		"The charger caught fire. Chargeback!":      domain.PriorityUrgent,
		"Nobody was hurt, it is not dangerous, but": domain.PriorityLow,
		"It is not dangerous, is it?":               domain.PriorityLow,
	} {
		t.Run(text, func(t *testing.T) { is.New(t).Equal(domain.SafetyPriority(safety.FlagText(text)), want) })
	}
}

func TestUnknownActionAndCategoryFailClosed(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	flags := []safety.Flag{
		{Category: safety.Refund, Term: "refund", Action: safety.Review},
		{Category: "NEW", Term: "something", Action: "LATER"},
	}
	is.Equal(domain.BlockedReason(flags), "sensitive_keyword_detected: something") // counts as a block
}

func TestMergeSafetyFlags(t *testing.T) {
	t.Parallel()
	flag := func(c safety.Category, term, language string, a safety.Action, start int) safety.Flag {
		return safety.Flag{Category: c, Term: term, Language: language, Action: a, Start: start}
	}
	scam := flag(safety.Fraud, "scam", "en", safety.Block, 3)
	noScam := flag(safety.Fraud, "scam", "en", safety.Review, 7)
	refund := flag(safety.Refund, "refund", "en", safety.Review, 1)
	for name, c := range map[string]struct{ have, more, want []safety.Flag }{
		"of nothing is nothing":      {nil, nil, nil},
		"keeps the order":            {[]safety.Flag{scam}, []safety.Flag{refund}, []safety.Flag{scam, refund}},
		"keeps the first of equals":  {[]safety.Flag{scam}, []safety.Flag{flag("FRD", "scam", "en", "BLOCK", 9)}, []safety.Flag{scam}},
		"takes the graver":           {[]safety.Flag{noScam, refund}, []safety.Flag{scam}, []safety.Flag{scam, refund}},
		"does not weaken":            {[]safety.Flag{scam}, []safety.Flag{noScam}, []safety.Flag{scam}},
		"tells languages apart":      {[]safety.Flag{scam}, []safety.Flag{flag("FRD", "scam", "sv", "BLOCK", 3)}, []safety.Flag{scam, flag("FRD", "scam", "sv", "BLOCK", 3)}},
		"merging again changes none": {[]safety.Flag{scam, refund}, []safety.Flag{refund, scam}, []safety.Flag{scam, refund}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			have, more := slices.Clone(c.have), slices.Clone(c.more)
			is.Equal(safety.Merge(c.have, c.more), c.want)
			is.Equal(c.have, have) // unchanged
			is.Equal(c.more, more) // unchanged
		})
	}
}

func TestMergeSafetyFlagsKeepsTheGravest(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var have []safety.Flag
	for i := range 3 * safety.MaxFlags / 2 {
		have = append(have, safety.Flag{Category: safety.Refund, Term: fmt.Sprint(i), Action: safety.Review})
	}
	injury := safety.Flag{Category: safety.Injury, Term: "burn", Action: safety.Block}
	got := safety.Merge(have, []safety.Flag{injury})
	is.Equal(len(got), safety.MaxFlags)
	is.Equal(got[len(got)-1], injury)             // late but grave
	is.Equal(got[:len(got)-1], have[:len(got)-1]) // the latest of the light ones went
	is.Equal(safety.Merge(got, have), got)
}

func TestFlagTextIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	text := "a r n a q u e, fr4ud, immÃ©diat, escroc, I will sue you, sąd, Betrug, A-to-Z"
	want := safety.FlagText(text)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got := safety.FlagText(text); !slices.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			}
		})
	}
	wg.Wait()
}
