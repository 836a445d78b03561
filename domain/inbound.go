package domain

import (
	"slices"
	"time"
)

// MessageKind says what a message from a marketplace is. It is decided before anything else is done with the message.
type MessageKind string

// The kinds of message. Only a buyer message opens a ticket. Copies, failures and the events of an order join the ticket that
// they are about; the rest is stored.
const (
	KindBuyerMessage    MessageKind = "BUYER_MESSAGE"    // a buyer wrote, or Amazon's customer service did for one
	KindSellerCopy      MessageKind = "SELLER_COPY"      // copy of what the seller sent
	KindCancelRequest   MessageKind = "CANCEL_REQUEST"   // the buyer asks to cancel an order
	KindReturnEvent     MessageKind = "RETURN_EVENT"     // a return was asked for or authorised
	KindRefundEvent     MessageKind = "REFUND_EVENT"     // a refund was made
	KindClaimOpened     MessageKind = "CLAIM_OPENED"     // A-to-z claim opened
	KindClaimClosed     MessageKind = "CLAIM_CLOSED"     // claim decided
	KindChargeback      MessageKind = "CHARGEBACK"       // the buyer's bank takes the money back
	KindDeliveryFailure MessageKind = "DELIVERY_FAILURE" // what the seller sent did not arrive: a mail server or Amazon says so
	KindOptOut          MessageKind = "OPT_OUT"          // it did not arrive because the buyer wants no messages
	KindDeliveryDelay   MessageKind = "DELIVERY_DELAY"   // it has not arrived yet
	KindAutoReply       MessageKind = "AUTO_REPLY"       // a machine answered; none must answer it
	KindFeedback        MessageKind = "FEEDBACK"         // a buyer rated or reviewed
	KindValidation      MessageKind = "VALIDATION"       // our own mail that tries an inbound address out
	KindNotice          MessageKind = "NOTICE"           // any other mail of the marketplace that is known
	KindUnknown         MessageKind = "UNKNOWN"          // a mail that nothing here knows
	KindSuspect         MessageKind = "SUSPECT"          // pretends to be the marketplace
)

// MessageKinds are all kinds of message.
var MessageKinds = []MessageKind{
	KindBuyerMessage, KindSellerCopy, KindCancelRequest, KindReturnEvent, KindRefundEvent, KindClaimOpened, KindClaimClosed,
	KindChargeback, KindDeliveryFailure, KindOptOut, KindDeliveryDelay, KindAutoReply, KindFeedback, KindValidation, KindNotice,
	KindUnknown, KindSuspect,
}

// known reports whether k is one of the kinds above.
func (k MessageKind) known() bool { return slices.Contains(MessageKinds, k) }

// InboundMessage is one message as a source delivered it, before anything was decided about it. Any field may hold
// anything, and [Screen] judges it. Source is what all other fields can be derived from again.
type InboundMessage struct {
	Kind     MessageKind // "" is KindBuyerMessage, for sources that have no other
	Evidence string      // what the kind was decided by, such as header:BBC_MESSAGE_SENT_TO_MERCHANT. No buyer's text
	Parser   int         // version of the code that read the raw; 0 for sources that have none

	ExternalID string   // the marketplace's id of the message, unique within the tenant and the marketplace type
	MailID     string   // the Message-ID of the mail that it came in, without brackets; "" when it came otherwise
	ThreadID   string   // the marketplace's id of the conversation; "" when it gives none
	OrderID    string   // "" when the message names no order
	References []string // Message-IDs of the mails that it answers or reports on, the nearest first
	BuyerName  string
	BuyerEmail string // the marketplace's relay address of the buyer
	Language   string // ISO 639-1 code of the text; "" when not known
	Subject    string
	Body       string            // what was written, as plain text: the buyer's words, the comment of a return, the text of a copy
	Quoted     string            // the part of the text that quotes earlier messages
	FullText   string            // the whole text with what frames it, as plain text. Not stored: it is in Source
	Facts      map[string]string // what a notice says in a form for machines: amountCents, currency, asin, sku. See Fact…
	Flags      []ParseFlag       // what was odd about the raw, sorted, each once
	Files      []File            // attachments in their order; their content is in Source
	ReceivedAt time.Time         // the buyer's time: when the marketplace took the message
	Source     Source
	Recipient  string // the inbound address of ours that it was pushed to; "" for messages read from a source
	Unreadable string // set by the source when the raw could not be understood: why, without quoting it

	// Authentic says that the receiver whom we trust found that the sender's domain did send it (DKIM or DMARC). Not
	// stored: it decides whether the address that it came to is validated.
	Authentic bool
	// Code is the code of our own validation mail. Not stored.
	Code string
}

// The keys of Facts.
const (
	FactAmountCents = "amountCents" // of money, in hundredths, digits only
	FactCurrency    = "currency"    // ISO 4217
	FactASIN        = "asin"
	FactSKU         = "sku"
	FactQuantity    = "quantity"
	FactReason      = "reason" // the marketplace's reason code or a mail server's status code
	FactNotice      = "notice" // the marketplace's own name for the type of message
	FactSite        = "site"   // the marketplace's id of the country that the sale was in
	// FactNoResponse is the signed link by which a seller says that a message needs no answer, byte for byte. Whoever calls it
	// has said so: only a person's act may.
	FactNoResponse = "noResponseNeeded"
)

// ParseFlag says what was odd about a raw. Nothing is lost for it; people should know.
type ParseFlag string

// The flags.
const (
	FlagNoOrder            ParseFlag = "no_order"             // a buyer's message that names no order
	FlagMarkersMissing     ParseFlag = "markers_missing"      // one or both of the lines around the buyer's text are missing
	FlagCharsetGuessed     ParseFlag = "charset_guessed"      // the declared charset was missing, unknown or wrong
	FlagTextRepaired       ParseFlag = "text_repaired"        // text that was encoded twice upstream was put right
	FlagMIMEBroken         ParseFlag = "mime_broken"          // the structure of the mail breaks the rules
	FlagFilePartial        ParseFlag = "file_partial"         // a file ends before it should
	FlagFileNotTransmitted ParseFlag = "file_not_transmitted" // the text speaks of a file that is not there
	FlagFilesOverLimit     ParseFlag = "files_over_limit"     // there are more or larger files than are listed
	FlagPartsOverLimit     ParseFlag = "parts_over_limit"     // there are more parts or levels than are read
	FlagDateReplaced       ParseFlag = "date_replaced"        // the mail's own date is missing or cannot be; the time of receipt stands in
	FlagSubjectCut         ParseFlag = "subject_cut"          // the subject is longer than is stored
	FlagOnBehalf           ParseFlag = "on_behalf"            // the marketplace's customer service wrote for the buyer
	FlagAbsence            ParseFlag = "absence"              // the text reads like an absence notice
)

// kind returns the kind, a buyer message when the source names none.
func (m InboundMessage) kind() MessageKind {
	if m.Kind == "" {
		return KindBuyerMessage
	}
	return m.Kind
}

// aboutOrder reports whether messages of a kind are events of an order, which join its ticket and open none.
func (k MessageKind) aboutOrder() bool {
	switch k {
	case KindCancelRequest, KindReturnEvent, KindRefundEvent, KindClaimOpened, KindClaimClosed, KindChargeback:
		return true
	}
	return false
}

// aboutAnswer reports whether messages of a kind tell what became of something that the seller sent.
func (k MessageKind) aboutAnswer() bool {
	switch k {
	case KindSellerCopy, KindDeliveryFailure, KindOptOut, KindDeliveryDelay:
		return true
	}
	return false
}
