package mail

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlText renders HTML as plain text: blocks on lines of their own, links as "label <address>", scripts and styles left
// out. Nothing is fetched, and markup that a buyer typed as text stays text.
func htmlText(s string) string {
	z := html.NewTokenizer(strings.NewReader(s))
	var w htmlWriter
	for {
		switch z.Next() {
		case html.ErrorToken:
			return w.out.String()
		case html.TextToken:
			if !w.hidden {
				w.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, hasAttr := z.TagName()
			a := atom.Lookup(name)
			w.hidden = isHidden(a)
			w.breakAt(a)
			w.pre = w.pre || a == atom.Pre
			if a == atom.A && hasAttr {
				w.href = href(z)
				w.label = w.out.Len()
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			w.hidden = false
			w.pre = w.pre && a != atom.Pre
			if a == atom.A {
				w.link()
			}
			if a != atom.Br {
				w.breakAt(a)
			}
		}
	}
}

// isHidden reports whether a browser that shows mails shows the text of an element. The tokenizer gives that text, tags
// and all, as one token.
func isHidden(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Title, atom.Iframe, atom.Noembed, atom.Noframes, atom.Noscript:
		return true
	}
	return false
}

// href returns the address that the tag at hand links to, of the web or of a mail, "" if it links to none.
func href(z *html.Tokenizer) string {
	for {
		key, value, more := z.TagAttr()
		if string(key) == "href" {
			v := strings.TrimSpace(string(value))
			if address, ok := strings.CutPrefix(v, "mailto:"); ok {
				v, _, _ = strings.Cut(address, "?")
			} else if !strings.HasPrefix(v, "http") {
				v = ""
			}
			if v != "" && !strings.ContainsAny(v, " <>\n") {
				return v
			}
		}
		if !more {
			return ""
		}
	}
}

// htmlWriter collects text the way a browser would lay it out.
type htmlWriter struct {
	out    strings.Builder
	breaks int  // line breaks due before the next text
	space  bool // a blank is due before the next text
	tab    bool // between two cells it is a tab
	hidden bool // inside a script or the like
	pre    bool // inside text whose line ends stay
	href   string
	label  int // where the text of the link began
}

// breakAt notes the line breaks that an element brings.
func (w *htmlWriter) breakAt(a atom.Atom) {
	switch a {
	case atom.Br:
		w.breaks++
	case atom.P, atom.Table, atom.Ul, atom.Ol, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.breaks = max(w.breaks, 2)
	case atom.Div, atom.Tr, atom.Li, atom.Hr, atom.Blockquote, atom.Section, atom.Article, atom.Header, atom.Footer,
		atom.Pre, atom.Dt, atom.Dd, atom.Center:
		w.breaks = max(w.breaks, 1)
	case atom.Td, atom.Th:
		w.tab = true
	}
}

// text writes s with its blanks and line ends run together. A no-break space is a blank that stays.
func (w *htmlWriter) text(s string) {
	for _, r := range s {
		switch {
		case r == '\u00a0':
			w.flush()
			w.out.WriteByte(' ')
		case r == '\n' && w.pre:
			w.breaks++
		case unicode.IsSpace(r):
			w.space = true
		default:
			w.flush()
			w.out.WriteRune(r)
		}
	}
}

// flush writes the breaks or the blank that are due.
func (w *htmlWriter) flush() {
	switch {
	case w.out.Len() == 0:
	case w.breaks > 0:
		w.out.WriteString(strings.Repeat("\n", w.breaks))
	case w.tab:
		w.out.WriteByte('\t')
	case w.space:
		w.out.WriteByte(' ')
	}
	w.breaks, w.space, w.tab = 0, false, false
}

// link writes the address of the link that ends here, unless its label is the address.
func (w *htmlWriter) link() {
	if w.href != "" && !strings.Contains(w.out.String()[min(w.label, w.out.Len()):], w.href) {
		w.space = true
		w.flush()
		w.out.WriteString("<" + w.href + ">")
	}
	w.href = ""
}
