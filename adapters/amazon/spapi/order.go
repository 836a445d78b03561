package spapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

const getOrder domain.Operation = "orders/2026-01-01/getOrder"

const ordersPath = "/orders/2026-01-01/orders"

// wanted is what we ask to be told of orders: nothing of the buyer, the address or the money.
var wanted = []string{"CANCELLATION", "FULFILLMENT", "PACKAGES"}

// errNoOrder is the answer to an id that Amazon does not know or does not take as one. Mails bring ids of all kinds, and one
// that is wrong must not stop the others.
func errNoOrder(cause error) error {
	return domain.Wrap(domain.ErrNotFound, cause, "Amazon knows no order with this number in this account, or it is older than two years")
}

// Order implements ports.OrderSource.
func (c *Client) Order(ctx context.Context, a domain.AuthorizationState, id string) (domain.Order, error) {
	if _, err := segment(id); err != nil {
		return domain.Order{}, errNoOrder(err)
	}
	got, err := c.order(ctx, a, id, wanted)
	var f *Failure
	if errors.As(err, &f) && f.Operation == string(getOrder) && (f.Reason == ReasonNotFound || f.Status == http.StatusBadRequest) {
		return domain.Order{}, errNoOrder(err)
	}
	if err != nil {
		return domain.Order{}, err
	}
	o := got.Order
	if o.ID != id && !slices.ContainsFunc(o.Aliases, func(other orderAlias) bool { return other.ID == id }) {
		return domain.Order{}, domain.Wrap(domain.ErrUnavailable, errors.New("the answer is another order"), "Amazon does not answer now: it goes on by itself")
	}
	return o.order(), nil
}

// order asks for an order with what is included.
func (c *Client) order(ctx context.Context, a domain.AuthorizationState, id string, included []string) (orderAnswer, error) {
	name, err := segment(id)
	if err != nil {
		return orderAnswer{}, err
	}
	var got orderAnswer
	err = c.do(ctx, call{
		operation: getOrder, as: sellerOf(a), method: http.MethodGet, path: ordersPath + "/" + name, query: query{"includedData": included},
	}, &got)
	return got, err
}

// order is what a ticket shows of it.
func (o orderWire) order() domain.Order {
	f := o.Fulfillment
	out := domain.Order{
		ID: clean(o.ID), MarketplaceID: clean(o.Channel.MarketplaceID), Status: domain.OrderStatus(clean(f.Status)),
		FulfilledBy: domain.Fulfilment(clean(f.By)), ServiceLevel: clean(f.ServiceLevel),
		PlacedAt: moment(o.Created), ChangedAt: moment(o.Updated), ShipBy: f.ShipBy.window(), DeliverBy: f.DeliverBy.window(),
	}
	if site, err := domain.AmazonSiteByID(o.Channel.MarketplaceID); err == nil {
		out.Country = site.Country
	}
	for _, p := range o.Programs {
		out.Programs = append(out.Programs, clean(p))
	}
	for _, i := range o.Items {
		item := domain.OrderItem{
			ID: clean(i.ID), ASIN: clean(i.Product.ASIN), SKU: clean(i.Product.SKU), Title: clean(i.Product.Title),
			Quantity: i.Quantity, Shipped: i.Fulfillment.Fulfilled,
		}
		if asked := i.Cancellation.Request; asked != nil && (asked.By == "" || asked.By == "BUYER") {
			item.CancelRequested, item.CancelReason, out.CancelRequested = true, clean(asked.Reason), true
		}
		out.Items = append(out.Items, item)
	}
	for _, p := range o.Packages {
		out.Packages = append(out.Packages, domain.OrderPackage{
			Carrier: clean(p.Carrier), Tracking: clean(p.Tracking), Status: clean(p.Status.Status),
		})
	}
	return out
}

// moment reads a time; what is none is not said.
func moment(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.Year() < 1990 || t.Year() > 2200 {
		return time.Time{}
	}
	return t.UTC()
}
