package safety

import (
	"cmp"
	"slices"
	"strings"
)

const (
	reach    = 6  // words within which the parts of a rule must stand
	negation = 3  // words within which a negation weakens, and an amount
	ahead    = 16 // words read beyond the one that is looked at: reach, and two phrases
	windowed = 32 // words kept: as many behind; a power of two
)

// FlagText finds what a machine must not answer in a text that a buyer wrote: give it subject, line feed and body in one,
// and every other text of the buyer by itself. It returns the flags in the order of the text, nil if there are none: one
// for each category, term and list, at its first gravest place. A place where the words stand undisguised comes first.
// However long the text, no more flags come back than there are terms in the lists.
//
// The rules of all languages hold for every text. Words are compared without regard to case, accents, invisible
// characters, kinds of dashes and spaces, letters that only look Latin, digits in the place of letters, repeated letters,
// letters parted by spaces and UTF-8 that was taken for windows-1252. A negation within three words before a term, a
// quoted line (> …) or a place below a mail signature (--) turn a block into a review; nothing weakens it further, so that
// text added before or after never turns flags into none.
//
// It is pure, safe for concurrent use, and takes time in proportion to the length of the text and memory in proportion to
// the flags found.
func FlagText(text string) []Flag { return buyerLists().flags(text) }

// FlagDraft finds what a machine must not say on a seller's behalf in the draft of an automatic answer, beside what
// [FlagText] finds in it: promises, admissions of fault, dates. It reads and returns as FlagText does.
func FlagDraft(text string) []Flag { return draftLists().flags(text) }

func (l *lists) flags(text string) []Flag {
	s := scan{lists: l, reader: newReader(text, false, false)}
	s.run()
	if s.reader.disguised || s.reader.garbled {
		s.reader = newReader(text, true, s.reader.garbled)
		s.run()
	}
	slices.SortFunc(s.flags, func(a, b Flag) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), compareGravity(a, b), strings.Compare(a.Term, b.Term),
			strings.Compare(a.Language, b.Language))
	})
	return s.flags
}

// A scan reads a text once, word by word, and looks at each word with those around it.
type scan struct {
	lists  *lists
	reader reader
	words  [windowed]word
	count  int // words read

	flags []Flag
	found []uint16 // by rule number: 1 + index of its flag; nil until the first is found
}

// A place is where a word of a rule may begin: at a word or, in one that was spelled out, at any of its letters.
type place struct{ word, letter int }

func (s *scan) run() {
	s.count = 0
	more := true
	for i := 0; ; i++ {
		for more && s.count <= i+ahead {
			if more = s.reader.next(&s.words[s.count%windowed]); more {
				s.count++
			}
		}
		if i == s.count {
			return
		}
		s.begin(i)
	}
}

// word returns word i of the text, nil if there is none or it is too far away.
func (s *scan) word(i int) *word {
	if i < 0 || i >= s.count || i < s.count-windowed {
		return nil
	}
	return &s.words[i%windowed]
}

// begin looks for the rules that begin at word i.
func (s *scan) begin(i int) {
	w := s.word(i)
	if !w.odd && !w.spelled {
		k := key(w.letters[:min(w.n, 3)])
		s.look(k, k+1, w, place{i, 0})
		return
	}
	letters := 1
	if w.spelled {
		letters = w.n
	}
	for at := range letters {
		rest := w.text()[at:]
		if w.odd {
			s.lookUnder(rest[0], w, place{i, at})
			for _, c := range []byte(digitLetters[rest[0]]) {
				s.lookUnder(c, w, place{i, at})
			}
			continue
		}
		for n := range min(len(rest), 3) { // words of one and two letters have keys of their own
			k := key(rest[:n+1])
			s.look(k, k+1, w, place{i, at})
		}
	}
}

// lookUnder looks at all entries that begin with c.
func (s *scan) lookUnder(c byte, w *word, at place) {
	k := key([]byte{c})
	s.look(k, k+27*27, w, at)
}

// look tries the entries of the keys from k to before end on the word w, which stands at at.
func (s *scan) look(k, end int, w *word, at place) {
	entries := s.lists.entries[s.lists.bucket[k]:s.lists.bucket[end]]
	for i := range entries {
		letter, ok := entries[i].match(w, at.letter)
		if !ok {
			continue
		}
		for u := range entries[i].uses {
			s.try(&entries[i].uses[u], at, at.after(w, letter))
		}
	}
}

// try looks whether the rule of u, whose first word stands at at, goes on at next, and flags it.
func (s *scan) try(u *use, at, next place) {
	end, ok := s.phrase(u.rest, next, u.rule.joint)
	if !ok || s.settled(u.rule) {
		return
	}
	first, last := at.word, end.last()
	for _, p := range u.others {
		from, to, ok := s.near(p, at.word, end.last())
		if !ok {
			return
		}
		first, last = min(first, from), max(last, to)
	}
	action := u.rule.action
	if action == Block && s.weakened(u.rule, at.word, end.last()) {
		action = Review
	}
	s.flag(u.rule, action, s.word(first).start, s.word(last).end)
}

// after returns the place after letter of the word w at p: in it if it was spelled out and goes on, else the next word.
func (p place) after(w *word, letter int) place {
	if w.spelled && letter < w.n {
		return place{p.word, letter}
	}
	return place{p.word + 1, 0}
}

// last returns the word before the place, or the one it is inside of.
func (p place) last() int {
	if p.letter > 0 {
		return p.word
	}
	return p.word - 1
}

// phrase reports whether p stands at at, and where it ends.
func (s *scan) phrase(p phrase, at place, joint bool) (end place, ok bool) {
	for _, a := range p {
		w := s.word(at.word)
		if w == nil || joint && at.letter == 0 && !w.joint {
			return at, false
		}
		letter, ok := a.match(w, at.letter)
		if !ok {
			return at, false
		}
		at = at.after(w, letter)
	}
	return at, true
}

// near looks for p within reach of the words first to last, before and after them and in them where they are spelled
// out. It returns the words that p takes.
func (s *scan) near(p phrase, first, last int) (from, to int, ok bool) {
	for i, far := last+1, 0; far < reach; i++ {
		w := s.word(i)
		if w == nil {
			break
		}
		if to, ok := s.within(p, i, w); ok {
			return i, to, true
		}
		far += w.width()
	}
	for i, far := first-1, 0; far < reach; i-- {
		w := s.word(i)
		if w == nil {
			break
		}
		if to, ok := s.within(p, i, w); ok && to < first {
			return i, to, true
		}
		far += w.width()
	}
	for i := first; i <= last; i++ {
		if w := s.word(i); w != nil && w.spelled {
			if to, ok := s.within(p, i, w); ok {
				return i, to, true
			}
		}
	}
	return 0, 0, false
}

// width is for how many words w counts.
func (w *word) width() int {
	if w.spelled {
		return 1 + w.n/spelledMin
	}
	return 1
}

// within reports whether p begins in word i, and which word is its last.
func (s *scan) within(p phrase, i int, w *word) (last int, ok bool) {
	if !w.spelled {
		end, ok := s.phrase(p, place{i, 0}, false)
		return end.last(), ok
	}
	initials := p[0].initials()
	for at, c := range w.text() {
		if initials&initial(c) == 0 && !w.odd {
			continue
		}
		if end, ok := s.phrase(p, place{i, at}, false); ok {
			return end.last(), true
		}
	}
	return 0, false
}

// settled reports whether r needs no further look: what it found cannot become graver.
func (s *scan) settled(r *rule) bool {
	if s.found == nil || s.found[r.number] == 0 {
		return false
	}
	return r.action == Review || s.flags[s.found[r.number]-1].Action == Block
}

// flag notes that the text met r, unless that is known already.
func (s *scan) flag(r *rule, action Action, start, end int) {
	if s.found == nil {
		s.found, s.flags = make([]uint16, s.lists.numbers), make([]Flag, 0, 4)
	}
	f := Flag{
		Category: r.category, Term: r.term, Language: r.languages[0], Start: start, End: end,
		ListVersion: s.lists.version, Action: action,
	}
	switch at := s.found[r.number]; {
	case at == 0:
		s.flags = append(s.flags, f)
		s.found[r.number] = uint16(len(s.flags))
	case compareGravity(f, s.flags[at-1]) < 0:
		s.flags[at-1] = f
	}
}
