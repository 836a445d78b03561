package mailtest

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/encoding/japanese"

	"github.com/keybuzzio/marketplaces/domain"
)

// answerShapes are mails that tell what became of what the seller sent.
var answerShapes = []shape{
	{name: "S19", title: "seller's copy", mails: sellerCopies},
	{name: "S20", title: "not delivered", mails: failures},
}

// copyOf writes Amazon's copy of an answer of the seller's. known says whether it names thread and order.
func (m *maker) copyOf(text string, known bool) (*letter, domain.InboundMessage) {
	const notice = "BBC_MESSAGE_CONFIRMATION_TO_MERCHANT"
	subject := fmt.Sprintf(cmp.Or(m.frame.copied, "Your message to %s"), m.name)
	b := m.newBody(text)
	if m.frame.label == "pt-BR" {
		b.opening, b.closing = "------------- Iniciar mensagem -------------", "------------- Mensagem final -------------"
	}
	want := m.nobody(domain.KindSellerCopy, subject)
	want.Body = text
	b.footer = m.frame.helpful + " https://sellercentral.amazon." + m.frame.tld +
		"/gp/satisfaction/survey-form.html?HMDName=bsm&customAttribute1Value=" + notice + "\n" + m.frame.stamp() + m.letters(16, digits)
	if known {
		b.footer = m.footer(b.message, notice)
		want.ThreadID, want.OrderID = m.thread, m.order
	} else {
		b.order, b.item, want.BuyerName = "", "", m.name
	}
	l := m.newNotice("donotreply", notice, subject)
	l.content = part(utf8HTML, "base64", b.html())
	return l, want
}

func sellerCopies(m *maker) []Mail {
	const text = "Hello,\n\nyour parcel leaves tomorrow.\n\nThe Shop"
	var mails []Mail
	for _, v := range []struct {
		variant string
		what    Ticket
		ago     time.Duration // since we sent it; 0: never
	}{{"a, of ours", TicketConfirm, time.Minute}, {"b, of Seller Central's", TicketAppend, 0}, {"d, sooner than the mail server's answer", TicketConfirm, -5 * time.Second}} {
		o := m.other()
		mails = append(mails, o.first("first, "+v.variant[:1]))
		o = o.later(time.Hour)
		l, want := o.copyOf(text, true)
		k := l.mail(v.variant, want).on(l, v.what)
		if v.ago != 0 {
			sent := o.sent(text)
			sent.At = o.at.Add(-v.ago)
			k = k.after(sent)
		}
		mails = append(mails, k)
	}
	one, two := m.other(), m.other()
	two.name = one.name
	o := one.later(time.Hour)
	l, want := o.copyOf("Which of you is this for?", false)
	return append(mails, one.first("first of two, c"), two.first("second of two, c"),
		l.mail("c, of one of two", want).quarantined(domain.QuarantineAmbiguous))
}

// report is what a mail server says of a mail (RFC 3464).
func (m *maker) report(action, status, mailID, explained string) *letter {
	l := m.foreign("Mail Delivery System <MAILER-DAEMON@mx.shop.example>", "Undelivered Mail Returned to Sender")
	l.extra = "Auto-Submitted: auto-replied\r\n"
	l.content = strings.Replace(m.multi("report", explained,
		"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.shop.example\r\n\r\nFinal-Recipient: rfc822; "+m.relay+
			"\r\nAction: "+action+"\r\nStatus: "+status+"\r\n",
		"Content-Type: text/rfc822-headers\r\n\r\nFrom: shop@shop.example\r\nMessage-ID: <"+mailID+">\r\n",
	), "multipart/report;", "multipart/report; report-type=delivery-status;", 1)
	return l
}

func failures(m *maker) []Mail {
	const undelivered = "Undelivered Mail Returned to Sender"
	var mails []Mail
	after := func(variant string, kind domain.MessageKind, write func(o *maker, sent Sent) (*letter, domain.InboundMessage)) {
		o := m.other()
		mails = append(mails, o.first("first, "+variant[:1]))
		o = o.later(time.Hour)
		sent := o.sent("Your parcel leaves tomorrow.")
		l, want := write(o, sent)
		want.Kind, want.ReceivedAt = kind, o.at
		mails = append(mails, l.mail(variant, want).on(l, TicketEvent).after(sent))
	}
	for _, v := range []struct {
		variant, action, status string
		kind                    domain.MessageKind
	}{{"a, failed", "failed", "5.1.1", domain.KindDeliveryFailure}, {"b, delayed", "delayed", "4.2.2", domain.KindDeliveryDelay}} {
		after(v.variant, v.kind, func(o *maker, sent Sent) (*letter, domain.InboundMessage) {
			l := o.report(v.action, v.status, sent.MailID, part("text/plain; charset=us-ascii", "7bit", "Your message to "+o.relay+": "+v.action+"."))
			return l, domain.InboundMessage{
				Subject: undelivered, References: []string{sent.MailID}, Facts: map[string]string{domain.FactReason: v.status},
			}
		})
	}
	after("c, opted out", domain.KindOptOut, func(o *maker, _ Sent) (*letter, domain.InboundMessage) {
		const notice, subject = "BUYER_OPTED_OUT_BSM_MESSAGES", "Votre message n'a pas été transmis"
		local, host, _ := strings.Cut(o.relay, "@")
		local, _, _ = strings.Cut(local, "+")
		l := o.newNotice("no-reply", notice, subject)
		l.content = o.notice(notice, `<a href="mailto:`+local+"@"+host+`">`+o.name+"</a> ("+o.order+")")
		return l, domain.InboundMessage{
			Subject: subject, OrderID: o.order, BuyerEmail: local + "@" + host, Facts: map[string]string{domain.FactNotice: notice},
		}
	})
	after("d, says Amazon", domain.KindDeliveryFailure, func(o *maker, _ Sent) (*letter, domain.InboundMessage) {
		const subject = "Il tuo messaggio all'acquirente non è stato consegnato."
		l := o.newNotice("no-reply", "", subject)
		l.content = o.notice("", "Ordine "+o.order)
		return l, domain.InboundMessage{Subject: subject, OrderID: o.order}
	})

	o := m.other()
	sent := o.sent("")
	l := o.report("failed", "5.0.0", sent.MailID, part("text/plain; charset=ISO-2022-JP", "7bit", through(japanese.ISO2022JP, "メールを配信できませんでした。\n")))
	want := o.nobody(domain.KindDeliveryFailure, undelivered)
	want.References = []string{sent.MailID}
	return append(mails, l.mail("e, in Japanese, of what nobody sent", want).quarantined(domain.QuarantineNoTicket))
}
