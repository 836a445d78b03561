package safety

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The lists are data: one file per language in the notation that [rule] describes, and the words that negate.
//
//go:embed *.txt
var listFiles embed.FS

// listLanguages are the languages of the lists, in the order that decides which of several lists a shared rule is
// reported under.
var listLanguages = [...]string{"en", "fr", "de", "es", "it", "nl", "pl", "sv", "pt"}

// Languages returns the ISO 639-1 codes of the languages that the safety lists know.
func Languages() []string { return slices.Clone(listLanguages[:]) }

// ListVersion returns the version of the safety lists, a hash: it changes whenever one of their letters does.
func ListVersion() string { return buyerLists().version }

// buyerLists are the lists for what buyers write; draftLists are those for what a machine would answer, beside them.
var (
	buyerLists = sync.OnceValue(func() *lists { return mustRead(listLanguages[:]...) })
	draftLists = sync.OnceValue(func() *lists { return mustRead("draft") })
)

// mustRead reads embedded lists. They are part of the program like its code: tests show that they read, and without them
// it must not run.
func mustRead(names ...string) *lists {
	l, err := readLists(listFiles, names)
	if err != nil {
		panic("safety: lists: " + err.Error())
	}
	return l
}

// lists are rules, indexed by the words that they begin with.
type lists struct {
	version string
	rules   []*rule
	numbers int // rule numbers given

	entries []entry          // in the order of their keys
	bucket  [keys + 1]uint16 // entries of key k are entries[bucket[k]:bucket[k+1]]
	not     atom             // words that negate
	stop    atom             // words that a negation does not reach across
}

// An entry is a spelling that phrases begin with.
type entry struct {
	form
	uses []use
}

// A use is a phrase that begins with the entry: how it goes on, and what must stand near it.
type use struct {
	rule   *rule
	rest   phrase
	others []phrase
}

// Entries are found by the first three letters of a word; keys is how many combinations there are.
const keys = 27 * 27 * 27

// key numbers the first three letters of a word. A digit counts as no letter.
func key(letters []byte) int {
	k := 0
	for i := range 3 {
		k *= 27
		if i < len(letters) && isLetter(letters[i]) {
			k += int(letters[i]-'a') + 1
		}
	}
	return k
}

// Lists are word lists in the notation of this package, kept elsewhere: see [ReadLists].
type Lists struct{ lists *lists }

// ReadLists reads the lists name.txt of a folder.
//
//   - The words that negate are this package's own.
//   - The version is a hash of all files of the folder.
//   - An error names the file and the line that cannot be read.
func ReadLists(files fs.ReadDirFS, names ...string) (*Lists, error) {
	l, err := readLists(files, names)
	if err != nil {
		return nil, err
	}
	return &Lists{l}, nil
}

// Flags finds the words of the lists in a text, as [FlagText] does with those for buyers.
func (l *Lists) Flags(text string) []Flag { return l.lists.flags(text) }

// Version returns the version of the lists.
func (l *Lists) Version() string { return l.lists.version }

// readLists reads files of rules, and the words that negate.
func readLists(files fs.ReadDirFS, names []string) (*lists, error) {
	l := &lists{}
	var err error
	if l.version, err = hashLists(files); err != nil {
		return nil, err
	}
	if err := l.readFile(listFiles, "negation", l.readNegation); err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := l.readFile(files, name, l.readRules); err != nil {
			return nil, err
		}
	}
	return l, l.index()
}

func (l *lists) readFile(files fs.FS, name string, read func(name string, data []byte) error) error {
	data, err := fs.ReadFile(files, name+".txt")
	if err != nil {
		return err
	}
	if err := read(name, data); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// hashLists returns the version of all lists of a folder together.
func hashLists(folder fs.ReadDirFS) (string, error) {
	hash := sha256.New()
	files, err := folder.ReadDir(".")
	if err != nil {
		return "", err
	}
	for _, f := range files {
		data, err := fs.ReadFile(folder, f.Name())
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%s %d\n%s", f.Name(), len(data), data)
	}
	return fmt.Sprintf("%x", hash.Sum(nil)[:6]), nil
}

// lines yields the lines of a file that say something.
func lines(data []byte, yield func(line string) error) error {
	for raw := range bytes.Lines(data) {
		line := strings.TrimSpace(string(raw))
		if line == "" || line[0] == '#' {
			continue
		}
		if err := yield(line); err != nil {
			return fmt.Errorf("%q: %w", line, err)
		}
	}
	return nil
}

// readRules reads a file of rules: headers, then a section per category, then rules. The file is named after its language
// unless it says otherwise.
func (l *lists) readRules(language string, data []byte) error {
	var n notation
	var positive []string
	return lines(data, func(line string) (err error) {
		head, rest, _ := strings.Cut(line, " ")
		switch {
		case head == "language":
			language = rest
			return nil
		case head == "ending":
			n.ending, err = strconv.Atoi(rest)
			return err
		case head == "not-negation":
			positive = strings.Fields(rest)
			return nil
		case line[0] == '[':
			n.category = Category(strings.Trim(line, "[]"))
			return nil
		}
		r, err := n.rule(line)
		if err != nil {
			return err
		}
		l.add(r, language, positive)
		return nil
	})
}

func (l *lists) readNegation(_ string, data []byte) error {
	n := notation{ending: 6}
	return lines(data, func(line string) error {
		words, to := line, &l.not
		if rest, ok := strings.CutPrefix(line, "stop "); ok {
			words, to = rest, &l.stop
		}
		for word := range strings.FieldsSeq(words) {
			forms, err := n.forms(word, false, false)
			if err != nil {
				return err
			}
			*to = append(*to, forms...)
		}
		return nil
	})
}

// add takes a rule in. A rule that an earlier list has already stays that list's.
func (l *lists) add(r *rule, language string, positive []string) {
	for _, have := range l.rules {
		if have.same(r) {
			have.languages = append(have.languages, language)
			have.positive = append(have.positive, positive...)
			have.lengthen(r)
			return
		}
	}
	r.languages, r.positive = []string{language}, slices.Clone(positive)
	r.number = l.numbers
	for _, have := range l.rules {
		if have.category == r.category && have.term == r.term && have.languages[0] == language {
			r.number = have.number
		}
	}
	if r.number == l.numbers {
		l.numbers++
	}
	l.rules = append(l.rules, r)
}

// same reports whether two rules find the same, or would if the endings in their lists were equally long.
func (r *rule) same(o *rule) bool {
	return r.category == o.category && r.action == o.action && r.joint == o.joint && r.amount == o.amount &&
		slices.EqualFunc(r.variants, o.variants, func(a, b variant) bool {
			return slices.EqualFunc(a, b, func(a, b phrase) bool {
				return slices.EqualFunc(a, b, func(a, b atom) bool { return slices.EqualFunc(a, b, sameForm) })
			})
		})
}

func sameForm(a, b form) bool {
	stems := a.ending > 0 == (b.ending > 0)
	a.ending, b.ending = 0, 0
	return stems && a == b
}

// lengthen lets the words of r end as those of o, which is the same, where o's may be longer.
func (r *rule) lengthen(o *rule) {
	for i, v := range r.variants {
		for j, p := range v {
			for k, a := range p {
				for n := range a {
					a[n].ending = max(a[n].ending, o.variants[i][j][k][n].ending)
				}
			}
		}
	}
}

// index makes the rules findable by the words that they begin with.
func (l *lists) index() error {
	at := map[form]int{}
	for _, r := range l.rules {
		for _, v := range r.variants {
			for _, f := range v[0][0] {
				if _, known := at[f]; !known {
					at[f] = len(l.entries)
					l.entries = append(l.entries, entry{form: f})
				}
				e := &l.entries[at[f]]
				e.uses = append(e.uses, use{r, v[0][1:], v[1:]})
			}
		}
	}
	if len(l.entries) > 1<<16-1 {
		return fmt.Errorf("%d entries are too many", len(l.entries))
	}
	slices.SortFunc(l.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(key([]byte(a.letters)), key([]byte(b.letters))), cmp.Compare(a.letters, b.letters),
			cmp.Compare(a.ending, b.ending))
	})
	k := 0
	for i, e := range l.entries {
		for ; k <= key([]byte(e.letters)); k++ {
			l.bucket[k] = uint16(i)
		}
	}
	for ; k <= keys; k++ {
		l.bucket[k] = uint16(len(l.entries))
	}
	return nil
}
