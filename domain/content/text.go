package content

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keybuzzio/marketplaces/domain/safety"
)

// characters finds bytes that no mail and no API carries: control characters but line ends and tabs, and invalid UTF-8.
func (c *check) characters() {
	for i, r := range c.draft.Text {
		_, size := utf8.DecodeRuneInString(c.draft.Text[i:])
		switch {
		case r == utf8.RuneError && size <= 1:
			c.at(RuleCharacters, i, i+1, "")
		case r == '\n' || r == '\r' || r == '\t':
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || bidi(r):
			c.at(RuleCharacters, i, i+size, "")
		}
	}
}

// bidi reports whether r changes the direction of the text behind it: it can make a link or a number read as another.
func bidi(r rune) bool { return '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069' }

// size finds texts without words, with nothing but a quotation, too short and too long.
func (c *check) size() {
	text := strings.TrimSpace(c.draft.Text)
	chars := utf8.RuneCountInString(text)
	switch {
	case c.rules.NoText && text != "":
		c.at(RuleNoText, 0, len(c.draft.Text), "")
	case c.rules.NoText:
	case !hasWord(text):
		c.whole(RuleEmpty)
	case quotedOnly(text, c.draft.Buyer.Text):
		c.at(RuleQuotedOnly, 0, len(c.draft.Text), "")
	case chars < c.rules.MinChars:
		c.whole(RuleTooShort)
	case c.rules.MaxChars > 0 && chars > c.rules.MaxChars:
		c.at(RuleTooLong, byteOf(c.draft.Text, c.rules.MaxChars), len(c.draft.Text), "")
	}
}

func hasWord(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// quotedOnly reports whether every line is quoted, or all of it is what the buyer wrote.
func quotedOnly(text, buyer string) bool {
	if buyer = strings.Join(strings.Fields(buyer), " "); buyer != "" && strings.Join(strings.Fields(text), " ") == buyer {
		return true
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '>' {
			return false
		}
	}
	return true
}

// byteOf returns where the text's character number n begins.
func byteOf(text string, n int) int {
	for i := range text {
		if n == 0 {
			return i
		}
		n--
	}
	return len(text)
}

// words finds the words of the lists. A term that a negation weakens ("we do not ask for a review") is none.
func (c *check) words() {
	for _, f := range lists().Flags(c.draft.Text) {
		if f.Action == safety.Review {
			continue
		}
		switch f.Category {
		case categoryReview:
			c.at(RuleReview, f.Start, f.End, f.Term)
		case categoryAdvertising:
			c.at(RuleAdvertising, f.Start, f.End, f.Term)
		}
	}
}
