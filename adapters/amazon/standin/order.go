package standin

import (
	"encoding/json"
	"time"
)

// Order is an order at Amazon. What is empty is left out of answers.
type Order struct {
	ID            string // 123-4567890-1234567
	MarketplaceID string
	Created       time.Time
	Updated       time.Time
	Status        string // Amazon's: UNSHIPPED, SHIPPED
	FulfilledBy   string // MERCHANT or AMAZON
	ServiceLevel  string // STANDARD, EXPEDITED, NEXT_DAY
	Programs      []string
	ShipBy        Window
	DeliverBy     Window
	Replaces      string // the order that this one replaces
	Items         []Item
	Packages      []Package

	BuyerName  string
	BuyerEmail string // the relay address
	City       string // of delivery, with Country's code
	Country    string
	Locale     string // what the buyer reads: fr-FR

	// Actions are the messages that the seller may send now, by the last part of their paths: "unexpectedProblem". nil: as it has
	// been seen at Amazon. An order that is not shipped offers "legalDisclosure", one that shipped in the last 30 days
	// "unexpectedProblem" as well, and an older one nothing, not even the list. Empty and not nil: the list is empty.
	Actions []string

	Raw json.RawMessage // what getOrder and searchOrders give out in the place of all that is above
}

// Window is from a time to a time.
type Window struct{ From, To time.Time }

// Item is one line of an order.
type Item struct {
	ID           string
	ASIN         string
	SKU          string
	Title        string
	Quantity     int
	Shipped      int
	UnitPrice    string // "19.99", in the currency of the marketplace
	CancelReason string // why the buyer asks to cancel it: ORDERED_BY_MISTAKE; "" when the buyer does not
}

// Package is one parcel of an order that the seller ships.
type Package struct {
	ID       string
	Carrier  string
	Tracking string
	Status   string // IN_TRANSIT, DELIVERED
	Detail   string // Amazon's finer status
	Shipped  time.Time
}

// Statuses of orders, as Amazon writes them.
const (
	StatusPendingAvailability = "PENDING_AVAILABILITY"
	StatusPending             = "PENDING"
	StatusUnshipped           = "UNSHIPPED"
	StatusPartiallyShipped    = "PARTIALLY_SHIPPED"
	StatusShipped             = "SHIPPED"
	StatusCancelled           = "CANCELLED"
	StatusUnfulfillable       = "UNFULFILLABLE"
)

// Who fulfils an order.
const (
	ByMerchant = "MERCHANT"
	ByAmazon   = "AMAZON"
)

const (
	orderLife     = 2 * 365 * 24 * time.Hour // older orders are not told of
	messageWindow = 30 * 24 * time.Hour      // messages may be sent for so long after shipping
)

// permitted returns the types of messages that may be sent for the order at now. ok is false when Amazon does not even list them.
func (o Order) permitted(now time.Time) (types []string, ok bool) {
	switch {
	case o.Actions != nil:
		return o.Actions, true
	case o.Status != StatusShipped && o.Status != StatusPartiallyShipped:
		return []string{"legalDisclosure"}, true
	case now.Sub(o.shipped()) > messageWindow:
		return nil, false
	}
	return []string{"legalDisclosure", "unexpectedProblem"}, true
}

// shipped is when the last parcel left, as far as it is known.
func (o Order) shipped() time.Time {
	last := o.Updated
	for i, p := range o.Packages {
		if i == 0 || p.Shipped.After(last) {
			last = p.Shipped
		}
	}
	return last
}

// reachable reports whether buyer and address may be told of: the seller must need them to ship.
func (o Order) reachable() bool {
	switch o.Status {
	case StatusUnshipped, StatusPartiallyShipped, StatusShipped:
		return o.FulfilledBy == ByMerchant
	}
	return false
}
