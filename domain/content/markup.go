package content

import (
	"regexp"
	"unicode/utf8"
)

// tag is HTML as people paste it: an element that mail programs write, a comment, or an entity. "<3" and "a < b" are none.
var tag = regexp.MustCompile(`(?i)</?(?:a|b|blockquote|body|br|center|div|em|font|form|h[1-6]|head|hr|html|i|iframe|img|li|link|meta|ol|p|pre|script|span|strong|style|sub|sup|table|tbody|td|th|title|tr|u|ul)(?:\s[^<>]*)?/?>|<!--|&(?:nbsp|amp|lt|gt|quot|euro|#[0-9]{2,6}|#x[0-9a-f]{2,5});`)

// markup finds HTML and emoji.
func (c *check) markup() {
	for _, at := range tag.FindAllStringIndex(c.draft.Text, MaxViolations) {
		c.at(RuleHTML, at[0], at[1], "")
	}
	start, end := -1, -1
	for i, r := range c.draft.Text {
		if !emoji(r) {
			continue
		}
		if i != end { // neighbours are one
			c.emoji(start, end)
			start = i
		}
		end = i + utf8.RuneLen(r)
	}
	c.emoji(start, end)
}

func (c *check) emoji(start, end int) {
	if start >= 0 {
		c.at(RuleEmoji, start, end, "")
	}
}

// emoji reports whether r is shown as a picture. Typographic signs that are older than emoji are none: ©, ®, ™, arrows, ✓, ★.
func emoji(r rune) bool {
	switch {
	case r < 0x203c:
		return false
	case 0x1f000 <= r && r <= 0x1faff, 0xe0020 <= r && r <= 0xe007f: // pictures, flags, tags
		return true
	case 0x2600 <= r && r <= 0x26ff: // weather, people, signs
		return r != '★' && r != '☆' && r != '☎'
	case r == 0xfe0f, r == 0x20e3, r == 0x200d: // shown as a picture, key cap, joined pictures
		return true
	}
	for _, p := range pictures {
		if p[0] <= r && r <= p[1] {
			return true
		}
	}
	return false
}

// pictures are the ranges of single characters that are emoji by default (Unicode's emoji-data, Emoji_Presentation).
var pictures = [][2]rune{
	{0x203c, 0x203c}, {0x2049, 0x2049}, {0x231a, 0x231b}, {0x23e9, 0x23f3}, {0x2705, 0x2705}, {0x270a, 0x270d}, {0x2728, 0x2728},
	{0x274c, 0x274c}, {0x274e, 0x274e}, {0x2753, 0x2755}, {0x2757, 0x2757}, {0x2763, 0x2764}, {0x2795, 0x2797},
	{0x27b0, 0x27b0}, {0x27bf, 0x27bf}, {0x2b1b, 0x2b1c}, {0x2b50, 0x2b50}, {0x2b55, 0x2b55},
}
