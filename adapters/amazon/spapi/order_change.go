package spapi

import (
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// OrderChange is a notification of type ORDER_CHANGE, as far as we use it: which order, and what has become of it. Where it
// goes to is left out.
type OrderChange struct {
	NotificationID  string // the same whenever this notification comes again, and it may
	SellerID        string
	OrderID         string
	MarketplaceID   string
	Status          domain.OrderStatus
	FulfilledBy     domain.Fulfilment // "" when it was not said
	Reason          string
	CancelRequested bool // the buyer asks to cancel one of the items
	ChangedAt       time.Time
	PublishedAt     time.Time
}

// changeBound is the size of the largest message in a queue of SQS.
const changeBound = 1 << 20

type changeWire struct {
	Type    string `json:"NotificationType"`
	Payload struct {
		Change struct {
			SellerID string `json:"SellerId"`
			OrderID  string `json:"AmazonOrderId"`
			Trigger  struct {
				At     string `json:"TimeOfOrderChange"`
				Reason string `json:"ChangeReason"`
			} `json:"OrderChangeTrigger"`
			Summary struct {
				MarketplaceID string `json:"MarketplaceId"`
				Status        string `json:"OrderStatus"`
				Fulfillment   string `json:"FulfillmentType"`
				Items         []struct {
					Cancel bool `json:"IsBuyerRequestedCancel"`
				} `json:"OrderItems"`
			} `json:"Summary"`
		} `json:"OrderChangeNotification"`
	} `json:"Payload"`
	Metadata struct {
		ID        string `json:"NotificationId"`
		Published string `json:"PublishTime"`
	} `json:"NotificationMetadata"`
}

// changeStatuses are the states of orders as notifications name them. Others are written in capitals.
var changeStatuses = map[string]domain.OrderStatus{
	"Pending": domain.OrderPending, "PendingAvailability": domain.OrderPendingAvailability, "Unshipped": domain.OrderUnshipped,
	"PartiallyShipped": domain.OrderPartiallyShipped, "Shipped": domain.OrderShipped, "Canceled": domain.OrderCancelled,
	"Unfulfillable": domain.OrderUnfulfillable, "InvoiceUnconfirmed": "INVOICE_UNCONFIRMED",
}

// changeFulfilments say who ships.
var changeFulfilments = map[string]domain.Fulfilment{"MFN": domain.FulfilledByMerchant, "AFN": domain.FulfilledByAmazon}

// ParseOrderChange reads the body of a message in our queue. domain.ErrInvalid for what is no ORDER_CHANGE, or does not name
// itself, the seller and the order.
func ParseOrderChange(body []byte) (OrderChange, error) {
	var w changeWire
	if len(body) > changeBound || !decode(body, &w) || w.Type != "ORDER_CHANGE" {
		return OrderChange{}, domain.Errorf(domain.ErrInvalid, "not a notification of a changed order")
	}
	n := w.Payload.Change
	out := OrderChange{
		NotificationID: clean(w.Metadata.ID), SellerID: clean(n.SellerID), OrderID: clean(n.OrderID),
		MarketplaceID: clean(n.Summary.MarketplaceID), FulfilledBy: changeFulfilments[n.Summary.Fulfillment],
		Reason: clean(n.Trigger.Reason), ChangedAt: moment(n.Trigger.At), PublishedAt: moment(w.Metadata.Published),
	}
	if out.NotificationID == "" || out.SellerID == "" || out.OrderID == "" {
		return OrderChange{}, domain.Errorf(domain.ErrInvalid, "a notification of a changed order must name itself, the seller and the order")
	}
	status, known := changeStatuses[n.Summary.Status]
	if !known {
		status = domain.OrderStatus(strings.ToUpper(clean(n.Summary.Status)))
	}
	out.Status = status
	for _, i := range n.Summary.Items {
		out.CancelRequested = out.CancelRequested || i.Cancel
	}
	return out, nil
}
