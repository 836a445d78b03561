package domain

import (
	"regexp"
	"strings"

	"github.com/keybuzzio/marketplaces/domain/safety"
)

// What a draft must not hold whatever its language. They run on the draft without its order ids.
var (
	draftOrder     = regexp.MustCompile(`\b[0-9D][0-9]{2}-[0-9]{7}-[0-9]{7}\b`)
	draftMailbox   = regexp.MustCompile(`(?i)[^\s@]+\s?(@|\(at\)|\[at\])\s?[^\s@]+\.[a-z]{2,}`)
	draftTelephone = regexp.MustCompile(`\+?[0-9](?:[ ./()\-]{0,2}[0-9]){7,}`)
	draftLink      = regexp.MustCompile(`(?i)(?:[a-z][a-z0-9+.\-]*://|www\.)[^\s<>"]*|\b(?:[a-z0-9\-]+\.)+[a-z]{2,}\b[^\s<>"]*`)
	draftPrice     = regexp.MustCompile(`(?i)(?:[€$£]|\b(?:eur|usd|gbp|pln|sek|brl|kr)\b)\s?[0-9]|[0-9]\s?(?:[€$£]|(?:eur|euros?|usd|gbp|pln|sek|brl|kr|zł|dollars?|pounds?|reais)(?:\W|$))`)
	amazonLink     = regexp.MustCompile(`(?i)^(?:https?://)?(?:[a-z0-9\-]+\.)*amazon\.(?:com|ca|ae|cn|de|eg|es|fr|ie|in|it|nl|pl|sa|se|sg|co\.jp|co\.uk|co\.za|com\.au|com\.be|com\.br|com\.mx|com\.tr)(?:[/?#:]|$)`)
)

func (in *AutoSendInput) draft() AutoSendStep {
	s := AutoSendStep{Name: StepDraft}
	text := in.Draft.Text
	s.place(TicketMessageID{}, PartDraft, safety.FlagText(text))
	s.place(TicketMessageID{}, PartDraft, safety.FlagDraft(text))
	for _, f := range s.Flags {
		s.refuse(true, ReasonDraftWord, f.Term)
	}
	own := ""
	if in.Order != nil {
		own = in.Order.OrderID
	}
	for _, id := range draftOrder.FindAllString(text, -1) {
		s.refuse(id != own, ReasonDraftOrder, "")
	}
	text = draftOrder.ReplaceAllString(text, " ")
	mailboxes := draftMailbox.MatchString(text)
	text = draftMailbox.ReplaceAllString(text, " ")
	s.refuse(mailboxes || draftTelephone.MatchString(text), ReasonDraftContact, "")
	for _, link := range draftLink.FindAllString(text, -1) {
		s.refuse(!amazonLink.MatchString(strings.TrimRight(link, ".,;:!?)")), ReasonDraftLink, "")
	}
	s.refuse(draftPrice.MatchString(text), ReasonDraftPrice, "")
	same := len(in.Texts) > 0 && in.Draft.Language != "" && in.Draft.Language == in.Texts[len(in.Texts)-1].Language
	s.refuse(!same, ReasonDraftLanguage, "")
	return s
}
