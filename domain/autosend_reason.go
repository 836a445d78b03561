package domain

// The reasons against an automatic answer. Some are followed by a colon and a detail: the term that was found, the kind of
// message, the doubt. They are stored, so they never change.
const (
	// Step kind.
	ReasonNoMessage   = "no_message"           // there is nothing to answer
	ReasonMessageKind = "message_kind_blocked" // : kind

	// Step trust.
	ReasonTextNotTrusted = "text_not_trusted" // : doubt

	// Step words, and what a ticket keeps as the reason why it is blocked.
	ReasonSensitiveKeyword = "sensitive_keyword_detected" // : term

	// Step draft.
	ReasonDraftWord     = "draft_word_detected"      // : term
	ReasonDraftContact  = "draft_contact_details"    // an address or telephone number
	ReasonDraftLink     = "draft_link_outside"       // a link that leads out of Amazon
	ReasonDraftPrice    = "draft_price"              // an amount of money
	ReasonDraftOrder    = "draft_other_order"        // another order than the ticket's
	ReasonDraftLanguage = "draft_language_different" // not known to be the buyer's language

	// Step order.
	ReasonOrderUnknown = "order_unknown" // or one of its facts is
	ReasonClaimOpen    = "claim_open"
	ReasonReturnOpen   = "return_open"
	ReasonOrderValue   = "order_value_exceeded"
	ReasonContacts     = "contacts_exceeded"
	ReasonOrderAge     = "order_too_old"

	// Step settings.
	ReasonFeatureDisabled = "feature_disabled"
	ReasonTenantNotAuto   = "tenant_not_auto"
	ReasonRuleNotAuto     = "rule_not_auto"
	ReasonTicketStatus    = "ticket_status_blocked"
	ReasonChannel         = "channel_not_allowed"
	ReasonDraftEmpty      = "draft_empty"
	ReasonDraftTooLong    = "draft_too_long"
	ReasonRateLimit       = "rate_limit_exceeded" // or the answers sent are not counted

	// Step recheck.
	ReasonNewerMessage = "newer_message" // or the newest is not known
)
