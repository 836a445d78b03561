package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keybuzzio/marketplaces/domain"
)

// cleanText returns s with LF line ends, without control characters but tab, and without blanks at the ends of lines.
func cleanText(s string) string {
	if strings.ContainsRune(s, '\r') {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	var out strings.Builder
	out.Grow(len(s))
	for line := range strings.Lines(s) {
		body, end := strings.CutSuffix(line, "\n")
		if strings.ContainsFunc(body, unicode.IsControl) {
			body = strings.Map(dropControl, body)
		}
		out.WriteString(strings.TrimRight(body, " \t\u00a0"))
		if end {
			out.WriteByte('\n')
		}
	}
	return out.String()
}

func dropControl(r rune) rune {
	if unicode.IsControl(r) && r != '\t' {
		return -1
	}
	return r
}

// cleanLine makes s a field of one line: control characters are blanks, and it is no longer than domain.MaxField.
func cleanLine(s string) string { return strings.TrimSpace(cut(cleanAll(s), domain.MaxField)) }

// cleanAll makes s one line, however long.
func cleanAll(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

// cut returns the longest beginning of s that has at most n bytes and ends between two characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
