package mailtest

import (
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// noticeShapes are Amazon's own mails, and those of mail servers.
var noticeShapes = []shape{
	{"S19 seller's copy", func(m *maker) []Mail {
		b := m.newBody("Bonjour, votre colis part demain.")
		b.footer = m.footer(m.thread, b.message, "BBC_MESSAGE_CONFIRMATION_TO_MERCHANT")
		l := m.newLetter()
		l.from, l.replyTo, l.notice = "Amazon <donotreply@amazon."+m.frame.tld+">", "", "BBC_MESSAGE_CONFIRMATION_TO_MERCHANT"
		l.subject, l.content = "Copie (Commande : "+m.order+")", part(utf8HTML, "base64", b.html())
		return []Mail{l.mail(m.frame.language, "1", nobody(domain.KindSellerCopy, m, l.subject))}
	}},
	{"S20 not delivered", func(m *maker) []Mail {
		report := func(variant, action, status string, kind domain.MessageKind) Mail {
			l := m.newLetter()
			l.from, l.replyTo, l.notice, l.subject = "Mail Delivery System <MAILER-DAEMON@mx.shop.example>", "", "", "Undelivered Mail"
			l.content = strings.Replace(m.multi("report",
				part("text/plain; charset=us-ascii", "7bit", "Your message to "+m.relay+" was not delivered."),
				"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.shop.example\r\n\r\nFinal-Recipient: rfc822; "+m.relay+
					"\r\nAction: "+action+"\r\nStatus: "+status+"\r\n",
				"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <answer-1@shop.example>\r\n",
			), "multipart/report;", "multipart/report; report-type=delivery-status;", 1)
			return l.mail(variant, variant, nobody(kind, m, l.subject))
		}
		l := m.newLetter()
		l.from, l.replyTo, l.notice = "Amazon <no-reply@amazon."+m.frame.tld+">", "", "BUYER_OPTED_OUT_BSM_MESSAGES"
		l.subject = "Votre message n'a pas été transmis"
		l.subject = encodeSubject(l.subject)
		l.content = m.multi("alternative", part(utf8HTML, "quoted-printable", notice(m, l.notice, "Der Käufer empfängt keine Nachrichten.")))
		return []Mail{
			report("failed", "failed", "5.1.1", domain.KindDeliveryFailure),
			report("delayed", "delayed", "4.2.2", domain.KindNotice),
			l.mail("opted out", "opted out", nobody(domain.KindDeliveryFailure, m, "Votre message n'a pas été transmis")),
		}
	}},
	{"S21 requests and claims", func(m *maker) []Mail {
		var mails []Mail
		for _, v := range []struct {
			notice, from, subject string
			kind                  domain.MessageKind
		}{
			{"RETURN_REQUEST", "donotreply", "Notification d'autorisation de retour", domain.KindReturnEvent},
			{"REFUND_ISSUED", "payments-messages", "rimborso 39.90 EUR avviato - ordine", domain.KindRefundEvent},
			{"BRC_SELLER_NOTIFICATION", "donotreply", "Order cancellation request from Amazon customer", domain.KindCancelRequest},
			{"A_Z_CLAIM_RESPONDENT_NOTIFY", "donotreply", "Richiesta di rimborso ricevuta per l'ordine", domain.KindClaimOpened},
			{"A_Z_CLAIM_RESPONDENT_CLOSE", "donotreply", "Claim Decision on Order", domain.KindClaimClosed},
			{"", "cb-seller-notification", "Charge Dispute Inquiry", domain.KindClaimOpened},
			{"", "atoz-guarantee-no-reply", "Claim received on order", domain.KindClaimOpened},
		} {
			l := m.newLetter()
			l.from, l.replyTo, l.notice = "Amazon <"+v.from+"@amazon."+m.frame.tld+">", "", v.notice
			l.subject = v.subject + " " + m.order
			l.content = m.multi("alternative", part(utf8HTML, "quoted-printable", notice(m, v.notice, "Kommentar: ich gehe zum Anwalt")))
			want := nobody(v.kind, m, l.subject)
			want.OrderID = m.order
			mails = append(mails, l.mail(v.from+" "+v.notice, v.subject, want))
		}
		return mails
	}},
	{"S22 notices", func(m *maker) []Mail {
		var mails []Mail
		for _, v := range []string{"", "", "UNHEARD_OF_NOTIFICATION"} { // the same but for their text
			l := m.newLetter()
			l.from, l.replyTo, l.notice = "\"Seller Central (Ne pas répondre)\" <donotreply@amazon.com>", "", v
			l.subject = "Notification de compte vendeur Amazon"
			l.content = m.multi("alternative", part(utf8HTML, "quoted-printable", notice(m, v, "Avis "+m.letters(8, lowerAlnum))))
			mails = append(mails, l.mail(v, m.letters(8, lowerAlnum), nobody(domain.KindNotice, m, l.subject)))
		}
		private := m.newLetter()
		private.from, private.replyTo, private.notice, private.subject = "Ottilie <ottilie@home.example>", "", "", "Lunch?"
		private.content = part(utf8Plain, "7bit", "Are you free at noon?")
		return append(mails, private.mail("private mail", "private", nobody(domain.KindNotice, m, "Lunch?")))
	}},
}

// notice is the HTML of a mail of Amazon's that has no markers.
func notice(m *maker, kind, text string) string {
	link := "https://sellercentral.amazon." + m.frame.tld + "/notifications/feedback?deliveryId=" + m.letters(16, digits)
	if kind != "" {
		link += "&amp;communicationName=" + kind
	}
	return "<html><body><table><tr><td>" + text + "</td></tr></table><a href=\"" + link + "\">" + m.frame.helpful +
		"</a><div id=\"spc-watermark\">SPC-EUAmazon-" + m.letters(16, digits) + "</div></body></html>"
}
