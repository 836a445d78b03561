package mailtest

import (
	"html"
	"strings"
)

// body is the text that Amazon makes of a buyer's words.
type body struct {
	greeting, order, item, opening, text, closing string
	footer                                        string
	message                                       string // m of the footer
	asin                                          string // of the item
}

// titles are of things that nobody sells.
var titles = []string{"Lampe à pince, 40 cm", "Clamp lamp - 40 cm, black", "Klemmlampe 40 cm (2er-Pack)", "Lampada a pinza 3000K"}

// newBody dresses text in the frame of the maker, with an id of its own.
func (m *maker) newBody(text string) body {
	b := body{
		greeting: m.frame.greeting, order: "# " + m.order + ":", asin: "B0TEST" + m.letters(4, upperAlnum), opening: m.frame.opening,
		text: text, closing: m.frame.closing, message: m.id(),
	}
	b.item = "1 / " + pick(m, titles) + " [ASIN: " + b.asin + "]"
	if m.frame.label == "es-MX" {
		b.item = pick(m, titles) + " | " + m.order + " [ASIN: " + b.asin + "]"
	}
	b.footer = m.footer(b.message, "BBC_MESSAGE_SENT_TO_MERCHANT")
	return b
}

// bare is b without Amazon's words before and behind it but for the markers: no order, no item, no links.
func (b body) bare() body {
	b.order, b.item, b.footer = "", "", ""
	return b
}

// footer is what follows the closing marker: different in each delivery of a message.
func (m *maker) footer(message, notice string) string {
	f := m.frame
	seller := " https://sellercentral.amazon." + f.tld
	return f.helpful + seller + "/gp/satisfaction/survey-form.html?HMDName=bsm&customAttribute1Value=" + notice + "\n" +
		f.resolve + seller + "/messaging/no-response-needed?t=" + m.thread + "&m=" + message + "&mp=" + f.marketplaceID + "&c=" +
		m.letters(14, upperAlnum) + "&h=" + m.letters(40, hexDigits) + "&s=1\n" +
		f.report + " https://www.amazon." + f.tld + "/messaging/report?ref_=bsm_email_report\n\n---\n" +
		"Copyright 2026 Amazon.com, Inc.\n" + f.stamp() + m.letters(16, digits)
}

// plain is the text/plain version, LF line ends.
func (b body) plain() string {
	var out strings.Builder
	out.Grow(1200 + len(b.text))
	for _, block := range []string{b.greeting, b.order, b.item, b.opening, b.text, b.closing, b.footer} {
		if block == "" {
			continue
		}
		if out.Len() > 0 {
			out.WriteString("\n\n")
		}
		out.WriteString(block)
	}
	out.WriteByte('\n')
	return out.String()
}

// html is the text/html version: links are hidden behind their labels.
func (b body) html() string {
	var out strings.Builder
	out.Grow(1800 + 2*len(b.text))
	out.WriteString("<html><head><style>p { color: #111; }</style></head><body><p>")
	first := true
	for line := range strings.SplitSeq(b.plain(), "\n") {
		if !first {
			out.WriteString("<br>\n")
		}
		first = false
		if label, address, ok := strings.Cut(line, " https://"); ok && !strings.Contains(b.text, line) {
			out.WriteString(`<a href="https://` + html.EscapeString(address) + `">` + html.EscapeString(label) + "</a>")
			continue
		}
		out.WriteString(html.EscapeString(line))
	}
	out.WriteString(`</p><img src="https://images.amazon.example/nms/img/pixel.gif" width="1" height="1"></body></html>`)
	return out.String()
}
