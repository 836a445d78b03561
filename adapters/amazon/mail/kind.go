package mail

import (
	"slices"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// notificationKinds are the values of X-Space-Notification-Type that have been seen. A buyer's request or claim says
// so here and nowhere else: subjects mislead.
var notificationKinds = map[string]domain.MessageKind{
	sentToMerchant:                         domain.KindBuyerMessage,
	"BBC_MESSAGE_CONFIRMATION_TO_MERCHANT": domain.KindSellerCopy,
	"BRC_SELLER_NOTIFICATION":              domain.KindCancelRequest,
	"RETURN_REQUEST":                       domain.KindReturnEvent,
	"REFUND_ISSUED":                        domain.KindRefundEvent,
	"A_Z_CLAIM_RESPONDENT_NOTIFY":          domain.KindClaimOpened,
	"A_Z_CLAIM_RESPONDENT_CLOSE":           domain.KindClaimClosed,
	"BUYER_OPTED_OUT_BSM_MESSAGES":         domain.KindOptOut,
}

const sentToMerchant = "BBC_MESSAGE_SENT_TO_MERCHANT"

// senderKinds are addresses of Amazon that write about one thing only: the local part.
var senderKinds = map[string]domain.MessageKind{
	"cb-seller-notification":  domain.KindChargeback, // this mail is their only channel
	"atoz-guarantee-no-reply": domain.KindClaimOpened,
	"seller-guarantee":        domain.KindClaimOpened,
	"marketplace-feedback":    domain.KindFeedback,
	"seller-feedback":         domain.KindFeedback,
	"customer-reviews":        domain.KindFeedback,
}

// noticeSenders are addresses of Amazon that write to many about many things: the local part. Robots are some too.
var noticeSenders = map[string]bool{
	"order-update": true, "seller-notification": true, "seller-notifications": true, "payments-messages": true,
	"seller-performance": true, "fba-noreply": true, "ship-confirm": true, "seller-answers": true, "community-help": true,
}

// noticeNames begin the names under which Amazon writes them.
var noticeNames = []string{"seller central", "amazon business", "amazon europe", "amazon services", "amazon payments"}

// kindOf says what a mail is and by what that was decided: a word for where it stood, and Amazon's type if it was one.
//
// A relay address as the one author makes it a buyer's, unless our receiver found the address forged; who only looks like
// one is suspect. Of Amazon's other mails the type tells, in the header or, where a forwarder dropped that, in the
// footer's links; then the sender and the shape. What is left nobody knows: it is kept, and listed.
func (l *letter) kindOf() (domain.MessageKind, string) {
	local, host := splitAddress(l.from.address)
	isAmazon := isAmazonHost(host)
	switch {
	case l.from.relayed != "" && l.verdict.forged:
		return domain.KindSuspect, "receiver:forged"
	case l.from.relayed != "" && l.header.get(notificationType) == sentToMerchant:
		return domain.KindBuyerMessage, "header:" + sentToMerchant
	case l.from.relayed != "":
		return domain.KindBuyerMessage, "sender:relay"
	case len(l.header.all("from")) > 1:
		return domain.KindSuspect, "shape:several-authors"
	case looksLikeRelay(l.from.name), !isAmazon && looksLikeRelay(l.from.claim):
		return domain.KindSuspect, "sender:looks-like-relay"
	case isAmazon && l.verdict.forged:
		return domain.KindSuspect, "receiver:forged"
	case l.code != "":
		return domain.KindValidation, "shape:validation-code"
	case l.report != nil:
		return l.report.kind(), "shape:delivery-status"
	case isAmazon:
		return l.amazonKind(strings.ToLower(local))
	case l.header.get(notificationType) != "":
		return domain.KindSuspect, "header:not-by-amazon"
	case looksLikeRelay(l.header.get("reply-to")):
		return domain.KindSuspect, "shape:answers-to-relay"
	}
	return l.strangersKind(strings.ToLower(local))
}

// notificationType is the field in which Amazon says what a mail is.
const notificationType = "x-space-notification-type"

// amazonKind says what a mail is that Amazon sent in its own name.
func (l *letter) amazonKind(local string) (domain.MessageKind, string) {
	if notice := l.header.get(notificationType); notice != "" {
		return typeKind("header:", notice)
	}
	if l.foot.notice != "" {
		return typeKind("link:", l.foot.notice)
	}
	if kind, ok := senderKinds[local]; ok {
		return kind, "sender:" + strings.ToLower(string(kind))
	}
	if isOnBehalf(l.text.text) {
		return domain.KindBuyerMessage, onBehalf
	}
	if kind := subjectKind(l.subject); kind != "" {
		return kind, "subject:" + strings.ToLower(string(kind))
	}
	name := strings.ToLower(l.from.name)
	isNotice := func(known string) bool { return strings.HasPrefix(name, known) }
	if noticeSenders[local] || isRobot(local) || slices.ContainsFunc(noticeNames, isNotice) {
		return domain.KindNotice, "sender:notice"
	}
	return domain.KindUnknown, "sender:amazon"
}

// onBehalf is the evidence of a message that Amazon's customer service wrote for a buyer.
const onBehalf = "shape:on-behalf"

// typeKind says what Amazon's type of a mail stands for. Types that have not been seen are nothing that we know, but for
// those of ratings, which say so in one of their words.
func typeKind(where, notice string) (domain.MessageKind, string) {
	token := typeToken(notice)
	if token == "" {
		return domain.KindUnknown, where + "unreadable"
	}
	kind, ok := notificationKinds[token]
	if words := strings.Split(token, "_"); !ok && (slices.Contains(words, "FEEDBACK") || slices.Contains(words, "REVIEW")) {
		kind, ok = domain.KindFeedback, true
	}
	if !ok {
		kind = domain.KindUnknown
	}
	return kind, where + token
}

// typeToken returns a type if it has the form of one, "" otherwise: it is shown to people.
func typeToken(notice string) string {
	for _, c := range notice {
		if c != '_' && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return ""
		}
	}
	if len(notice) > 64 {
		return ""
	}
	return notice
}

// strangersKind says what a mail is that is neither a buyer's nor Amazon's.
func (l *letter) strangersKind(local string) (domain.MessageKind, string) {
	switch {
	case isMailer(local):
		if isDelayed(l.subject) {
			return domain.KindDeliveryDelay, "sender:mailer-daemon"
		}
		return domain.KindDeliveryFailure, "sender:mailer-daemon"
	case strings.HasPrefix(strings.ToLower(l.header.get("auto-submitted")), "auto-replied"),
		l.header.get("x-autoreply") != "", l.header.get("x-autorespond") != "":
		return domain.KindAutoReply, "header:auto-replied"
	case isPrecedence(l.header, "auto_reply", "bulk", "junk") && !isRobot(local) &&
		l.header.get("list-id") == "" && l.header.get("list-unsubscribe") == "":
		return domain.KindAutoReply, "header:precedence"
	}
	return domain.KindUnknown, "sender:unknown"
}

// isMailer reports whether a local part is that of a mail server.
func isMailer(local string) bool { return local == "mailer-daemon" || local == "postmaster" }

func isPrecedence(h header, values ...string) bool {
	return slices.Contains(values, strings.ToLower(h.get("precedence")))
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
