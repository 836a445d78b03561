package httpapi

import (
	"net/http"
	"time"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// contextAnswer is what is known of the order that a ticket is about.
type contextAnswer struct {
	OrderID    *string      `json:"orderId"`
	Authorized bool         `json:"authorized"`
	State      string       `json:"state"`
	Reason     *string      `json:"reason"`
	FetchedAt  *time.Time   `json:"fetchedAt"`
	Stale      bool         `json:"stale"`
	Order      *orderAnswer `json:"order"`
}

// orderNone is the state of the order of a ticket that names none.
const orderNone = "NONE"

type orderAnswer struct {
	ID              string          `json:"id"`
	MarketplaceID   string          `json:"marketplaceId"`
	Country         *string         `json:"country"`
	Status          string          `json:"status"`
	FulfilledBy     string          `json:"fulfilledBy"`
	Fulfilment      *string         `json:"fulfilment"` // the same in sellers' words
	ServiceLevel    *string         `json:"serviceLevel"`
	Programs        []string        `json:"programs"`
	PlacedAt        *time.Time      `json:"placedAt"`
	ChangedAt       *time.Time      `json:"changedAt"`
	ShipBy          windowAnswer    `json:"shipBy"`
	DeliverBy       windowAnswer    `json:"deliverBy"`
	CancelRequested bool            `json:"cancelRequested"`
	Items           []itemAnswer    `json:"items"`
	Packages        []packageAnswer `json:"packages"`
}

type windowAnswer struct {
	From *time.Time `json:"from"`
	To   *time.Time `json:"to"`
}

type itemAnswer struct {
	ID              string  `json:"id"`
	ASIN            *string `json:"asin"`
	SKU             *string `json:"sku"`
	Title           *string `json:"title"`
	Quantity        int     `json:"quantity"`
	Shipped         int     `json:"shipped"`
	CancelRequested bool    `json:"cancelRequested"`
	CancelReason    *string `json:"cancelReason"`
}

type packageAnswer struct {
	Carrier  *string `json:"carrier"`
	Tracking *string `json:"tracking"`
	Status   *string `json:"status"`
}

// fulfilments are what sellers call who ships.
var fulfilments = map[domain.Fulfilment]string{domain.FulfilledByMerchant: "FBM", domain.FulfilledByAmazon: "FBA"}

func showContext(v app.OrderView) contextAnswer {
	a := contextAnswer{
		OrderID:    orNull(v.OrderID),
		Authorized: v.Authorized,
		State:      string(v.Outcome),
		Reason:     orNull(v.Reason),
		FetchedAt:  timeOrNull(v.FetchedAt),
		Stale:      v.Stale,
	}
	if v.OrderID == "" {
		a.State = orderNone
	}
	if v.Order != nil {
		shown := showOrder(*v.Order)
		a.Order = &shown
	}
	return a
}

func showOrder(o domain.Order) orderAnswer {
	a := orderAnswer{
		ID:              o.ID,
		MarketplaceID:   o.MarketplaceID,
		Country:         orNull(o.Country),
		Status:          string(o.Status),
		FulfilledBy:     string(o.FulfilledBy),
		Fulfilment:      orNull(fulfilments[o.FulfilledBy]),
		ServiceLevel:    orNull(o.ServiceLevel),
		Programs:        append([]string{}, o.Programs...),
		PlacedAt:        timeOrNull(o.PlacedAt),
		ChangedAt:       timeOrNull(o.ChangedAt),
		ShipBy:          windowAnswer{timeOrNull(o.ShipBy.From), timeOrNull(o.ShipBy.To)},
		DeliverBy:       windowAnswer{timeOrNull(o.DeliverBy.From), timeOrNull(o.DeliverBy.To)},
		CancelRequested: o.CancelRequested,
		Items:           make([]itemAnswer, len(o.Items)),
		Packages:        make([]packageAnswer, len(o.Packages)),
	}
	for i, item := range o.Items {
		a.Items[i] = itemAnswer{
			ID: item.ID, ASIN: orNull(item.ASIN), SKU: orNull(item.SKU), Title: orNull(item.Title), Quantity: item.Quantity, Shipped: item.Shipped,
			CancelRequested: item.CancelRequested, CancelReason: orNull(item.CancelReason),
		}
	}
	for i, p := range o.Packages {
		a.Packages[i] = packageAnswer{orNull(p.Carrier), orNull(p.Tracking), orNull(p.Status)}
	}
	return a
}

func (s *Server) getOrder(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	id, err := ticketOf(r)
	if err != nil {
		return err
	}
	view, err := s.app.GetOrder.Run(r.Context(), app.TicketQuery{Tenant: tenant, Ticket: id})
	if err != nil {
		return err
	}
	return writeJSON(w, showContext(view))
}

func (s *Server) refreshOrder(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	id, err := ticketOf(r)
	if err != nil {
		return err
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	view, err := s.app.RefreshOrder.Run(r.Context(), app.TicketQuery{Tenant: tenant, Ticket: id})
	if err != nil {
		return err
	}
	return writeJSONStatus(w, http.StatusAccepted, showContext(view))
}
