package domain

import "time"

// AuditAction says what was done.
type AuditAction string

// The actions that are recorded.
const (
	AuditPending      AuditAction = "CONNECTION_PENDING"      // it was made, or opened again; nothing comes yet
	AuditConnected    AuditAction = "CONNECTION_CONNECTED"    // it has a source, or an authorization
	AuditFailed       AuditAction = "CONNECTION_FAILED"       // it went to ERROR; the cause says why
	AuditResumed      AuditAction = "CONNECTION_RESUMED"      // an operator had it polled again
	AuditDisconnected AuditAction = "CONNECTION_DISCONNECTED" // it is DISABLED
	AuditReplayed     AuditAction = "MESSAGES_REPLAYED"       // stored messages were read again with today's code

	AuditConsentBegun AuditAction = "CONSENT_BEGUN"           // the seller was sent to the marketplace to authorize us
	AuditAuthorized   AuditAction = "AUTHORIZATION_GRANTED"   // the seller authorized us, or did so again; the cause names the region
	AuditWithdrawn    AuditAction = "AUTHORIZATION_WITHDRAWN" // the marketplace takes our authorization no more
	AuditExpiring     AuditAction = "AUTHORIZATION_EXPIRING"  // it ends in so many days; the cause says how many

	AuditAddressCreated   AuditAction = "ADDRESS_CREATED"   // an inbound address takes mail
	AuditAddressValidated AuditAction = "ADDRESS_VALIDATED" // a mail proved that it works; the cause says which kind
	AuditAddressRetired   AuditAction = "ADDRESS_RETIRED"   // it refuses mail for good
	AuditAssigned         AuditAction = "MESSAGE_ASSIGNED"  // a message was put on a ticket out of quarantine
	AuditDismissed        AuditAction = "MESSAGE_DISMISSED" // a message was taken out of quarantine without a ticket
	AuditReplyResolved    AuditAction = "REPLY_RESOLVED"    // a person said what became of a reply of unknown outcome
	AuditErased           AuditAction = "RAWS_ERASED"       // the tenant's keys were deleted: its mails are unreadable for good
)

// AuditEntry is something that was done to a tenant's connection or messages, by whom and why. It holds no secret and no
// buyer's text.
type AuditEntry struct {
	ID      AuditID
	Tenant  TenantID
	Action  AuditAction
	Subject string    // the id of what it was done to
	Actor   ActorType // AGENT for people of the tenant and operators, SYSTEM for the software itself
	ActorID string    // who of them: the token's subject; "" for SYSTEM
	Cause   string    // why, fit for users; "" when the action says it all
	At      time.Time
}
