package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Amazon puts the buyer's text between two lines of dashes and words:
//
//	------------- Message:  -------------
//	…
//	------------- Fin du message -------------
//
// The words depend on the seller's language, not the buyer's, and have changed over the years. Those seen are below,
// folded as foldWords does. Dutch, Polish, Swedish, Turkish and Arabic mails have not been seen: for those the shape of
// the line is all there is.
var (
	openingWords = set("message", "dbut du message", "debut du message", "iniciar mensaje", "mensaje", "messaggio",
		"inizio messaggio", "mensagem", "iniciar mensagem", "begin message", "begin message / dbut du message",
		"anfang der nachricht", "nachricht", "メッセージはここから")
	closingWords = set("fin du message", "finalizar mensaje", "fine messaggio", "encerrar mensagem", "mensagem final",
		"end message", "end message / fin du message", "ende der nachricht", "メッセージはここまで")
	// innerWords head a quoted message inside the buyer's text.
	innerWords = set("mensaje de respuesta", "mensaje original", "message dorigine", "message original",
		"message transfr", "original message", "forwarded message", "ursprngliche nachricht", "messaggio originale",
		"mensagem original", "mensagem de resposta", "oorspronkelijk bericht")
)

func set(words ...string) map[string]bool {
	s := make(map[string]bool, len(words))
	for _, w := range words {
		s[w] = true
	}
	return s
}

// layout is a mail's text in three.
type layout struct {
	full string // all of it, as it came
	text string // the same, with markers on lines of their own
	head string // Amazon's words before the buyer's: greeting, order, item
	body string // the buyer's text
	foot string // what follows the closing marker; "" without one, since then a buyer's link could pass for Amazon's

	opened, closed bool // which markers there are
}

// whole reports whether nothing is missing.
func (l layout) whole() bool { return l.opened && l.closed && l.body != "" }

// rank orders the layouts of one mail's parts: one with a text before one without, then by markers.
func (l layout) rank() int {
	rank := 0
	if l.body != "" {
		rank += 4
	}
	if l.opened {
		rank++
	}
	if l.closed {
		rank++
	}
	return rank
}

// splitText finds the buyer's text. It is never empty when the mail holds a text outside an empty pair of markers.
func splitText(text string) layout {
	full := text
	marks := findMarks(text)
	if known(marks) < 2 {
		loose := loosen(text)
		if better := findMarks(loose); known(better) > known(marks) {
			text, marks = loose, better
		}
	}
	opening, closing := outermost(text, marks)
	l := layout{full: full, text: text}
	start, end := 0, len(text)
	if opening != nil {
		l.opened, l.head, start = true, text[:opening.start], opening.end
	} else {
		start = headEnd(text)
		l.head = text[:start]
	}
	if closing != nil {
		l.closed, l.foot, end = true, text[closing.end:], closing.start
	}
	l.body = strings.TrimSpace(text[start:max(start, end)])
	if !l.closed {
		if cut := strings.TrimSpace(l.body[:footerStart(l.body)]); cut != "" {
			l.body = cut
		}
	}
	if l.body == "" && !(l.opened && l.closed) {
		l.body = strings.TrimSpace(text)
	}
	return l
}

// mark is a line that has the shape of a marker.
type mark struct {
	start, end int // of the line, its end included
	role       role
}

type role int

const (
	unknown role = iota
	opener
	closer
	inner
)

func findMarks(text string) []mark {
	var marks []mark
	pos := 0
	for line := range strings.Lines(text) {
		if words, ok := markerWords(line); ok {
			marks = append(marks, mark{pos, pos + len(line), roleOf(words)})
		}
		pos += len(line)
	}
	return marks
}

// markerWords returns the words of a line of at least five dashes, at most 40 other characters and as many dashes again.
func markerWords(line string) (string, bool) {
	line = strings.TrimSpace(line)
	inside := strings.TrimLeftFunc(line, isDash)
	left := utf8.RuneCountInString(line[:len(line)-len(inside)])
	words := strings.TrimRightFunc(inside, isDash)
	right := utf8.RuneCountInString(inside[len(words):])
	words = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(words), ":"))
	ok := left >= 5 && right >= 5 && len(words) <= 200 && utf8.RuneCountInString(words) <= 40 &&
		strings.ContainsFunc(words, unicode.IsLetter)
	return words, ok
}

func isDash(r rune) bool { return r == '-' || '\u2010' <= r && r <= '\u2015' || r == '\u2212' }

func roleOf(words string) role {
	words = foldWords(words)
	switch {
	case openingWords[words]:
		return opener
	case closingWords[words]:
		return closer
	case innerWords[words]:
		return inner
	}
	return unknown
}

// foldWords keeps what survives a wrong charset: the ASCII letters, in lower case, and the blanks between words. Words
// without any are kept as they are.
func foldWords(words string) string {
	ascii := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', r == ' ', r == '/':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, words)
	if ascii = strings.Join(strings.Fields(ascii), " "); ascii != "" {
		return ascii
	}
	return words
}

// known returns how many of the two markers of a pair have words that we know.
func known(marks []mark) int {
	opened, closed := 0, 0
	for _, m := range marks {
		switch m.role {
		case opener:
			opened = 1
		case closer:
			closed = 1
		}
	}
	return opened + closed
}

// outermost returns the pair around the buyer's text; either may be missing. The first opening words and the last
// closing words count, since a buyer can paste an older mail between them. Marks with words that nobody knows count
// where Amazon's text around them says so, or where no words are known at all.
func outermost(text string, marks []mark) (opening, closing *mark) {
	var strange []*mark
	for i := range marks {
		m := &marks[i]
		switch {
		case m.role == opener && opening == nil && closing == nil:
			opening = m
		case m.role == closer:
			closing = m
		case m.role == unknown:
			strange = append(strange, m)
		}
	}
	if len(strange) == 0 || opening != nil && closing != nil {
		return opening, closing
	}
	first, last := strange[0], strange[len(strange)-1]
	footed := isFooter(text[last.end:])
	switch {
	case opening != nil:
		if footed && last.start > opening.start {
			closing = last
		}
	case closing == nil && len(strange) > 1:
		opening, closing = first, last
	case closing == nil && footed:
		closing = first
	case (closing == nil || first.start < closing.start) && headEnd(text[:first.start]) == first.start:
		opening = first
	}
	return opening, closing
}

// loosen puts markers with known words that stand amid other text, as in mails that a gateway has run together, on
// lines of their own.
func loosen(text string) string {
	var out strings.Builder
	done := 0
	for pos := 0; ; {
		i := strings.Index(text[pos:], "-----")
		if i < 0 {
			break
		}
		start := pos + i
		wordsAt := start + len(text[start:]) - len(strings.TrimLeft(text[start:], "-"))
		j := strings.Index(text[wordsAt:min(len(text), wordsAt+200)], "-----")
		if j < 0 {
			pos = wordsAt
			continue
		}
		closeAt := wordsAt + j
		end := closeAt + len(text[closeAt:]) - len(strings.TrimLeft(text[closeAt:], "-"))
		words, ok := markerWords(text[start:end])
		if r := roleOf(words); !ok || r != opener && r != closer {
			pos = closeAt
			continue
		}
		out.WriteString(text[done:start] + "\n" + text[start:end] + "\n")
		done, pos = end, end
	}
	out.WriteString(text[done:])
	return out.String()
}
