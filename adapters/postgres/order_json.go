package postgres

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keybuzzio/marketplaces/domain"
)

// orderJSON is a domain.Order as the column context keeps it. Its keys are stored data and never change.
type orderJSON struct {
	ID              string             `json:"id"`
	MarketplaceID   string             `json:"marketplaceId,omitempty"`
	Country         string             `json:"country,omitempty"`
	Status          domain.OrderStatus `json:"status,omitempty"`
	FulfilledBy     domain.Fulfilment  `json:"fulfilledBy,omitempty"`
	ServiceLevel    string             `json:"serviceLevel,omitempty"`
	Programs        []string           `json:"programs,omitempty"`
	PlacedAt        time.Time          `json:"placedAt,omitzero"`
	ChangedAt       time.Time          `json:"changedAt,omitzero"`
	ShipBy          windowJSON         `json:"shipBy,omitzero"`
	DeliverBy       windowJSON         `json:"deliverBy,omitzero"`
	CancelRequested bool               `json:"cancelRequested,omitempty"`
	Items           []orderItemJSON    `json:"items,omitempty"`
	Packages        []packageJSON      `json:"packages,omitempty"`
}

type windowJSON struct {
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
}

type orderItemJSON struct {
	ID              string `json:"id"`
	ASIN            string `json:"asin,omitempty"`
	SKU             string `json:"sku,omitempty"`
	Title           string `json:"title,omitempty"`
	Quantity        int    `json:"quantity"`
	Shipped         int    `json:"shipped,omitempty"`
	CancelRequested bool   `json:"cancelRequested,omitempty"`
	CancelReason    string `json:"cancelReason,omitempty"`
}

type packageJSON struct {
	Carrier  string `json:"carrier,omitempty"`
	Tracking string `json:"tracking,omitempty"`
	Status   string `json:"status,omitempty"`
}

// newOrderJSON is nil where no order was ever fetched.
func newOrderJSON(o *domain.Order) pgtype.Text {
	if o == nil {
		return pgtype.Text{}
	}
	j := orderJSON{
		ID: o.ID, MarketplaceID: o.MarketplaceID, Country: o.Country, Status: o.Status, FulfilledBy: o.FulfilledBy,
		ServiceLevel: o.ServiceLevel, Programs: o.Programs, PlacedAt: utc(o.PlacedAt), ChangedAt: utc(o.ChangedAt),
		ShipBy:          windowJSON{utc(o.ShipBy.From), utc(o.ShipBy.To)},
		DeliverBy:       windowJSON{utc(o.DeliverBy.From), utc(o.DeliverBy.To)},
		CancelRequested: o.CancelRequested,
	}
	for _, i := range o.Items {
		j.Items = append(j.Items, orderItemJSON(i))
	}
	for _, p := range o.Packages {
		j.Packages = append(j.Packages, packageJSON(p))
	}
	text, _ := json.Marshal(j) // texts, numbers and times of four-digit years always marshal
	return pgtype.Text{String: withoutNUL.Replace(string(text)), Valid: true}
}

// withoutNUL gives U+FFFD for NUL, which jsonb cannot hold. It knows the NUL's escape from a backslash before its letters.
var withoutNUL = strings.NewReplacer(`\\`, `\\`, `\u0000`, `\ufffd`)

func restoreOrder(text json.RawMessage) (*domain.Order, error) {
	if len(text) == 0 {
		return nil, nil
	}
	var j orderJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return nil, domain.Wrap(domain.ErrInvalid, err, "the order that is stored cannot be read")
	}
	o := &domain.Order{
		ID: j.ID, MarketplaceID: j.MarketplaceID, Country: j.Country, Status: j.Status, FulfilledBy: j.FulfilledBy,
		ServiceLevel: j.ServiceLevel, Programs: j.Programs, PlacedAt: utc(j.PlacedAt), ChangedAt: utc(j.ChangedAt),
		ShipBy:          domain.TimeWindow{From: utc(j.ShipBy.From), To: utc(j.ShipBy.To)},
		DeliverBy:       domain.TimeWindow{From: utc(j.DeliverBy.From), To: utc(j.DeliverBy.To)},
		CancelRequested: j.CancelRequested,
	}
	for _, i := range j.Items {
		o.Items = append(o.Items, domain.OrderItem(i))
	}
	for _, p := range j.Packages {
		o.Packages = append(o.Packages, domain.OrderPackage(p))
	}
	return o, nil
}
