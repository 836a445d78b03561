package mail

import "strings"

// quoteVerbs are in the line by which mail programs introduce what they quote: "Le 2 mars 2026, la boutique a écrit :". In
// lower case.
var quoteVerbs = []string{
	"a écrit", "a ecrit", "wrote", "writes", "schrieb", "geschrieben", "escribió", "escribio", "ha scritto", "scrisse", "escreveu",
	"schreef", "heeft geschreven", "napisał", "napisała", "napisał(a)", "pisze", "skrev", "yazdı", "كتب", "が書きました",
}

// quoteIntros begin such a line, if no number does.
var quoteIntros = set("le", "on", "am", "el", "il", "em", "no", "op", "w", "dnia", "den", "på", "في")

// mailFields head the lines of a quoted mail's header in programs that quote without signs.
var mailFields = set("from", "de", "von", "da", "van", "od", "från", "gesendet", "sent", "envoyé", "enviado", "inviato", "verzonden",
	"wysłano", "skickat", "to", "à", "an", "para", "a", "aan", "do", "till", "subject", "objet", "betreff", "asunto", "oggetto", "assunto",
	"onderwerp", "temat", "ämne", "date", "datum", "fecha", "data")

// splitQuoted parts what a buyer wrote himself from what he quotes of earlier mails. Together they hold all of text. When
// all is quoted, all is his own: he sent it.
func splitQuoted(text string) (own, quoted string) {
	lines := strings.SplitAfter(text, "\n")
	var mine, earlier strings.Builder
	for i := 0; i < len(lines); {
		from, to := nextQuote(lines, i)
		for _, line := range lines[i:from] {
			mine.WriteString(line)
		}
		for _, line := range lines[from:to] {
			earlier.WriteString(line)
		}
		if to > from && to < len(lines) {
			endLine(&mine)
			endLine(&earlier)
		}
		i = to
	}
	own, quoted = strings.TrimSpace(mine.String()), strings.TrimSpace(earlier.String())
	if own == "" {
		return quoted, ""
	}
	return own, quoted
}

func endLine(b *strings.Builder) {
	if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
		b.WriteByte('\n')
	}
}

// nextQuote returns the lines of the next quote from the line i on; both are len(lines) if there is none. A heading in
// dashes or the header of a mail quotes all that follows; lines with signs count when somebody is said to have written
// them, or when nothing follows.
func nextQuote(lines []string, i int) (from, to int) {
	for from = i; from < len(lines); from++ {
		line := strings.TrimSpace(lines[from])
		switch {
		case line == "":
		case isInnerHeading(line), isMailHeader(lines, from):
			return from, len(lines)
		case isQuoted(line):
			if to = quotedTo(lines, from); to == len(lines) {
				return from, to
			}
			from = to - 1
		default:
			if to := attributedTo(lines, from); to > from {
				return from, to
			}
		}
	}
	return len(lines), len(lines)
}

func isInnerHeading(line string) bool {
	words, ok := markerWords(line)
	return ok && roleOf(words) == inner
}

// isMailHeader reports whether three lines running are the fields of a mail.
func isMailHeader(lines []string, i int) bool {
	if i+3 > len(lines) {
		return false
	}
	for _, line := range lines[i : i+3] {
		name, _, ok := strings.Cut(strings.TrimLeft(line, " \t*"), ":")
		if !ok || len(name) > 20 || !mailFields[strings.ToLower(strings.TrimSpace(name))] {
			return false
		}
	}
	return true
}

func isQuoted(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), ">") }

// quotedTo returns where the lines with signs end that begin at i. Empty lines between and behind them are theirs.
func quotedTo(lines []string, i int) int {
	for i < len(lines) && isQuoted(lines[i]) {
		i = skipBlank(lines, i+1)
	}
	return i
}

// skipBlank returns the first line from i on that is not empty.
func skipBlank(lines []string, i int) int {
	for i < len(lines) && strings.TrimSpace(lines[i]) == "" {
		i++
	}
	return i
}

// attributedTo returns where what somebody is said to have written ends, by the lines from i on, i if they do not say it.
// What a program introduces may be without signs; then it is all that follows.
func attributedTo(lines []string, i int) int {
	for n := 1; n <= 2 && i+n <= len(lines); n++ { // programs break long lines
		last := strings.TrimSpace(lines[i+n-1])
		if !strings.HasSuffix(last, ":") && !strings.HasSuffix(last, "：") || len(lines[i])+len(last) > 400 {
			continue
		}
		text := strings.TrimRight(strings.TrimSpace(strings.Join(lines[i:i+n], " ")), ":：")
		if n == 2 && !beginsQuote(text) {
			return i
		}
		next := skipBlank(lines, i+n)
		isFollowed := next < len(lines) && isQuoted(lines[next])
		switch hasVerb, isDated := namesWriter(text), hasDate(text); {
		case isFollowed && (hasVerb || isDated):
			return quotedTo(lines, next)
		case hasVerb && isDated && beginsQuote(text):
			return len(lines)
		}
	}
	return i
}

// namesWriter reports whether a text says that somebody wrote. Some languages have the name behind the verb.
func namesWriter(text string) bool {
	text = " " + strings.ToLower(text) + " "
	for _, verb := range quoteVerbs {
		if strings.Contains(text, " "+verb+" ") {
			return true
		}
	}
	return false
}

// beginsQuote reports whether a text begins as the line of a program does that introduces what it quotes.
func beginsQuote(text string) bool {
	first, _, _ := strings.Cut(text, " ")
	return first != "" && (isDigit(first[0]) || quoteIntros[strings.ToLower(first)])
}

// hasDate reports whether a text holds what a program writes into such a line, and a person hardly: an address, a time, or a
// year of this century.
func hasDate(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c == '@':
			return true
		case (c == ':' || c == '.' || c == 'h') && i > 0 && isDigit(text[i-1]) && digits(text[i+1:]) == 2:
			return true
		case c == '2' && (i == 0 || !isDigit(text[i-1])) && strings.HasPrefix(text[i:], "20") && digits(text[i:]) == 4:
			return true
		}
	}
	return false
}

// digits returns how many digits a text begins with, at most 5.
func digits(text string) int {
	n := 0
	for n < min(len(text), 5) && isDigit(text[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
