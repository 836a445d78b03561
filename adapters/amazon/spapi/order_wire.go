package spapi

import "github.com/keybuzzio/marketplaces/domain"

// The types of Orders 2026-01-01, as far as tickets show orders. Times are kept as they were written, so that one that
// cannot be read spoils nothing else.

type orderAnswer struct {
	Order orderWire `json:"order"`
}

func (o orderAnswer) complete() bool { return o.Order.ID != "" }

type ordersAnswer struct {
	Orders     []orderWire `json:"orders"`
	Pagination struct {
		Next string `json:"nextToken,omitempty"`
	} `json:"pagination,omitzero"`
	UpdatedBefore string `json:"lastUpdatedBefore,omitempty"`
	CreatedBefore string `json:"createdBefore,omitempty"`
}

func (o ordersAnswer) complete() bool { return o.Orders != nil }

type orderWire struct {
	ID       string       `json:"orderId"`
	Aliases  []orderAlias `json:"orderAliases,omitzero"`
	Created  string       `json:"createdTime"`
	Updated  string       `json:"lastUpdatedTime"`
	Programs []string     `json:"programs,omitzero"`
	Channel  struct {
		Name            string `json:"channelName"`
		MarketplaceID   string `json:"marketplaceId,omitempty"`
		MarketplaceName string `json:"marketplaceName,omitempty"`
	} `json:"salesChannel"`
	Fulfillment orderFulfillment `json:"fulfillment,omitzero"`
	Items       []orderItem      `json:"orderItems"`
	Packages    []orderPackage   `json:"packages,omitzero"`
}

type orderAlias struct {
	ID   string `json:"aliasId"`
	Type string `json:"aliasType"`
}

type orderFulfillment struct {
	Status       string      `json:"fulfillmentStatus"`
	By           string      `json:"fulfilledBy,omitempty"`
	ServiceLevel string      `json:"fulfillmentServiceLevel,omitempty"`
	ShipBy       orderWindow `json:"shipByWindow,omitzero"`
	DeliverBy    orderWindow `json:"deliverByWindow,omitzero"`
}

type orderWindow struct {
	From string `json:"earliestDateTime,omitempty"`
	To   string `json:"latestDateTime,omitempty"`
}

func (w orderWindow) window() domain.TimeWindow {
	return domain.TimeWindow{From: moment(w.From), To: moment(w.To)}
}

type orderItem struct {
	ID       string `json:"orderItemId"`
	Quantity int    `json:"quantityOrdered"`
	Product  struct {
		ASIN  string `json:"asin,omitempty"`
		Title string `json:"title,omitempty"`
		SKU   string `json:"sellerSku,omitempty"`
	} `json:"product"`
	Cancellation struct {
		Request *struct {
			By     string `json:"requester,omitempty"`
			Reason string `json:"cancelReason,omitempty"`
		} `json:"cancellationRequest,omitempty"`
	} `json:"cancellation,omitzero"`
	Fulfillment itemFulfillment `json:"fulfillment,omitzero"`
}

type itemFulfillment struct {
	Fulfilled   int `json:"quantityFulfilled"`
	Unfulfilled int `json:"quantityUnfulfilled"`
}

type orderPackage struct {
	Reference string `json:"packageReferenceId"`
	Created   string `json:"createdTime,omitempty"`
	Status    struct {
		Status   string `json:"status"`
		Detailed string `json:"detailedStatus,omitempty"`
	} `json:"packageStatus,omitzero"`
	Carrier  string `json:"carrier,omitempty"`
	Shipped  string `json:"shipTime,omitempty"`
	Service  string `json:"shippingService,omitempty"`
	Tracking string `json:"trackingNumber,omitempty"`
}
