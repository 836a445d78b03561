package domain

import (
	"slices"
	"time"
)

// OrderStatus is how far an order is, in the marketplace's words.
type OrderStatus string

// The states of an order. A marketplace may name others.
const (
	OrderPendingAvailability OrderStatus = "PENDING_AVAILABILITY" // ordered before it can be had
	OrderPending             OrderStatus = "PENDING"              // not paid yet
	OrderUnshipped           OrderStatus = "UNSHIPPED"
	OrderPartiallyShipped    OrderStatus = "PARTIALLY_SHIPPED"
	OrderShipped             OrderStatus = "SHIPPED"
	OrderCancelled           OrderStatus = "CANCELLED"
	OrderUnfulfillable       OrderStatus = "UNFULFILLABLE"
)

// Fulfilment says who ships an order.
type Fulfilment string

// Who ships.
const (
	FulfilledByMerchant Fulfilment = "MERCHANT" // the seller (FBM)
	FulfilledByAmazon   Fulfilment = "AMAZON"   // the marketplace for the seller (FBA)
)

// Order is what a ticket shows of the order that it is about. It holds nothing about the buyer.
type Order struct {
	ID              string
	MarketplaceID   string // where it was sold
	Country         string // ISO 3166-1 alpha-2; "" when the marketplace is not one of those that are known
	Status          OrderStatus
	FulfilledBy     Fulfilment
	ServiceLevel    string // the marketplace's name of the shipping speed; "" when none was said
	Programs        []string
	PlacedAt        time.Time
	ChangedAt       time.Time // when the marketplace last changed it
	ShipBy          TimeWindow
	DeliverBy       TimeWindow // what the buyer was promised
	CancelRequested bool       // the buyer asks to cancel one of the items
	Items           []OrderItem
	Packages        []OrderPackage // of orders that the seller ships
}

// TimeWindow is from a time to a time. Either may be zero: not said.
type TimeWindow struct{ From, To time.Time }

// OrderItem is one line of an order.
type OrderItem struct {
	ID              string
	ASIN            string // the marketplace's id of the product
	SKU             string // the seller's
	Title           string
	Quantity        int
	Shipped         int // how many of them
	CancelRequested bool
	CancelReason    string // the buyer's choice from the marketplace's list; "" when none was said
}

// OrderPackage is one parcel of an order.
type OrderPackage struct {
	Carrier  string
	Tracking string
	Status   string // in the marketplace's words
}

// OrderOutcome says what is known of an order.
type OrderOutcome string

// What may be known of an order.
const (
	OrderWanted  OrderOutcome = "WANTED"    // it was not fetched yet
	OrderFetched OrderOutcome = "FETCHED"   // it is here, as of FetchedAt
	OrderMissing OrderOutcome = "NOT_FOUND" // the marketplace does not know it in this account, or not any more
	OrderDenied  OrderOutcome = "DENIED"    // we may not ask: a role is missing or was not consented to
)

// OrderContext is what is kept of one order of a connection, and when it is to be asked for next.
type OrderContext struct {
	Connection ConnectionID
	OrderID    string
	Region     string // whose authorization likely knows it; "" when nothing tells
	Outcome    OrderOutcome
	Order      *Order    // the last that was fetched; nil if none ever was
	Reason     string    // why there is none, or no newer one; "" when it is FETCHED. Fit for users
	FetchedAt  time.Time // when the marketplace last answered; zero when it never did
	DueAt      time.Time // when it is to be asked for next; zero: not until somebody asks
	Failures   int       // how often in a row it could not be asked for a temporary fault
}

// The times after which an order is asked for again. A ticket shows when what it shows was fetched.
const (
	freshOpen    = 2 * time.Hour  // not shipped as a whole
	freshShipped = 12 * time.Hour // on its way
	freshDenied  = 24 * time.Hour // roles are rarely given
	// settledAfter is how long after the last promised day an order is taken to have come to rest.
	settledAfter = 3 * 24 * time.Hour
	// refreshFor bounds for how long an order is asked for again after it was placed, whatever its state.
	refreshFor = 90 * 24 * time.Hour
)

// Fetched takes in the order as the marketplace gave it at now.
func (o *OrderContext) Fetched(order Order, now time.Time) {
	o.Outcome, o.Order, o.Reason, o.FetchedAt, o.Failures = OrderFetched, &order, "", now.UTC(), 0
	o.DueAt = order.nextLook(now)
}

// Missed takes in that the marketplace gave no order at now, because of cause: ErrNotFound, ErrForbidden, or a temporary fault
// with the pause until the next attempt. What was fetched before stays.
func (o *OrderContext) Missed(cause error, pause time.Duration, now time.Time) {
	o.Reason = Message(cause)
	switch KindOf(cause) {
	case ErrNotFound:
		o.Outcome, o.FetchedAt, o.DueAt, o.Failures = OrderMissing, now.UTC(), time.Time{}, 0
	case ErrForbidden:
		o.Outcome, o.FetchedAt, o.DueAt, o.Failures = OrderDenied, now.UTC(), now.Add(freshDenied).UTC(), 0
	default:
		o.Failures++
		o.DueAt = now.Add(pause).UTC()
	}
}

// Stale reports whether what is kept is older than it should be: it was due before now.
func (o OrderContext) Stale(now time.Time) bool { return !o.DueAt.IsZero() && o.DueAt.Before(now) }

// nextLook is when the order is to be asked for again; zero for one that has come to rest.
func (o Order) nextLook(now time.Time) time.Time {
	if !o.PlacedAt.IsZero() && now.Sub(o.PlacedAt) > refreshFor {
		return time.Time{}
	}
	switch o.Status {
	case OrderCancelled, OrderUnfulfillable:
		return time.Time{}
	case OrderShipped:
		if !o.DeliverBy.To.IsZero() && now.After(o.DeliverBy.To.Add(settledAfter)) {
			return time.Time{}
		}
		return now.Add(freshShipped).UTC()
	}
	return now.Add(freshOpen).UTC()
}

// OrderRequest names an order that a ticket is about.
type OrderRequest struct {
	OrderID string
	Region  string // as in OrderContext
}

// OrderRequests returns the orders that tickets are about, each once, by id.
func OrderRequests(tickets []TicketState) []OrderRequest {
	region := map[string]string{}
	for _, t := range tickets {
		if t.OrderID != "" {
			region[t.OrderID] = firstOf(region[t.OrderID], regionOf(t.CustomerEmail))
		}
	}
	wanted := make([]OrderRequest, 0, len(region))
	for id, r := range region {
		wanted = append(wanted, OrderRequest{id, r})
	}
	slices.SortFunc(wanted, func(a, b OrderRequest) int {
		if a.OrderID < b.OrderID {
			return -1
		}
		return 1
	})
	return wanted
}
