package mail

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// maxFact bounds a fact, in bytes.
const maxFact = 200

// asin is Amazon's id of a product: the item line or a label says that it is one.
var asin = regexp.MustCompile(`^(?:B0[0-9A-Z]{8}|[0-9]{9}[0-9X])$`)

// factsOf returns what Amazon's words in a mail say in a form for machines. It never reads the buyer's.
func (l *letter) factsOf(kind domain.MessageKind, values map[string]string) map[string]string {
	facts := map[string]string{}
	set := func(key, value string) {
		if value = cleanLine(value); value != "" {
			facts[key] = cut(value, maxFact)
		}
	}
	set(domain.FactNotice, typeToken(cmp.Or(l.header.get(notificationType), l.foot.notice)))
	if l.report != nil {
		set(domain.FactReason, l.report.status)
	}
	if kind != domain.KindSuspect {
		set(domain.FactSite, cmp.Or(checkedSite(l.header.get("x-marketplace-id")), l.foot.site))
	}
	if kind == domain.KindBuyerMessage && l.foot.noResponse != "" {
		facts[domain.FactNoResponse] = l.foot.noResponse
	}
	if _, after, ok := strings.Cut(l.text.head, "[ASIN:"); ok {
		id, _, _ := strings.Cut(after, "]")
		set(domain.FactASIN, checkedASIN(id))
	}
	if isNoticeOfOrder(kind) {
		set(domain.FactASIN, checkedASIN(cmp.Or(values[domain.FactASIN], facts[domain.FactASIN])))
		for _, key := range []string{domain.FactSKU, domain.FactQuantity, domain.FactReason} {
			set(key, values[key])
		}
		own := strings.Replace(l.text.text, values[labelComment], "", 1)
		cents, currency := findAmount(l.subject)
		if cents == "" {
			cents, currency = findAmount(cut(own, maxValue))
		}
		set(domain.FactAmountCents, cents)
		set(domain.FactCurrency, currency)
	}
	if len(facts) == 0 {
		return nil
	}
	return facts
}

// siteID is Amazon's id of a country's marketplace.
var siteID = regexp.MustCompile(`^A[0-9A-Z]{9,19}$`)

func checkedSite(id string) string {
	if siteID.MatchString(id) {
		return id
	}
	return ""
}

func checkedASIN(id string) string {
	if id = strings.TrimSpace(id); asin.MatchString(id) {
		return id
	}
	return ""
}

// isNoticeOfOrder reports whether mails of a kind are Amazon's on an order.
func isNoticeOfOrder(kind domain.MessageKind) bool {
	switch kind {
	case domain.KindCancelRequest, domain.KindReturnEvent, domain.KindRefundEvent, domain.KindClaimOpened, domain.KindClaimClosed,
		domain.KindChargeback:
		return true
	}
	return false
}
