package mailtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// letter is a mail being written. The zero value of a field leaves its header out.
type letter struct {
	m         *maker
	from      string // whole field
	replyTo   string
	subject   string // whole field, encoded
	messageID string
	date      string
	notice    string // X-Space-Notification-Type
	extra     string // further header lines, each with its line end
	content   string // header lines of the content, an empty line, the content
}

const recipient = "seller@inbox.example"

// newLetter is a buyer's message without its content.
func (m *maker) newLetter() *letter {
	return &letter{
		m: m, from: mime.QEncoding.Encode("utf-8", m.name) + " <" + m.relay + ">", replyTo: m.relay,
		subject: encodeSubject(m.subject()), messageID: m.messageID(), date: m.at.Format(time.RFC1123Z),
		notice: "BBC_MESSAGE_SENT_TO_MERCHANT",
	}
}

func (m *maker) subject() string { return fmt.Sprintf(m.frame.subject, m.name, m.order) }

// encodeSubject writes Q words of RFC 2047, folded.
func encodeSubject(s string) string {
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
}

func (l *letter) raw() []byte {
	var b strings.Builder
	b.WriteString("Return-Path: <bounce@eu-west-1.amazonses.com>\r\nReceived: from a1.smtp-out.eu-west-1.amazonses.com by mx.inbox.example; " +
		l.m.at.Format(time.RFC1123Z) + "\r\n")
	for _, f := range [][2]string{
		{"From", l.from}, {"Reply-To", "\r\n " + l.replyTo}, {"To", recipient}, {"Subject", l.subject}, {"Message-ID", l.messageID},
		{"Date", l.date}, {"X-Space-Notification-Type", l.notice},
	} {
		if strings.TrimSpace(f[1]) != "" {
			b.WriteString(f[0] + ": " + f[1] + "\r\n")
		}
	}
	if l.notice != "" {
		b.WriteString("X-Marketplace-ID: " + l.m.frame.marketplaceID + "\r\n")
	}
	b.WriteString(l.extra + "MIME-Version: 1.0\r\n" + l.content)
	return []byte(b.String())
}

// body is the text that Amazon makes of a buyer's words.
type body struct {
	greeting, order, item, opening, text, closing string
	footer                                        string
	message                                       string // m of the footer
}

// newBody dresses text in the frame of the maker, with an id of its own.
func (m *maker) newBody(text string) body {
	b := body{
		greeting: m.frame.greeting, order: "# " + m.order + ":", item: "1 / Lampe à pince, 40 cm [ASIN: B0TEST" + m.letters(4, upperAlnum) + "]",
		opening: m.frame.opening, text: text, closing: m.frame.closing, message: m.id(),
	}
	b.footer = m.footer(m.thread, b.message, "BBC_MESSAGE_SENT_TO_MERCHANT")
	return b
}

// footer is what follows the closing marker.
func (m *maker) footer(thread, message, notice string) string {
	f := m.frame
	return strings.Join([]string{
		f.helpful + " https://sellercentral.amazon." + f.tld + "/gp/satisfaction/survey-form.html?HMDName=bsm&customAttribute1Value=" + notice,
		f.resolve + " https://sellercentral.amazon." + f.tld + "/messaging/no-response-needed?t=" + thread + "&m=" + message +
			"&mp=" + f.marketplaceID + "&c=" + m.letters(14, upperAlnum) + "&h=" + m.letters(40, hexDigits) + "&s=1",
		f.report + " https://www.amazon." + f.tld + "/messaging/report?ref_=bsm_email_report",
		"",
		"---",
		"Copyright 2026 Amazon.com, Inc.",
		"SPC-EUAmazon-" + m.letters(16, digits),
	}, "\n")
}

// plain is the text/plain version, LF line ends.
func (b body) plain() string {
	var blocks []string
	for _, s := range []string{b.greeting, b.order, b.item, b.opening, b.text, b.closing, b.footer} {
		if s != "" {
			blocks = append(blocks, s)
		}
	}
	return strings.Join(blocks, "\n\n") + "\n"
}

// html is the text/html version: links are hidden behind their labels.
func (b body) html() string {
	var out strings.Builder
	out.WriteString("<html><head><style>p { color: #111; }</style></head><body><p>")
	for i, line := range strings.Split(b.plain(), "\n") {
		if i > 0 {
			out.WriteString("<br>\n")
		}
		if label, address, ok := strings.Cut(line, " https://"); ok && !strings.Contains(b.text, line) {
			out.WriteString(`<a href="` + html.EscapeString("https://"+address) + `">` + html.EscapeString(label) + "</a>")
			continue
		}
		out.WriteString(html.EscapeString(line))
	}
	out.WriteString(`</p><img src="https://images.amazon.example/nms/img/pixel.gif" width="1" height="1"></body></html>`)
	return out.String()
}

// crlf gives s the line ends of mails.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// part is one leaf with its header.
func part(contentType, encoding, content string) string {
	return "Content-Type: " + contentType + "\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + encode(encoding, content)
}

func encode(encoding, content string) string {
	switch encoding {
	case "quoted-printable":
		var b bytes.Buffer
		w := quotedprintable.NewWriter(&b)
		_, _ = w.Write([]byte(crlf(content)))
		_ = w.Close()
		return b.String()
	case "base64":
		b := base64.StdEncoding.EncodeToString([]byte(content))
		var lines strings.Builder
		for len(b) > 76 {
			lines.WriteString(b[:76] + "\r\n")
			b = b[76:]
		}
		return lines.String() + b + "\r\n"
	}
	return crlf(content)
}

// multi joins parts to a multipart.
func (m *maker) multi(subtype string, parts ...string) string {
	boundary := "----=_Part_" + m.letters(5, digits) + "_" + m.letters(9, digits) + "." + m.letters(13, digits)
	var b strings.Builder
	b.WriteString("Content-Type: multipart/" + subtype + "; \r\n\tboundary=\"" + boundary + "\"\r\n\r\n")
	for _, p := range parts {
		b.WriteString("--" + boundary + "\r\n" + p + "\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	return b.String()
}

const utf8Plain, utf8HTML = "text/plain; charset=UTF-8", "text/html; charset=UTF-8"

// alternative is how Amazon sends most messages.
func (m *maker) alternative(b body) string {
	return m.multi("alternative", part(utf8Plain, "quoted-printable", b.plain()), part(utf8HTML, "quoted-printable", b.html()))
}

// want is what must be read of a letter with this body.
func (m *maker) want(b body) domain.InboundMessage {
	return domain.InboundMessage{
		Kind: domain.KindBuyerMessage, ThreadID: m.thread, OrderID: m.order, BuyerName: m.name, BuyerEmail: m.relay,
		Language: m.frame.language, Subject: m.subject(), Body: b.text, ReceivedAt: m.at,
	}
}

// mail finishes a letter. key tells its message from the others of this round.
func (l *letter) mail(variant, key string, want domain.InboundMessage) Mail {
	return Mail{Shape: variant, Raw: l.raw(), Arrived: l.m.at.Add(40 * time.Second), Want: want, Key: l.m.serial + "/" + key}
}
