package safety

import "strings"

// maxLetters is how much of a word is kept: more than any word of the lists with its ending, and twice the longest entry
// spelled out, so that of two overlapping halves one holds it whole.
const maxLetters = 64

// maxRepeat is how often a letter may follow itself. What is beyond is not kept; that many in a row are read as one or two.
const maxRepeat = 3

// spelledMin is from how many single letters in a row on they are read as a word that was spelled out.
const spelledMin = 4

// A word is a run of letters and digits, folded.
type word struct {
	start, end int // in bytes of the text
	n          int // letters kept
	size       int // letters there are, without repeats beyond maxRepeat
	digits     int // of them that are digits or signs

	joint   bool // tied to the word before by a dash or a slash
	linked  bool // no punctuation parts it from the word before
	capital bool // begins with a capital or, spelled out, holds one
	marked  bool // has an accent, or a letter like ł
	quoted  bool // stands in a quoted line or below a signature mark
	odd     bool // can be read in another way: digits or signs among letters, or a letter three times in a row
	spelled bool // was spelled out, letter by letter

	letters [maxLetters]byte
}

func (w *word) text() []byte { return w.letters[:w.n] }

// single reports whether the word is one letter.
func (w *word) single() bool { return w.size == 1 && w.digits == 0 }

// take takes in the ASCII letters and digits of text from pos on, up to what needs a closer look. It returns where that is.
func (w *word) take(text string, pos int) int {
	n := w.n
	for ; pos < len(text) && n < maxLetters; pos++ {
		l := asciiLetter[text[pos]]
		if l == 0 || n > 1 && w.letters[n-1] == l && w.letters[n-2] == l {
			break
		}
		w.letters[n] = l
		n++
	}
	w.size += n - w.n
	w.n = n
	return pos
}

// add takes in a letter, a digit, or a sign kept as !.
func (w *word) add(c byte) {
	n := w.n
	if n > 1 && w.letters[n-1] == c && w.letters[n-2] == c {
		if n > 2 && w.letters[n-3] == c {
			return // beyond maxRepeat
		}
		w.odd = w.odd || isLetter(c)
	}
	if w.size++; n < maxLetters {
		w.letters[n] = c
		w.n = n + 1
	}
}

// A reader parts a text into folded words. It reads a text as it stands, fast. Loose reading takes in what hides words:
// signs and digits in the place of letters, repeated letters, words spelled out. Repairing reads UTF-8 that was taken
// for windows-1252 as what it had been.
type reader struct {
	text          string
	table         *[foldTableSize]fold
	loose, repair bool

	pos       int
	lineStart bool
	quote     bool // in a quoted line
	footer    bool // below a signature mark
	singles   int  // words of one letter in a row

	disguised bool // met something that loose reading reads in another way
	garbled   bool // met something to repair
}

func newReader(text string, loose, repair bool) reader {
	return reader{text: text, table: foldTable(), loose: loose, repair: repair, lineStart: true}
}

// next reads a word into w, or returns false at the end of the text.
func (r *reader) next(w *word) bool {
	if !r.read(w) {
		return false
	}
	if r.loose && w.single() {
		r.spell(w)
	}
	return true
}

// read reads a word as it stands.
func (r *reader) read(w *word) bool {
	w.n, w.size, w.digits = 0, 0, 0
	w.joint, w.linked, w.marked, w.odd, w.spelled = false, true, false, false, false
	if !r.skip(w) {
		return false
	}
	text, pos := r.text, r.pos
	w.start, w.quoted, r.lineStart = pos, r.quote || r.footer, false
	w.capital = 'A' <= text[pos] && text[pos] <= 'Z'
	for {
		if next := w.take(text, pos); next > pos {
			pos, w.end = next, next
		}
		if pos == len(text) || text[pos] == ' ' {
			break
		}
		r.pos = pos
		f, size := r.fold()
		if f.kind < kindLetter {
			if !r.stands(f, size, w) {
				break
			}
			w.odd = true
			w.add(f.sign)
		}
		pos += size
		switch f.kind {
		case kindMark:
			w.marked = true
			continue
		case kindHidden:
			continue
		case kindLetter:
			w.capital = w.capital || w.size == 0 && f.capital
			w.marked = w.marked || f.marked
			for _, l := range f.letters[:f.n] {
				w.add(l)
			}
		}
		w.end = pos
	}
	r.pos = pos
	r.judge(w)
	return true
}

// judge looks at a finished word for what loose reading would read in another way.
func (r *reader) judge(w *word) {
	for _, c := range w.text() {
		if c < 'a' {
			w.digits++
		}
	}
	if w.digits > 0 && w.size-w.digits >= 3 {
		w.odd = true
	}
	if !w.single() {
		r.singles = 0
	} else if r.singles++; r.singles == spelledMin {
		r.disguised = true
	}
	r.disguised = r.disguised || w.odd
}

// stands reports whether the sign at hand stands in the place of a letter: in a word or, as some signs do, at its
// beginning.
func (r *reader) stands(f fold, size int, w *word) bool {
	if f.sign == 0 || w.size == 0 && (f.sign == '!' || f.sign == 't') {
		return false
	}
	after := r.pos + size
	if after >= len(r.text) || !isLetter(asciiLetter[r.text[after]]) {
		return false
	}
	r.disguised = true
	return r.loose
}

// skip goes to the beginning of the next word, and notes in w what lies before it.
func (r *reader) skip(w *word) bool {
	newlines := 0
	for r.pos < len(r.text) {
		c := r.text[r.pos]
		if c == ' ' {
			r.pos++
			continue
		}
		if asciiLetter[c] != 0 {
			w.joint = w.joint && w.linked
			return true
		}
		f, size := r.fold()
		switch {
		case f.kind == kindLetter, r.stands(f, size, w):
			w.joint = w.joint && w.linked
			return true
		case c == '\n':
			if newlines++; newlines > 1 {
				w.linked = false
			}
			r.lineStart, r.quote = true, false
		case c == '>' && r.lineStart:
			r.quote = true
			w.linked = false
		case f.kind == kindJoint:
			r.footer = r.footer || r.lineStart && signature(r.text[r.pos:])
			r.lineStart = false
			w.joint = true
		case f.kind == kindBreak:
			r.lineStart = false
			w.linked = false
		}
		r.pos += size
	}
	return false
}

// signature reports whether text begins with the line that parts a mail from its signature (RFC 3676, section 4.3).
func signature(text string) bool {
	if !strings.HasPrefix(text, "--") {
		return false
	}
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimRight(line, " \r") == "--"
}

// fold folds the character at hand and returns its length in bytes.
func (r *reader) fold() (fold, int) {
	rest := r.text[r.pos:]
	if rest[0] < 0x80 {
		return r.table[rest[0]], 1
	}
	c, size := decode(rest)
	if garbledLead(c) && len(rest) > size && rest[size] >= 0x80 {
		if fixed, n := repaired(rest); n > 0 {
			if r.garbled = true; r.repair {
				c, size = fixed, n
			}
		}
	}
	if c < foldTableSize {
		return r.table[c], size
	}
	return foldRune(c), size
}

// spell lets w, a single letter, take in the single letters that follow, if they are enough to be a word spelled out.
// Of a longer run it takes what a word can keep; the next word begins in the middle of that, so that none is cut apart.
func (r *reader) spell(w *word) {
	alone, start := *w, *r
	middle := *r
	count := 1
	for w.n < maxLetters {
		before := *r
		var next word
		if !r.read(&next) || !next.single() {
			*r = before
			break
		}
		w.add(next.letters[0])
		w.end, w.marked, w.capital = next.end, w.marked || next.marked, w.capital || next.capital
		if count++; w.n <= maxLetters/2 {
			middle = before
		}
	}
	if count < spelledMin {
		*w, *r = alone, start
		return
	}
	w.spelled = true
	if w.n == maxLetters {
		*r = middle
	}
}
