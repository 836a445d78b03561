package safety

// An atom is what stands for one word in a rule: one of some spellings.
type atom []form

// A form is one spelling of a word of a rule.
type form struct {
	letters string
	ending  int  // letters that may follow
	marked  bool // the text must have an accent
	capital bool // the text must have a capital
}

// match reports whether one of the spellings stands in w at letter at, and at which letter it ends.
func (a atom) match(w *word, at int) (end int, ok bool) {
	for i := range a {
		if end, ok := a[i].match(w, at); ok {
			return end, true
		}
	}
	return 0, false
}

// match reports whether f stands in w at letter at, and at which letter it ends. It takes the whole word, or part of one
// that was spelled out.
func (f *form) match(w *word, at int) (end int, ok bool) {
	if f.marked && !w.marked || f.capital && !w.capital {
		return 0, false
	}
	if !w.odd {
		end = at + len(f.letters)
		ok = end <= w.n && w.letters[at] == f.letters[0] && string(w.letters[at:end]) == f.letters
		return end, ok && (w.spelled || w.size-end <= f.ending)
	}
	n, ok := loosely(w.text()[at:], f.letters)
	if !ok || !w.spelled && w.size-n > f.ending {
		return 0, false
	}
	return at + n, true
}

// loosely reports whether text begins with want when digits may stand for letters, and three letters in a row for one or
// two. n is how many letters of text that takes.
func loosely(text []byte, want string) (n int, ok bool) {
	for i := range len(want) {
		if n == len(text) || text[n] != want[i] && !standsFor(text[n], want[i]) {
			return 0, false
		}
		n++
		if i+1 < len(want) && want[i+1] == want[i] {
			continue
		}
		begin, end := n-1, n
		for begin > 0 && text[begin-1] == text[n-1] {
			begin--
		}
		for end < len(text) && text[end] == text[n-1] {
			end++
		}
		if end-begin >= maxRepeat {
			n = end
		}
	}
	return n, true
}

func standsFor(sign, letter byte) bool {
	for _, c := range []byte(digitLetters[sign]) {
		if c == letter {
			return true
		}
	}
	return false
}

// initials is the set of letters that the spellings begin with.
func (a atom) initials() (set uint32) {
	for i := range a {
		set |= initial(a[i].letters[0])
	}
	return set
}

// initial is the set of one letter, or of all that are none.
func initial(c byte) uint32 {
	if isLetter(c) {
		return 1 << (c - 'a')
	}
	return 1 << 31
}
