package mailtest

import (
	"cmp"
	"html"
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// noticeShapes are mails of Amazon's own.
var noticeShapes = []shape{
	{name: "S21", title: "requests and claims", mails: orderEvents},
	{name: "S22", title: "notices", mails: notices},
	{name: "S23", title: "for a buyer", mails: forBuyers},
}

// notice is the content of a mail of Amazon's own, which has no markers: HTML alone in an alternative.
func (m *maker) notice(kind, rows string) string {
	link := "https://sellercentral.amazon." + m.frame.tld + "/notifications/feedback?deliveryId=" + m.letters(16, digits)
	if kind != "" {
		link += "&amp;communicationName=" + kind
	}
	return m.multi("alternative", part(utf8HTML, "quoted-printable", "<html><body><table><tr><td>"+rows+"</td></tr></table><a href=\""+link+
		"\">"+m.frame.helpful+"</a><div id=\"spc-watermark\">"+m.frame.stamp()+m.letters(16, digits)+"</div></body></html>"))
}

// threats are by language.
var threats = map[string]string{
	"fr": "Sans réponse je prends un avocat.", "de": "Sonst gehe ich zum Anwalt.", "es": "Si no, llamo a mi abogado.",
	"it": "Altrimenti mi rivolgo al mio avvocato.", "pt": "Se não, vou falar com meu advogado.",
}

// threat is what a buyer says who goes to law, for the safety gate to find.
func (m *maker) threat() string {
	return cmp.Or(threats[m.frame.language], "Or else I will call my lawyer.")
}

// orderEvents are what happens to an order that we know, or do not know yet, in half of the runs each.
func orderEvents(m *maker) []Mail {
	threat := m.threat()
	quantity, reason, comment := m.frame.returnLabels()
	asin, sku := "B0TEST"+m.letters(4, upperAlnum), "SKU-"+m.letters(6, upperAlnum)
	row := func(label, value string) string {
		return html.EscapeString(label) + ":</td><td>" + html.EscapeString(value) + "</td></tr><tr><td>"
	}
	table := row("ASIN", asin) + row("SKU", sku) + row(quantity, "2") + row(reason, "DEFECTIVE") + row(comment, threat)

	var mails []Mail
	conversation := m.other()
	first := conversation.first("order known")
	known := m.rnd.IntN(2) == 0
	if known {
		mails = append(mails, first)
	}
	for i, v := range []struct {
		variant, notice, sender, subject, rows string
		kind                                   domain.MessageKind
		facts                                  map[string]string
	}{
		{
			"a, return", "RETURN_REQUEST", "donotreply", "Notification d'autorisation de retour pour la commande", table, domain.KindReturnEvent,
			map[string]string{domain.FactASIN: asin, domain.FactSKU: sku, domain.FactQuantity: "2", domain.FactReason: "DEFECTIVE"},
		},
		{
			"b, refund", "REFUND_ISSUED", "payments-messages", "rimborso 39.90 EUR avviato - ordine", "39.90 EUR", domain.KindRefundEvent,
			map[string]string{domain.FactAmountCents: "3990", domain.FactCurrency: "EUR"},
		},
		{
			"b, another refund", "REFUND_ISSUED", "payments-messages", "rimborso 5.00 EUR avviato - ordine", "5.00 EUR", domain.KindRefundEvent,
			map[string]string{domain.FactAmountCents: "500", domain.FactCurrency: "EUR"},
		},
		{"c, cancellation", "BRC_SELLER_NOTIFICATION", "donotreply", "Order cancellation request from Amazon customer", "?", domain.KindCancelRequest, nil},
		{
			"d, claim", "A_Z_CLAIM_RESPONDENT_NOTIFY", "donotreply", "Richiesta di rimborso ricevuta per l'ordine", "Importo: 1.039,90\u00a0€",
			domain.KindClaimOpened, map[string]string{domain.FactAmountCents: "103990", domain.FactCurrency: "EUR"},
		},
		{"d, claim by its sender", "", "atoz-guarantee-no-reply", "Claim received on order", "?", domain.KindClaimOpened, nil},
		{"e, claim decided", "A_Z_CLAIM_RESPONDENT_CLOSE", "donotreply", "Claim Decision on Order", "?", domain.KindClaimClosed, nil},
		{"f, chargeback", "", "cb-seller-notification", "Charge Dispute Inquiry", "?", domain.KindChargeback, nil},
	} {
		o := conversation.later(time.Hour + time.Duration(i)*time.Minute)
		subject := v.subject + " " + o.order
		l := o.newNotice(v.sender, v.notice, subject)
		if v.kind == domain.KindChargeback {
			l.from, l.auth = "Amazon <"+v.sender+"@amazon.com>", o.passes("amazon.com")
		}
		l.content = o.notice(v.notice, v.rows)
		want := o.nobody(v.kind, subject)
		want.OrderID, want.Facts = o.order, map[string]string{}
		for key, value := range v.facts {
			want.Facts[key] = value
		}
		if v.notice != "" {
			want.Facts[domain.FactNotice] = v.notice
		}
		k := l.mail(v.variant, want)
		if v.kind == domain.KindReturnEvent {
			k.Want.Body = threat
			k = k.gated()
		}
		switch {
		case known:
			k = k.on(l, TicketEvent)
		case v.kind == domain.KindClaimOpened, v.kind == domain.KindChargeback:
			k = k.quarantined(domain.QuarantineNoTicket)
		}
		mails = append(mails, k)
	}
	return mails
}

// notices come within an hour, the same but for their text, to the seller's own address, which forwards them.
func notices(m *maker) []Mail {
	const subject = "Notification de compte vendeur Amazon"
	var mails []Mail
	for i, kind := range []string{"", "", "", "", "", "", "", "UNHEARD_OF_NOTIFICATION", "NEW_" + m.letters(6, upperAlnum)} {
		o := m.later(time.Duration(i) * 6 * time.Minute)
		l := o.newNotice("donotreply", kind, subject)
		l.from, l.auth, l.to = "\"Seller Central (Ne pas répondre)\" <donotreply@amazon.com>", o.passes("amazon.com"), "owner@private.example"
		l.content = o.notice(kind, "Avis "+o.letters(8, lowerAlnum))
		want := o.nobody(domain.KindNotice, subject)
		if kind == "" {
			mails = append(mails, l.mail("", want))
			continue
		}
		want.Kind, want.Facts = domain.KindUnknown, map[string]string{domain.FactNotice: kind}
		mails = append(mails, l.mail("unheard-of type", want).quarantined(domain.QuarantineUnknown))
	}
	private := m.foreign("Ottilie <ottilie@home.example>", "Lunch?")
	private.content = part(utf8Plain, "7bit", "Are you free at noon?")
	return append(mails, private.mail("private mail", m.nobody(domain.KindUnknown, "Lunch?")).quarantined(domain.QuarantineUnknown))
}

func forBuyers(m *maker) []Mail {
	var mails []Mail
	for _, v := range []struct{ language, text string }{
		{"en", "Amazon was contacted by a customer about the order below.\n\nOrder # %\nItem: Lamp\nReason: Where is my stuff\n" +
			"Details: the customer has not received the parcel and asks you for an answer"},
		{"it", "Ordine # %\nASIN: B0TEST1234\nMotivo: il mio ordine non è arrivato\nServizio clienti: il cliente chiede una risposta per favore"},
	} {
		if m.frame.language != v.language {
			continue
		}
		o := m.other()
		list := strings.Replace(v.text, "%", o.order, 1)
		subject := "Inquiry about order " + o.order
		l := o.newNotice("cust.service", "", subject)
		l.replyTo, l.content = o.relay, part(utf8Plain, "quoted-printable", list)
		want := o.want(body{text: list})
		want.BuyerName, want.ThreadID, want.Subject, want.Facts = "", "", subject, nil
		mails = append(mails, l.mail("a, by customer service", want).flagged(domain.FlagOnBehalf).may(domain.FlagMarkersMissing))
	}
	if m.frame.absent != "" {
		o := m.other()
		b := o.newBody(o.frame.absent)
		l := o.newLetter()
		l.content = o.alternative(b)
		mails = append(mails, l.mail("b, absence notice", o.want(b)).flagged(domain.FlagAbsence))
	}
	const subject = "Automatic reply: your parcel"
	l := m.foreign("Ottilie <ottilie@home.example>", subject)
	l.extra = "Auto-Submitted: auto-replied\r\nPrecedence: bulk\r\n"
	l.content = part(utf8Plain, "quoted-printable", cmp.Or(m.frame.absent, "I am out of the office until 9 March."))
	return append(mails, l.mail("c, automatic reply", m.nobody(domain.KindAutoReply, subject)))
}
