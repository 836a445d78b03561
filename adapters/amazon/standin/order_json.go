package standin

import (
	"cmp"
	"encoding/json"
	"math/big"
	"slices"
	"time"
)

// includable are the values of includedData.
var includable = []string{
	"BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES", "TAX", "PAYMENT", "FULFILLMENT_ORDERS",
}

// json is the order with what is included. Personal data is told with the role for it only.
func (o Order) json(included []string, personal bool) any {
	if o.Raw != nil {
		return json.RawMessage(o.Raw)
	}
	with := func(name string) bool { return slices.Contains(included, name) }
	m := Marketplace{ID: o.MarketplaceID}.filled()
	j := orderJSON{
		ID: o.ID, Created: instant(o.Created), Updated: instant(o.Updated), Programs: o.Programs,
		SalesChannel: salesChannelJSON{"AMAZON", o.MarketplaceID, m.Name}, Items: []itemJSON{},
	}
	if o.Replaces != "" {
		j.Associated = []associatedJSON{{o.Replaces, "REPLACEMENT_ORIGINAL_ID"}}
	}
	if with("BUYER") && personal && o.reachable() {
		j.Buyer = &buyerJSON{o.BuyerName, o.BuyerEmail}
	}
	if with("RECIPIENT") && personal && o.reachable() {
		j.Recipient = &recipientJSON{}
		j.Recipient.Address.Name, j.Recipient.Address.City, j.Recipient.Address.Country = o.BuyerName, o.City, cmp.Or(o.Country, m.Country)
	}
	if with("PROCEEDS") {
		j.Proceeds = &proceedsJSON{moneyJSON{o.total(), m.Currency}}
	}
	if with("FULFILLMENT") {
		j.Fulfillment = &fulfillmentJSON{o.Status, o.FulfilledBy, o.ServiceLevel, o.ShipBy.json(), o.DeliverBy.json()}
	}
	for _, i := range o.Items {
		j.Items = append(j.Items, i.json(m.Currency, with))
	}
	if with("PACKAGES") && o.FulfilledBy == ByMerchant {
		for _, p := range o.Packages {
			j.Packages = append(j.Packages, p.json())
		}
	}
	return j
}

func (i Item) json(currency string, with func(string) bool) itemJSON {
	j := itemJSON{ID: i.ID, Quantity: i.Quantity, Product: productJSON{ASIN: i.ASIN, Title: i.Title, SKU: i.SKU}}
	if i.UnitPrice != "" {
		j.Product.Price = &priceJSON{moneyJSON{i.UnitPrice, currency}}
	}
	if with("CANCELLATION") && i.CancelReason != "" {
		j.Cancellation = &cancellationJSON{}
		j.Cancellation.Request.Requester, j.Cancellation.Request.Reason = "BUYER", i.CancelReason
	}
	if with("FULFILLMENT") {
		j.Fulfillment = &itemFulfillmentJSON{i.Shipped, i.Quantity - i.Shipped}
	}
	return j
}

func (p Package) json() packageJSON {
	j := packageJSON{ID: p.ID, Carrier: p.Carrier, Tracking: p.Tracking, Shipped: instant(p.Shipped)}
	if p.Status != "" {
		j.Status = &struct {
			Status string `json:"status"`
			Detail string `json:"detailedStatus,omitempty"`
		}{p.Status, p.Detail}
	}
	return j
}

func (w Window) json() *windowJSON {
	if w.From.IsZero() && w.To.IsZero() {
		return nil
	}
	return &windowJSON{instant(w.From), instant(w.To)}
}

// total is what the items cost together.
func (o Order) total() string {
	sum := new(big.Rat)
	for _, i := range o.Items {
		if price, ok := new(big.Rat).SetString(i.UnitPrice); ok {
			sum.Add(sum, price.Mul(price, big.NewRat(int64(i.Quantity), 1)))
		}
	}
	return sum.FloatString(2)
}

// instant is a time as Amazon writes it, "" for none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
