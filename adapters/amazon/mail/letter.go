package mail

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// letter is a mail as far as it has been read.
type letter struct {
	raw, body []byte // body is what is behind the header
	tree
	header  header
	from    sender
	subject string  // decoded, whole
	verdict verdict // of the receiving server
	report  *report // nil for mails that are none
	text    layout
	foot    footer
	code    string // of our own validation mail; "" for others
	flags   map[domain.ParseFlag]bool
}

// readLetter reads what does not depend on the kind of a mail.
func readLetter(raw []byte, authServer string) *letter {
	block, body := cutHeader(raw)
	l := &letter{raw: raw, body: body, tree: cutMail(block, body), flags: map[domain.ParseFlag]bool{}}
	l.header = l.root.header
	l.from = readSender(l.header)
	l.subject = unmangle(decodeWords(l.header.get("subject")))
	_, host := splitAddress(l.from.address)
	l.verdict = readVerdict(l.header, host, authServer)
	l.report = readReport(l.root)
	l.code = validationCode(l.header, l.subject)
	l.readText()
	l.flag(domain.FlagMIMEBroken, l.broken || body == nil || bytes.IndexByte(raw, 0) >= 0) // a NUL is no character of mails
	l.flag(domain.FlagPartsOverLimit, l.over)
	return l
}

// flag notes something odd, if it is so.
func (l *letter) flag(f domain.ParseFlag, is bool) {
	if is {
		l.flags[f] = true
	}
}

// readText picks the part that holds the text best, the first of equals, and reads Amazon's links behind the markers of
// all of them: the plain part does not always have them.
func (l *letter) readText() {
	rank := -1
	for _, p := range textParts(l.root) {
		if l.text.whole() && l.foot.thread != "" && l.foot.message != "" {
			break
		}
		text, oddities := p.text()
		layout := splitText(text)
		l.foot = l.foot.complete(readFooter(layout.foot))
		if r := layout.rank(); r > rank {
			rank, l.text = r, layout
			l.flags = oddities
		}
	}
	body, repaired := unmangled(l.text.body) // by who wrote it, before Amazon's words were put around it
	l.text.body = body
	l.flag(domain.FlagTextRepaired, repaired)
	if l.foot.notice == "" && !l.text.closed && l.from.relayed == "" { // no words of a buyer's to mistrust
		l.foot = l.foot.complete(footer{notice: readFooter(l.text.text).notice})
	}
}

// textParts returns the parts that hold text for people. Better the text of a file than none.
func textParts(root *part) []*part {
	var texts, files []*part
	for p := range root.leaves {
		switch {
		case p.mediaType != "text/plain" && p.mediaType != "text/html":
		case p.isFile():
			files = append(files, p)
		default:
			texts = append(texts, p)
		}
	}
	if len(texts) == 0 {
		return files
	}
	return texts
}

// text decodes a part to plain text with LF line ends, and says what was odd about it.
func (p *part) text() (string, map[domain.ParseFlag]bool) {
	s, guessed := decodeText(p.content(maxText), p.params["charset"])
	s, repaired := unmangled(s)
	if p.mediaType == "text/html" {
		s = htmlText(s)
	}
	flags := map[domain.ParseFlag]bool{}
	if guessed {
		flags[domain.FlagCharsetGuessed] = true
	}
	if repaired {
		flags[domain.FlagTextRepaired] = true
	}
	return cleanText(s), flags
}

// content undoes the transfer encoding of at most so many bytes.
func (p *part) content(most int) []byte {
	return decodeTransfer(p.body[:min(len(p.body), most)], p.encoding())
}

// buyer returns the name and the relay address of who wrote. When Amazon writes for him, answers go to his relay.
func (l *letter) buyer() (name, address string) {
	if l.from.relayed != "" {
		return buyerName(l.from.name), l.from.relayed
	}
	_, reply, _ := readAddress(l.header.get("reply-to"))
	return "", relayAddress(reply)
}

// relayInText is what a relay address looks like within a text.
var relayInText = regexp.MustCompile(`(?i)[a-z0-9.+_-]{1,120}@marketplace\.amazon\.[a-z.]{2,6}\b`)

// undelivered returns the relay address of the buyer whom a mail did not reach, "" if it does not say.
func (l *letter) undelivered() string {
	if l.report != nil {
		if address := relayAddress(l.report.recipient); address != "" {
			return address
		}
	}
	for _, address := range relayInText.FindAllString(cut(l.text.full, maxReport), 10) {
		if address := relayAddress(address); address != "" {
			return address
		}
	}
	return ""
}

// orderOfNotice returns the order that Amazon's own words in a notice name, those of a buyer in it left out.
func (l *letter) orderOfNotice(comment string) string {
	text := cut(l.text.text, maxReport)
	if comment != "" && comment != l.text.body {
		text = strings.Replace(text, comment, "", 1)
	}
	return findOrder(text)
}

// validation is the code of our own mail that tries an inbound address out: 24 letters and digits of base32.
var validation = regexp.MustCompile(`^(?:KEYBUZZ-VALIDATION-)?([A-Z2-7]{24})$`)

var validationSubject = regexp.MustCompile(`\bKEYBUZZ-VALIDATION-([A-Z2-7]{24})\b`)

// validationCode returns the code in a mail, "" if it has none.
func validationCode(h header, subject string) string {
	if m := validation.FindStringSubmatch(h.get("x-keybuzz-validation")); m != nil {
		return m[1]
	}
	if m := validationSubject.FindStringSubmatch(subject); m != nil {
		return m[1]
	}
	return ""
}
