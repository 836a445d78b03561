package domain

import "github.com/keybuzzio/marketplaces/domain/safety"

// BlockedReason returns why flags keep an automatic answer from being sent, "" if there are none. The gravest flag
// ([safety.Gravest]) gives the reason, in the form sensitive_keyword_detected: a-to-z.
func BlockedReason(flags []safety.Flag) string {
	gravest, ok := safety.Gravest(flags)
	if !ok {
		return ""
	}
	return ReasonSensitiveKeyword + ": " + gravest.Term
}

// SafetyPriority returns the least priority of a ticket with such flags: URGENT for an injury, HIGH for a claim or a
// chargeback, else LOW, which raises none. Flags that only ask for a review do not count.
func SafetyPriority(flags []safety.Flag) Priority {
	p := PriorityLow
	for _, f := range flags {
		switch {
		case !f.Blocks():
		case f.Category == safety.Injury:
			return PriorityUrgent
		case f.Category == safety.Claim, f.Category == safety.Chargeback:
			p = PriorityHigh
		}
	}
	return p
}
