package domain

import (
	"time"
)

// MessageKind says what a message from a marketplace is. It is decided before anything else is done with the message.
type MessageKind string

// The kinds of message. Only a buyer message opens or joins a ticket; the others are stored.
const (
	KindBuyerMessage    MessageKind = "BUYER_MESSAGE"    // a buyer wrote, or Amazon's customer service did for one
	KindSellerCopy      MessageKind = "SELLER_COPY"      // copy of what the seller sent
	KindCancelRequest   MessageKind = "CANCEL_REQUEST"   // the buyer asks to cancel an order
	KindReturnEvent     MessageKind = "RETURN_EVENT"     // a return was asked for or authorised
	KindRefundEvent     MessageKind = "REFUND_EVENT"     // a refund was made
	KindClaimOpened     MessageKind = "CLAIM_OPENED"     // A-to-z claim or chargeback opened
	KindClaimClosed     MessageKind = "CLAIM_CLOSED"     // claim decided
	KindDeliveryFailure MessageKind = "DELIVERY_FAILURE" // what the seller sent did not arrive
	KindNotice          MessageKind = "NOTICE"           // any other mail of the marketplace, known or not
	KindSuspect         MessageKind = "SUSPECT"          // pretends to be the marketplace
)

// known reports whether k is one of the kinds above.
func (k MessageKind) known() bool {
	switch k {
	case KindBuyerMessage, KindSellerCopy, KindCancelRequest, KindReturnEvent, KindRefundEvent, KindClaimOpened, KindClaimClosed,
		KindDeliveryFailure, KindNotice, KindSuspect:
		return true
	}
	return false
}

// Raw is a message exactly as the source gave it.
type Raw struct {
	MediaType string // message/rfc822, application/json
	Bytes     []byte
}

// InboundMessage is one message as a source delivered it, before anything was decided about it. Any field may hold
// anything, and [Screen] judges it. Raw is what all other fields can be derived from again.
type InboundMessage struct {
	Kind       MessageKind // "" is KindBuyerMessage, for sources that have no other
	ExternalID string      // the marketplace's id of the message, unique within the connection
	ThreadID   string      // the marketplace's id of the conversation; "" when it gives none
	OrderID    string      // "" when the message names no order
	BuyerName  string
	BuyerEmail string // the marketplace's relay address of the buyer
	Language   string // ISO 639-1 code of the text; "" when not known
	Subject    string
	Body       string    // what the buyer wrote, as plain text
	ReceivedAt time.Time // the buyer's time: when the marketplace took the message
	Raw        Raw
	Unreadable string // set by the source when the raw could not be understood: why, without quoting it
}

// kind returns the kind, a buyer message when the source names none.
func (m InboundMessage) kind() MessageKind {
	if m.Kind == "" {
		return KindBuyerMessage
	}
	return m.Kind
}
