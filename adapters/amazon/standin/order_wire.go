package standin

// An order as Orders 2026-01-01 writes it. The model has the names; those that nobody here sets are left out.
type (
	orderJSON struct {
		ID           string           `json:"orderId"`
		Created      string           `json:"createdTime"`
		Updated      string           `json:"lastUpdatedTime"`
		Programs     []string         `json:"programs,omitempty"`
		Associated   []associatedJSON `json:"associatedOrders,omitempty"`
		SalesChannel salesChannelJSON `json:"salesChannel"`
		Buyer        *buyerJSON       `json:"buyer,omitempty"`
		Recipient    *recipientJSON   `json:"recipient,omitempty"`
		Proceeds     *proceedsJSON    `json:"proceeds,omitempty"`
		Fulfillment  *fulfillmentJSON `json:"fulfillment,omitempty"`
		Items        []itemJSON       `json:"orderItems"`
		Packages     []packageJSON    `json:"packages,omitempty"`
	}
	associatedJSON struct {
		ID   string `json:"orderId"`
		Type string `json:"associationType"`
	}
	salesChannelJSON struct {
		Channel         string `json:"channelName"`
		MarketplaceID   string `json:"marketplaceId"`
		MarketplaceName string `json:"marketplaceName,omitempty"`
	}
	buyerJSON struct {
		Name  string `json:"buyerName,omitempty"`
		Email string `json:"buyerEmail,omitempty"`
	}
	recipientJSON struct {
		Address struct {
			Name    string `json:"name,omitempty"`
			City    string `json:"city,omitempty"`
			Country string `json:"countryCode,omitempty"`
		} `json:"deliveryAddress"`
	}
	moneyJSON struct {
		Amount   string `json:"amount"`
		Currency string `json:"currencyCode"`
	}
	proceedsJSON struct {
		Total moneyJSON `json:"grandTotal"`
	}
	windowJSON struct {
		From string `json:"earliestDateTime,omitempty"`
		To   string `json:"latestDateTime,omitempty"`
	}
	fulfillmentJSON struct {
		Status       string      `json:"fulfillmentStatus"`
		By           string      `json:"fulfilledBy,omitempty"`
		ServiceLevel string      `json:"fulfillmentServiceLevel,omitempty"`
		ShipBy       *windowJSON `json:"shipByWindow,omitempty"`
		DeliverBy    *windowJSON `json:"deliverByWindow,omitempty"`
	}
	itemJSON struct {
		ID           string               `json:"orderItemId"`
		Quantity     int                  `json:"quantityOrdered"`
		Product      productJSON          `json:"product"`
		Cancellation *cancellationJSON    `json:"cancellation,omitempty"`
		Fulfillment  *itemFulfillmentJSON `json:"fulfillment,omitempty"`
	}
	productJSON struct {
		ASIN  string     `json:"asin,omitempty"`
		Title string     `json:"title,omitempty"`
		SKU   string     `json:"sellerSku,omitempty"`
		Price *priceJSON `json:"price,omitempty"`
	}
	priceJSON struct {
		Unit moneyJSON `json:"unitPrice"`
	}
	cancellationJSON struct {
		Request struct {
			Requester string `json:"requester"`
			Reason    string `json:"cancelReason"`
		} `json:"cancellationRequest"`
	}
	itemFulfillmentJSON struct {
		Fulfilled   int `json:"quantityFulfilled"`
		Unfulfilled int `json:"quantityUnfulfilled"`
	}
	packageJSON struct {
		ID     string `json:"packageReferenceId"`
		Status *struct {
			Status string `json:"status"`
			Detail string `json:"detailedStatus,omitempty"`
		} `json:"packageStatus,omitempty"`
		Carrier  string `json:"carrier,omitempty"`
		Shipped  string `json:"shipTime,omitempty"`
		Tracking string `json:"trackingNumber,omitempty"`
	}
)
