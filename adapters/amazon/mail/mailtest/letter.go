package mailtest

import (
	"fmt"
	"maps"
	"mime"
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// AuthServer is the name by which the receiver of the mails signs its Authentication-Results.
const AuthServer = "mx.inbound.test"

// letter is a mail being written. The zero value of a field leaves its header out.
type letter struct {
	m         *maker
	auth      string // Authentication-Results
	from      string // whole field
	replyTo   string
	to        string
	subject   string // whole field, encoded
	messageID string // with brackets
	date      string
	notice    string // X-Space-Notification-Type
	extra     string // further header lines, each with its line end
	content   string // header lines of the content, an empty line, the content
}

// newLetter is a buyer's message without its content.
func (m *maker) newLetter() *letter {
	return &letter{
		m: m, auth: m.passes("marketplace.amazon." + m.frame.tld), from: mime.QEncoding.Encode("utf-8", m.name) + " <" + m.relay + ">",
		replyTo: m.relay, to: m.recipient, subject: encodeSubject(m.subject()), messageID: "<" + m.mailID() + ">",
		date: m.at.Format(time.RFC1123Z), notice: "BBC_MESSAGE_SENT_TO_MERCHANT",
	}
}

// newNotice is a mail of Amazon's own without its content. kind is its type in the header, "" for none.
func (m *maker) newNotice(local, kind, subject string) *letter {
	l := m.newLetter()
	host := "amazon." + m.frame.tld
	l.auth, l.from, l.replyTo, l.notice = m.passes(host), "Amazon <"+local+"@"+host+">", "", kind
	l.subject = encodeSubject(subject)
	return l
}

// foreign is a mail that is not from Amazon.
func (m *maker) foreign(from, subject string) *letter {
	l := m.newLetter()
	l.auth, l.from, l.replyTo, l.notice, l.subject = "", from, "", "", encodeSubject(subject)
	return l
}

func (m *maker) subject() string { return fmt.Sprintf(m.frame.subject, m.name, m.order) }

// passes is what the receiver says of a mail that a domain did send.
func (m *maker) passes(host string) string {
	return AuthServer + ";\r\n\tdkim=pass header.d=amazon." + m.frame.tld + "; dkim=pass header.d=amazonses.com;\r\n" +
		"\tspf=pass smtp.mailfrom=eu-west-1.amazonses.com; dmarc=pass header.from=" + host
}

// encodeSubject writes Q words of RFC 2047, folded.
func encodeSubject(s string) string {
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
}

func (l *letter) raw() []byte {
	b := make([]byte, 0, len(l.content)+len(l.extra)+2000)
	b = append(b, "Return-Path: <bounce@eu-west-1.amazonses.com>\r\n"...)
	if l.auth != "" {
		b = append(b, "Authentication-Results: "+l.auth+"\r\n"...)
	}
	b = append(b, "Received: from a1.smtp-out.eu-west-1.amazonses.com by "+AuthServer+"; "...)
	b = l.m.at.AppendFormat(b, time.RFC1123Z)
	b = append(b, "\r\n"...)
	for _, f := range [][2]string{
		{"From", l.from}, {"Reply-To", "\r\n " + l.replyTo}, {"To", l.to}, {"Subject", l.subject}, {"Message-ID", l.messageID},
		{"Date", l.date}, {"X-Space-Notification-Type", l.notice},
	} {
		if strings.TrimSpace(f[1]) != "" {
			b = append(append(append(append(b, f[0]...), ": "...), f[1]...), "\r\n"...)
		}
	}
	if l.notice != "" {
		b = append(b, "X-Marketplace-ID: "+l.m.frame.marketplaceID+"\r\n"...)
	}
	b = append(append(b, l.extra...), "MIME-Version: 1.0\r\n"...)
	return append(b, l.content...)
}

// mail finishes a letter, of which want must be read. Its message is one of its own, and a buyer's opens a ticket.
func (l *letter) mail(variant string, want domain.InboundMessage) Mail {
	m := Mail{
		Shape: variant, Raw: l.raw(), Arrived: l.m.at.Add(40 * time.Second), Recipient: l.m.recipient, Want: want, Ticket: TicketNone,
	}
	if want.MailID == "" {
		m.Want.MailID = strings.Trim(l.messageID, "<>")
	}
	m.Want.Authentic = strings.HasPrefix(l.auth, AuthServer) && strings.Contains(l.auth, "dmarc=pass")
	if want.Kind == domain.KindBuyerMessage {
		m.Ticket, m.Conversation = TicketNew, l.m.thread
		if want.OrderID == "" {
			m = m.flagged(domain.FlagNoOrder)
		}
	} else if l.notice != "" && want.Kind != domain.KindSuspect {
		m.Want.Evidence = "header:" + l.notice
	}
	return m
}

// flagged is m with flags that must be set.
func (m Mail) flagged(flags ...domain.ParseFlag) Mail {
	m.Want.Flags = append(m.Want.Flags, flags...)
	return m
}

// may is m with flags that may be set.
func (m Mail) may(flags ...domain.ParseFlag) Mail {
	m.May = append(m.May, flags...)
	return m
}

// as is m as a delivery of the message of a key.
func (m Mail) as(key string) Mail {
	m.Key = key
	return m
}

// on is m as something that happens to the ticket of l's conversation.
func (m Mail) on(l *letter, what Ticket) Mail {
	m.Ticket, m.Conversation = what, l.m.thread
	return m
}

// after is m as it is when the seller has sent answers before.
func (m Mail) after(answers ...Sent) Mail {
	m.Sent = answers
	return m
}

// gated is m with words that must raise a safety flag.
func (m Mail) gated() Mail {
	m.Gate = true
	return m
}

// quarantined is m as a mail that a person must look at.
func (m Mail) quarantined(why domain.QuarantineReason) Mail {
	m.Quarantine = why
	return m
}

// want is what must be read of a letter with this body.
func (m *maker) want(b body) domain.InboundMessage {
	w := domain.InboundMessage{
		Kind: domain.KindBuyerMessage, BuyerName: m.name, BuyerEmail: m.relay, ThreadID: m.thread, OrderID: m.order,
		Language: m.frame.language, Subject: m.subject(), Body: b.text, ReceivedAt: m.at,
	}
	w.Facts = map[string]string{domain.FactSite: m.frame.marketplaceID}
	if b.item != "" {
		w.Facts[domain.FactASIN] = b.asin
	}
	if _, link, ok := strings.Cut(b.footer, m.frame.resolve+" "); ok && b.closing != "" {
		w.Facts[domain.FactNoResponse], _, _ = strings.Cut(link, "\n")
	}
	return w
}

// unlinked is what must be read where Amazon's links are not to be had, or not to be believed.
func unlinked(want domain.InboundMessage) domain.InboundMessage {
	want.ThreadID = ""
	want.Facts = maps.Clone(want.Facts)
	delete(want.Facts, domain.FactNoResponse)
	return want
}

// nobody is what must be read of a mail that is no buyer's.
func (m *maker) nobody(kind domain.MessageKind, subject string) domain.InboundMessage {
	return domain.InboundMessage{Kind: kind, Subject: subject, ReceivedAt: m.at}
}
