package mail

import (
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// notificationKinds are the values of X-Space-Notification-Type that have been seen. A buyer's request or claim says
// so here and nowhere else: subjects mislead.
var notificationKinds = map[string]domain.MessageKind{
	"BBC_MESSAGE_SENT_TO_MERCHANT":         domain.KindBuyerMessage,
	"BBC_MESSAGE_CONFIRMATION_TO_MERCHANT": domain.KindSellerCopy,
	"BRC_SELLER_NOTIFICATION":              domain.KindCancelRequest,
	"RETURN_REQUEST":                       domain.KindReturnEvent,
	"REFUND_ISSUED":                        domain.KindRefundEvent,
	"A_Z_CLAIM_RESPONDENT_NOTIFY":          domain.KindClaimOpened,
	"A_Z_CLAIM_RESPONDENT_CLOSE":           domain.KindClaimClosed,
	"BUYER_OPTED_OUT_BSM_MESSAGES":         domain.KindDeliveryFailure,
}

// senderKinds are addresses of Amazon that write about one thing only: the local part.
var senderKinds = map[string]domain.MessageKind{
	"cb-seller-notification":  domain.KindClaimOpened, // chargebacks; this mail is their only channel
	"atoz-guarantee-no-reply": domain.KindClaimOpened,
	"seller-guarantee":        domain.KindClaimOpened,
}

// kindOf says what a mail is. A relay address as the one author makes it a buyer's, unless our receiver found the
// address forged; who only looks like one is suspect. Of Amazon's other mails the type tells, in the header or, where a
// forwarder dropped that, in the footer's links; then the sender and the shape. What is left is a notice: kept, and
// nobody's ticket.
func kindOf(h header, from sender, p parts, l layout, f footer) domain.MessageKind {
	local, host := splitAddress(from.address)
	isRelay := relayAddress(from.address) != ""
	switch {
	case isRelay && isForged(h):
		return domain.KindSuspect
	case isRelay:
		return domain.KindBuyerMessage
	case len(h.all("from")) > 1, looksLikeRelay(from.name), !isAmazonHost(host) && looksLikeRelay(from.claim):
		return domain.KindSuspect
	case isDeliveryReport(h):
		return deliveryKind(p.status)
	case !isAmazonHost(host) && (h.get("x-space-notification-type") != "" || looksLikeRelay(h.get("reply-to"))):
		return domain.KindSuspect
	case !isAmazonHost(host):
		return domain.KindNotice
	case isForged(h):
		return domain.KindSuspect
	}
	return amazonKind(h, strings.ToLower(local), l, f)
}

// amazonKind says what a mail is that Amazon sent in its own name.
func amazonKind(h header, local string, l layout, f footer) domain.MessageKind {
	notice := h.get("x-space-notification-type")
	if notice == "" {
		notice = f.notice
	}
	if notice == "" && !l.closed { // a mail without markers has no words of a buyer's to mistrust
		notice = readFooter(l.text).notice
	}
	if kind, ok := notificationKinds[notice]; ok {
		return kind
	}
	if kind, ok := senderKinds[local]; ok {
		return kind
	}
	if notice == "" && isOnBehalf(l.text) {
		return domain.KindBuyerMessage
	}
	return domain.KindNotice
}

// isForged reports whether the receiving server found that the author's domain did not send the mail (RFC 8601). Only
// the topmost result is the receiver's own. A mail that a forwarder vouches for (ARC) is not held against its author.
func isForged(h header) bool {
	result := strings.ToLower(h.get("authentication-results"))
	return strings.Contains(result, "dmarc=fail") && !strings.Contains(result, "arc=pass")
}

// isDeliveryReport reports whether a mail is the report of a mail server on what we sent (RFC 3464).
func isDeliveryReport(h header) bool {
	kind, params := mediaType(h.get("content-type"))
	return kind == "multipart/report" && strings.EqualFold(params["report-type"], "delivery-status")
}

// deliveryKind tells a failure from a delay, which is no more than a notice.
func deliveryKind(status string) domain.MessageKind {
	status = strings.ToLower(status)
	if strings.Contains(status, "action:") && !strings.Contains(status, "action: failed") {
		return domain.KindNotice
	}
	return domain.KindDeliveryFailure
}

// onBehalfLabels head the lines of Amazon's customer service when it writes for a buyer.
var onBehalfLabels = [][]string{
	{"Order #", "Item", "Reason", "Details"},
	{"Ordine #", "ASIN", "Motivo", "Servizio clienti"},
}

// isOnBehalf reports whether a text has at least three lines of customer service's list, in one language.
func isOnBehalf(text string) bool {
	for _, labels := range onBehalfLabels {
		found := 0
		for _, label := range labels {
			if strings.HasPrefix(text, label) || strings.Contains(text, "\n"+label) {
				found++
			}
		}
		if found >= 3 {
			return true
		}
	}
	return false
}
