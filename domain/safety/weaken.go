package safety

import "slices"

// weakened reports whether something keeps r, met by the words first to last, from blocking: they are quoted, negated, or
// a number follows that gives them another sense.
func (s *scan) weakened(r *rule, first, last int) bool {
	return s.word(first).quoted || s.negated(r, first) || r.amount && s.amount(last)
}

// negated reports whether a negation stands within three words before word first and nothing parts the two.
func (s *scan) negated(r *rule, first int) bool {
	for i := first - 1; i >= first-negation; i-- {
		w, after := s.word(i), s.word(i+1)
		if w == nil || !after.linked || w.isOne(s.lists.stop) {
			return false
		}
		if w.isOne(s.lists.not) && !slices.Contains(r.positive, string(w.text())) {
			return true
		}
	}
	return false
}

// amount reports whether a number stands within three words after word last.
func (s *scan) amount(last int) bool {
	for i := last + 1; i <= last+negation; i++ {
		if w := s.word(i); w != nil && isDigit(w.letters[0]) {
			return true
		}
	}
	return false
}

// isOne reports whether w, all of it, is one of the words.
func (w *word) isOne(words atom) bool {
	end, ok := words.match(w, 0)
	return ok && (end == w.n || !w.spelled)
}
