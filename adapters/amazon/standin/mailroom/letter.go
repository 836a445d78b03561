package mailroom

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"mime"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
)

// bounceAddress is the envelope's sender of what Amazon sends.
const bounceAddress = "bounce@eu-west-1.amazonses.com"

// mailID is fresh for every delivery, as Amazon's are: not even two copies of one message share it. It is a
// Message-ID in the form of Amazon's, without brackets.
func mailID() string {
	return "0102" + strings.ToLower(rand.Text()) + "-000000@eu-west-1.amazonses.com"
}

// Amazon's words for what a message is.
const (
	noticeBuyer  = "BBC_MESSAGE_SENT_TO_MERCHANT"
	noticeCopy   = "BBC_MESSAGE_CONFIRMATION_TO_MERCHANT"
	noticeOptOut = "BUYER_OPTED_OUT_BSM_MESSAGES"
)

// header begins a message of Amazon's. The library writes the last field first.
func (r *Room) header(s site, from *mail.Address, to, subject, notice, messageID string) mail.Header {
	var h mail.Header
	h.Set("X-Marketplace-ID", s.marketplaceID)
	h.Set("X-Space-Notification-Type", notice)
	h.SetMessageID(messageID)
	h.SetSubject(subject)
	h.SetAddressList("To", []*mail.Address{{Address: to}})
	h.SetAddressList("From", []*mail.Address{from})
	h.SetDate(r.options.Now())
	if host := from.Address[strings.LastIndex(from.Address, "@")+1:]; r.options.AuthServer != "" {
		h.Set("Authentication-Results", r.options.AuthServer+"; dkim=pass header.d=amazon."+s.tld+
			"; spf=pass smtp.mailfrom=eu-west-1.amazonses.com; dmarc=pass header.from="+host)
	}
	return h
}

// buyersMessage is what a seller gets of a buyer's words. It has no In-Reply-To, not even when the buyer answers:
// most buyers write on Amazon's pages, and then there is none.
func (r *Room) buyersMessage(c Conversation, e Entry) ([]byte, error) {
	s, _ := siteOf(c.Country)
	subject := fmt.Sprintf(s.subject, c.Buyer, c.Order)
	if c.Order == "" {
		subject = fmt.Sprintf(s.question, c.Buyer)
	}
	h := r.header(s, &mail.Address{Name: c.Buyer, Address: c.Relay}, c.Seller, subject, noticeBuyer, e.MessageID)
	h.SetAddressList("Reply-To", []*mail.Address{{Address: c.Relay}})
	text := framed(s, c, e.Text, noticeBuyer)
	var b bytes.Buffer
	if len(e.Files) == 0 {
		w, err := mail.CreateInlineWriter(&b, h)
		if err != nil {
			return nil, err
		}
		err = writeBoth(w, text)
		return b.Bytes(), err
	}
	w, err := mail.CreateWriter(&b, h)
	if err != nil {
		return nil, err
	}
	inline, err := w.CreateInline()
	if err != nil {
		return nil, err
	}
	if err := writeBoth(inline, text); err != nil {
		return nil, err
	}
	for _, f := range e.Files {
		if err := writeFile(w, f); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return b.Bytes(), err
}

// framed puts Amazon's words around a text, in the order that is seen: greeting, order, the marked text, links, the
// number of the delivery. t of the link is the conversation, and m the message: the same in every delivery at Amazon,
// of which there is one here.
func framed(s site, c Conversation, text, notice string) string {
	seller := "https://sellercentral.amazon." + s.tld
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", s.greeting)
	if c.Order != "" {
		fmt.Fprintf(&b, "# %s:\n\n", c.Order)
	}
	fmt.Fprintf(&b, "%s\n\n%s\n\n%s\n\n", s.opening, strings.TrimSpace(text), s.closing)
	fmt.Fprintf(&b, "%s/gp/satisfaction/survey-form.html?HMDName=bsm&customAttribute1Value=%s\n", seller, notice)
	fmt.Fprintf(&b, "%s %s/messaging/no-response-needed?t=%s&m=A%s&mp=%s&c=%s&h=%s&s=1\n\n---\nCopyright\nSPC-EUAmazon-%s\n",
		s.resolve, seller, c.ID, rand.Text()[:20], s.marketplaceID, rand.Text()[:14], signature(), number())
	return b.String()
}

// signature is 40 hex digits, as Amazon's links have.
func signature() string {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // which never fails
	return hex.EncodeToString(b)
}

// number is that of a delivery: 16 digits.
func number() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = '0' + b[i]%10
	}
	return string(b)
}

// writeBoth makes multipart/alternative as Amazon does. It writes a text as plain text and as HTML.
func writeBoth(w *mail.InlineWriter, text string) error {
	for _, v := range []struct{ mediaType, text string }{
		{"text/plain", text},
		{"text/html", "<html><body><p>" + strings.ReplaceAll(html.EscapeString(text), "\n", "<br>\n") + "</p></body></html>"},
	} {
		var h mail.InlineHeader
		h.SetContentType(v.mediaType, map[string]string{"charset": "UTF-8"})
		part, err := w.CreatePart(h)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(part, v.text); err != nil {
			return err
		}
		if err := part.Close(); err != nil {
			return err
		}
	}
	return w.Close()
}

func writeFile(w *mail.Writer, f File) error {
	var h mail.AttachmentHeader
	h.Set("Content-Type", f.Type)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	part, err := w.CreateAttachment(h)
	if err != nil {
		return err
	}
	if _, err := part.Write(f.Content); err != nil {
		return err
	}
	return part.Close()
}

// sellersCopy is what a seller gets of the answer that the buyer has: the only proof that it arrived. It is from
// Amazon, in HTML, and does not name the answer's Message-ID, so that it must be matched by conversation and text.
func (r *Room) sellersCopy(c Conversation, text string) ([]byte, error) {
	s, _ := siteOf(c.Country)
	h := r.header(s, &mail.Address{Name: "Amazon", Address: "donotreply@amazon." + s.tld}, c.Seller,
		fmt.Sprintf(s.copied, c.Buyer), noticeCopy, mailID())
	page := strings.ReplaceAll(html.EscapeString(framed(s, c, text, noticeCopy)), "\n", "<br>\n")
	return single(h, "text/html", "<html><body><p>"+page+"</p></body></html>")
}

// optOutNotice says that a buyer takes no messages. As Amazon's, it names the buyer's address without its tag, and
// the order.
func (r *Room) optOutNotice(c Conversation) ([]byte, error) {
	s, _ := siteOf(c.Country)
	h := r.header(s, &mail.Address{Name: "Amazon", Address: "no-reply@amazon." + s.tld}, c.Seller, s.optedOut, noticeOptOut, mailID())
	return single(h, "text/html", `<html><body><p><a href="mailto:`+c.Relay+`">`+html.EscapeString(c.Buyer)+"</a> "+s.order+" "+
		html.EscapeString(c.Order)+`</p><a href="https://sellercentral.amazon.`+s.tld+"/notifications/feedback?deliveryId="+number()+
		"&amp;communicationName="+noticeOptOut+`">.</a></body></html>`)
}

// single is a message of one part.
func single(h mail.Header, mediaType, text string) ([]byte, error) {
	h.SetContentType(mediaType, map[string]string{"charset": "UTF-8"})
	var b bytes.Buffer
	w, err := mail.CreateSingleInlineWriter(&b, h)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(w, text); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// report is by the relay, not by Amazon, and names the answer by its Message-ID. It says what happened to an answer
// on its way (RFC 3464): action "failed" or "delayed", with a status of RFC 3463.
func (r *Room) report(a Answer, action, status string) ([]byte, error) {
	var h mail.Header
	h.Set("Content-Type", mime.FormatMediaType("multipart/report", map[string]string{"report-type": "delivery-status"}))
	h.Set("Auto-Submitted", "auto-replied")
	h.SetMessageID(rand.Text() + "@relay.stand-in.invalid")
	h.SetSubject(map[string]string{"failed": "Undelivered Mail Returned to Sender", "delayed": "Delayed Mail (still being retried)"}[action])
	h.SetAddressList("To", []*mail.Address{{Address: a.From}})
	h.SetAddressList("From", []*mail.Address{{Name: "Mail Delivery System", Address: "MAILER-DAEMON@relay.stand-in.invalid"}})
	h.SetDate(r.options.Now())
	var b bytes.Buffer
	w, err := message.CreateWriter(&b, h.Header)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct{ mediaType, text string }{
		{"text/plain", "Your message was " + action + ".\r\n"},
		{"message/delivery-status", "Reporting-MTA: dns; relay.stand-in.invalid\r\n\r\nFinal-Recipient: rfc822; " + a.To +
			"\r\nAction: " + action + "\r\nStatus: " + status + "\r\n"},
		{"text/rfc822-headers", "From: " + a.From + "\r\nMessage-ID: <" + a.MessageID + ">\r\n"},
	} {
		var ph message.Header
		ph.Set("Content-Type", part.mediaType)
		p, err := w.CreatePart(ph)
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(p, part.text); err != nil {
			return nil, err
		}
		if err := p.Close(); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return b.Bytes(), err
}
