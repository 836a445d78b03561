package safety

import (
	"strings"
)

// FoldText returns the words of a text as the matcher reads them.
func FoldText(text string) string {
	var words []string
	r := newReader(text, false, false)
	for w := new(word); r.next(w); {
		words = append(words, string(w.text()))
	}
	return strings.Join(words, " ")
}

// A RuleLine is a line of a list.
type RuleLine struct {
	Language  string // of the list
	Line      string
	Base      bool // no addition of ours
	Plain     bool // asks for no accent, capital or dash
	Flag      Flag
	Instances []string // the shortest texts that meet it, one for each of its words
}

// RuleLines returns the lines of all language lists.
func RuleLines() ([]RuleLine, error) {
	var all []RuleLine
	have := buyerLists()
	for _, language := range listLanguages {
		data, err := listFiles.ReadFile(language + ".txt")
		if err != nil {
			return nil, err
		}
		category, ending := "", 6
		err = lines(data, func(line string) error {
			head, _, _ := strings.Cut(line, " ")
			if head == "ending" || head == "not-negation" {
				if line == "ending 12" {
					ending = 12
				}
				return nil
			}
			if line[0] == '[' {
				category = strings.Trim(line, "[]")
				return nil
			}
			r, err := notation{Category(category), ending}.rule(line)
			if err != nil {
				return err
			}
			l := RuleLine{Language: language, Line: line, Base: line[0] != '+', Plain: !r.joint, Instances: instances(r)}
			for _, h := range have.rules {
				if h.same(r) {
					l.Flag = Flag{Category: h.category, Term: h.term, Language: h.languages[0], Action: h.action}
				}
			}
			for _, v := range r.variants {
				for _, p := range v {
					for _, a := range p {
						for _, f := range a {
							l.Plain = l.Plain && !f.marked && !f.capital
						}
					}
				}
			}
			all = append(all, l)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// instances returns texts that meet r so that each of its words is used once.
func instances(r *rule) []string {
	var texts []string
	for _, v := range r.variants {
		for i, p := range v {
			for j, a := range p {
				for k := range a {
					texts = append(texts, instance(r, v, i, j, k))
				}
			}
		}
	}
	return texts
}

// instance writes v with spelling k of word j of its phrase i, and the first spellings of the others.
func instance(r *rule, v variant, i, j, k int) string {
	var parts []string
	for n, p := range v {
		var words []string
		for m, a := range p {
			f := a[0]
			if n == i && m == j {
				f = a[k]
			}
			text := f.letters
			if f.marked {
				text = text[:1] + "\u0301" + text[1:]
			}
			if f.capital {
				text = strings.ToUpper(text[:1]) + text[1:]
			}
			words = append(words, text)
		}
		sep := " "
		if r.joint && n == 0 {
			sep = "-"
		}
		parts = append(parts, strings.Join(words, sep))
	}
	return strings.Join(parts, " ")
}
