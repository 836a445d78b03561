package mail

import "regexp"

// orderID is 3-7-7 digits, or D and two digits first for digital orders, alone among digits: parts of card or phone
// numbers do not count. The first digits say nothing about the country.
var orderID = regexp.MustCompile(`(?:^|[^0-9-])((?:[0-9]{3}|D[0-9]{2})-[0-9]{7}-[0-9]{7})(?:$|[^0-9-])`)

// findOrder returns the first order id in text, "" if there is none.
func findOrder(text string) string {
	if m := orderID.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// brokenID is where a gateway has folded a header inside an id.
var brokenID = regexp.MustCompile(`([0-9-]) ([0-9-])`)

// orderOf returns the order that a mail is about: the subject says it, else Amazon's words before the buyer's. The
// buyer's own words never do: he may name any order, also one that is not his, and would end up in its conversation.
func orderOf(subject, head string) string {
	for _, text := range []string{subject, brokenID.ReplaceAllString(subject, "$1$2"), head[:min(len(head), 4000)]} {
		if id := findOrder(text); id != "" {
			return id
		}
	}
	return ""
}
