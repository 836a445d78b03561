package domain

import (
	"crypto/sha256"
	"slices"
	"strings"
	"time"
)

// ReplyState is the data of a Reply. Its text is the body of its ticket message.
type ReplyState struct {
	ID         ReplyID
	Tenant     TenantID
	Connection ConnectionID
	Ticket     TicketID
	Message    TicketMessageID // the reply as a message of its ticket; its Delivery always is the reply's
	Delivery   DeliveryStatus

	Key      string // the caller's Idempotency-Key; unique within the tenant
	Digest   Digest // of what was asked for with the key
	Author   string // the token's subject
	Language string // ISO 639-1, as the author says; "" when he does not
	Critical bool   // to reach buyers who have opted out

	To, From   string // see OutgoingMessage
	Subject    string
	ThreadID   string
	OrderID    string
	Answers    string // the marketplace's id of the buyer's message
	InReplyTo  string // its Message-ID, without brackets
	MessageID  string // the reply's own Message-ID, without brackets: fixed with the row
	ExternalID string // the marketplace's id of the reply, once it took it

	Overrides []Override // rules that the author overrode

	DueAt        time.Time // when it is to leave, or to be tried again
	Deadline     time.Time // when trying ends
	Attempts     int       // begun so far
	HandedOverAt time.Time // when the last attempt handed the text over; zero when it did not
	Cause        string    // why it is where it is, fit for users; "" when the state says it all
	ChangedAt    time.Time // when Delivery last changed
	CreatedAt    time.Time
}

// Override is a rule of content that a person overrode, and why.
type Override struct {
	Rule   string
	Reason string
}

// Reply is an answer of ours on its way to a buyer.
//
//	QUEUED → SENDING → ACCEPTED → CONFIRMED
//	  └→ CANCELLED  ├→ QUEUED again (certainly not taken), FAILED, UNKNOWN (handed over, no answer heard), OPTED_OUT
//
// It leaves at most once: what was handed over is never handed over again by a machine. It changes under the lock of its
// ticket, its mark of handing over under its own.
type Reply struct{ s ReplyState }

// replyTime is how long after the buyer's message a reply is tried at most: Amazon's limit for answers. leastTime is what
// every reply gets.
const (
	replyTime = 24 * time.Hour
	leastTime = time.Hour
)

// MaxReplyDelay is how long an author may hold a reply back.
const MaxReplyDelay = time.Hour

// NewReply returns a QUEUED reply to the newest message of a conversation's buyer.
//
//   - ErrConflict: the conversation has no buyer's message to answer.
//   - ErrInvalid: delay is below 0 or above MaxReplyDelay, or key is empty or longer than 255 bytes.
func NewReply(c Conversation, key string, asked []byte, delay time.Duration, now time.Time) (*Reply, error) {
	t, b := c.Ticket.State(), c.Buyer
	switch {
	case b.ID == MessageID{} || t.Connection == ConnectionID{}:
		return nil, Errorf(ErrConflict, "there is no message of a buyer to answer: this conversation did not come from a marketplace")
	case delay < 0 || delay > MaxReplyDelay:
		return nil, Errorf(ErrInvalid, "delaySeconds: give 0 to %d", int(MaxReplyDelay.Seconds()))
	case key == "" || len(key) > 255 || hasControl(key):
		return nil, Errorf(ErrInvalid, "Idempotency-Key: give a value of your own for each reply, up to 255 characters, such as a UUID")
	}
	id := NewID[ReplyID]()
	deadline := b.ReceivedAt.Add(replyTime)
	if least := now.Add(delay + leastTime); deadline.Before(least) {
		deadline = least
	}
	return &Reply{ReplyState{
		ID: id, Tenant: t.Tenant, Connection: t.Connection, Ticket: t.ID, Message: NewID[TicketMessageID](), Delivery: DeliveryQueued,
		Key: key, Digest: sha256.Sum256(asked),
		To: firstOf(b.BuyerEmail, t.CustomerEmail), From: b.Recipient, Subject: replySubject(firstOf(b.Subject, t.Subject), firstOf(b.OrderID, t.OrderID)),
		ThreadID: b.ThreadID, OrderID: firstOf(b.OrderID, t.OrderID), Answers: b.ExternalID, InReplyTo: b.MailID,
		DueAt: now.Add(delay).UTC(), Deadline: deadline.UTC(), ChangedAt: now.UTC(), CreatedAt: now.UTC(),
	}}, nil
}

// RestoreReply loads a reply. ErrInvalid without its ids and its key.
func RestoreReply(s ReplyState) (*Reply, error) {
	if s.ID == (ReplyID{}) || s.Tenant.IsZero() || s.Ticket == (TicketID{}) || s.Message == (TicketMessageID{}) || s.Key == "" {
		return nil, Errorf(ErrInvalid, "a reply needs an id, a tenant, a ticket, a message and a key")
	}
	return &Reply{s}, nil
}

// State returns the data of the reply.
func (r *Reply) State() ReplyState { return r.s }

// Author completes a new reply with who wrote it, and by what leave.
func (r *Reply) Author(subject, language, messageIDHost string, critical bool, overrides []Override) {
	r.s.Author, r.s.Language, r.s.Critical, r.s.Overrides = subject, language, critical, slices.Clone(overrides)
	r.s.MessageID = r.s.ID.String() + "@" + firstOf(messageIDHost, "keybuzz.invalid")
}

// LeaveFrom sets the address that the reply leaves from, when the message that it answers does not say.
func (r *Reply) LeaveFrom(address string) { r.s.From = address }

// AskedBy reports whether the reply came from the same request.
func (r *Reply) AskedBy(asked []byte) bool { return r.s.Digest == sha256.Sum256(asked) }

// Begin starts an attempt at now. ErrConflict unless the reply is QUEUED and due, or SENDING by an attempt that handed
// nothing over and has ended with its worker.
func (r *Reply) Begin(now time.Time) error {
	switch {
	case r.s.Delivery == DeliverySending && r.s.HandedOverAt.IsZero():
	case r.s.Delivery != DeliveryQueued || r.s.DueAt.After(now):
		return Errorf(ErrConflict, "the reply is %s", r.s.Delivery)
	}
	r.s.Attempts++
	r.become(DeliverySending, "", now)
	return nil
}

// HandOver marks that the text of an attempt is handed over from now on. ErrConflict when the reply is not SENDING by that
// attempt any more: then the text must not leave.
func (r *Reply) HandOver(attempt int, now time.Time) error {
	if r.s.Delivery != DeliverySending || r.s.Attempts != attempt || !r.s.HandedOverAt.IsZero() {
		return Errorf(ErrConflict, "the reply is not sent by this attempt any more")
	}
	r.s.HandedOverAt = now.UTC()
	return nil
}

// Accept notes that the marketplace took the reply. Nothing changes when its copy was quicker.
func (r *Reply) Accept(receipt Receipt, now time.Time) {
	r.s.ExternalID = firstOf(receipt.ExternalID, r.s.ExternalID)
	if r.s.Delivery == DeliverySending || r.s.Delivery == DeliveryUnknown {
		r.become(DeliveryAccepted, "", now)
	}
}

// Retry puts a reply that was certainly not taken back, to be tried again after a pause; past its deadline it is FAILED.
func (r *Reply) Retry(pause time.Duration, cause error, now time.Time) {
	if r.s.Delivery != DeliverySending {
		return
	}
	if r.s.HandedOverAt = (time.Time{}); now.Add(pause).After(r.s.Deadline) {
		r.become(DeliveryFailed, "not taken in time: "+Message(cause), now)
		return
	}
	r.s.DueAt = now.Add(pause).UTC()
	r.become(DeliveryQueued, Message(cause), now)
}

// Fail notes that the reply was refused for good.
func (r *Reply) Fail(cause error, now time.Time) {
	if r.s.Delivery == DeliverySending {
		r.become(DeliveryFailed, Message(cause), now)
	}
}

// Lose notes that nobody heard what became of the text that was handed over. A person decides, or the marketplace's copy.
func (r *Reply) Lose(now time.Time) {
	if r.s.Delivery == DeliverySending && !r.s.HandedOverAt.IsZero() {
		r.become(DeliveryUnknown, "the text was handed over and no answer was heard: look whether the buyer has it", now)
	}
}

// Cancel takes the reply back before it leaves. ErrConflict once it is leaving or has left.
func (r *Reply) Cancel(now time.Time) error {
	if r.s.Delivery != DeliveryQueued {
		return Errorf(ErrConflict, "the reply is %s: only a QUEUED one can be taken back", r.s.Delivery)
	}
	r.become(DeliveryCancelled, "", now)
	return nil
}

// Resolve notes what a person found out about an UNKNOWN reply. ErrConflict for any other.
func (r *Reply) Resolve(sent bool, now time.Time) error {
	if r.s.Delivery != DeliveryUnknown {
		return Errorf(ErrConflict, "the reply is %s: only an UNKNOWN one is resolved by a person", r.s.Delivery)
	}
	if sent {
		r.become(DeliveryConfirmed, "a person found it at the marketplace", now)
	} else {
		r.become(DeliveryFailed, "a person found that it was not sent: write it again", now)
	}
	return nil
}

func (r *Reply) become(d DeliveryStatus, cause string, now time.Time) {
	r.s.Delivery, r.s.Cause, r.s.ChangedAt = d, cause, now.UTC()
}

// replyPace says when a reply that was not taken is tried again.
var replyPace = Pace{Interval: 30 * time.Second}

// Pause is how long to wait after an attempt that failed for now; retryAfter is what the other side asked for.
func (s ReplyState) Pause(retryAfter time.Duration) time.Duration {
	return replyPace.AfterFailure(s.Attempts, retryAfter)
}

// replySubject is the buyer's subject, kept with the order's id in it, so that the marketplace finds the conversation.
func replySubject(subject, order string) string {
	if len(subject) < 3 || !strings.EqualFold(subject[:3], "re:") {
		subject = "Re: " + subject
	}
	if order != "" && !strings.Contains(subject, order) {
		subject += " (" + order + ")"
	}
	return subject
}
