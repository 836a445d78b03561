package standin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DemoSellerID is the selling partner id of [DemoSeller].
const DemoSellerID = "A2DEMOSELLER01"

// DemoSeller sells in France, Spain, Great Britain and Germany, and its orders are those that the three messages of package mock are
// about. Their dates go by now, as those of the messages do.
func DemoSeller(now time.Time) Seller {
	return Seller{
		ID: DemoSellerID, Name: "Maison Démo SARL",
		Marketplaces: slices.Concat(Marketplaces("Maison Démo", "FR", "ES", "GB", "DE"), PseudoMarketplaces("EU")),
		Orders:       []Order{lateParcel(now), brokenKettle(now), wrongPlate(now)},
	}
}

const day = 24 * time.Hour

// lateParcel was promised for the day before now and is on its way.
func lateParcel(now time.Time) Order {
	return Order{
		ID: "123-4567890-1234567", MarketplaceID: "A13V1IB3VIYZZH", Status: StatusShipped, FulfilledBy: ByMerchant, ServiceLevel: "STANDARD",
		Created: now.Add(-8 * day), Updated: now.Add(-5 * day), Locale: "fr-FR",
		ShipBy: Window{now.Add(-7 * day), now.Add(-5 * day)}, DeliverBy: Window{now.Add(-3 * day), now.Add(-1 * day)},
		Items: []Item{{
			ID: "12345678901231", ASIN: "B0DEMO0FR1", SKU: "LAMPE-CHEVET-CHENE", Title: "Lampe de chevet en chêne, abat-jour lin",
			Quantity: 1, Shipped: 1, UnitPrice: "39.90",
		}},
		Packages:  []Package{{ID: "1", Carrier: "Colissimo", Tracking: "6A12345678901", Status: "IN_TRANSIT", Detail: "DROPPED_OFF", Shipped: now.Add(-5 * day)}},
		BuyerName: "Jean Dupont", BuyerEmail: "mock-buyer-001@marketplace.amazon.invalid", City: "Lyon", Country: "FR",
	}
}

// brokenKettle came from Amazon's warehouse.
func brokenKettle(now time.Time) Order {
	return Order{
		ID: "123-9876543-7654321", MarketplaceID: "A1RKKUPIHCS9HS", Status: StatusShipped, FulfilledBy: ByAmazon, ServiceLevel: "EXPEDITED",
		Programs: []string{"PRIME"}, Created: now.Add(-4 * day), Updated: now.Add(-3 * day), Locale: "es-ES",
		ShipBy: Window{now.Add(-4 * day), now.Add(-3 * day)}, DeliverBy: Window{now.Add(-2 * day), now.Add(-1 * day)},
		Items: []Item{{
			ID: "98765432107651", ASIN: "B0DEMO0ES1", SKU: "HERVIDOR-17L", Title: "Hervidor eléctrico de acero, 1,7 l", Quantity: 1, Shipped: 1, UnitPrice: "44.95",
		}},
		BuyerName: "María García", BuyerEmail: "mock-buyer-002@marketplace.amazon.invalid", City: "Sevilla", Country: "ES",
	}
}

// wrongPlate has two items; a plate came for one of them.
func wrongPlate(now time.Time) Order {
	return Order{
		ID: "123-1111111-9999999", MarketplaceID: "A1F83G8C2ARO7P", Status: StatusShipped, FulfilledBy: ByMerchant, ServiceLevel: "STANDARD",
		Created: now.Add(-6 * day), Updated: now.Add(-1 * day), Locale: "en-GB",
		ShipBy: Window{now.Add(-6 * day), now.Add(-4 * day)}, DeliverBy: Window{now.Add(-3 * day), now.Add(12 * time.Hour)},
		Items: []Item{
			{ID: "11111119999991", ASIN: "B0DEMO0GB1", SKU: "MUG-BLUE-350", Title: "Stoneware mug, blue, 350 ml", Quantity: 2, Shipped: 2, UnitPrice: "12.50"},
			{ID: "11111119999992", ASIN: "B0DEMO0GB2", SKU: "COASTER-CORK-4", Title: "Cork coasters, set of 4", Quantity: 1, Shipped: 1, UnitPrice: "6.99"},
		},
		Packages:  []Package{{ID: "1", Carrier: "Royal Mail", Tracking: "QD123456785GB", Status: "DELIVERED", Detail: "DELIVERED", Shipped: now.Add(-4 * day)}},
		BuyerName: "John Smith", BuyerEmail: "mock-buyer-003@marketplace.amazon.invalid", City: "Leeds", Country: "GB",
	}
}

// Crowd are n sellers in France with one order each, for [Options].More: they take no memory. An order's one item has its seller's id as
// SKU, so that an answer that reached another seller shows.
func Crowd(n int, now time.Time) func(id string) (Seller, bool) {
	return func(id string) (Seller, bool) {
		number, isOne := strings.CutPrefix(id, crowdPrefix)
		i, err := strconv.Atoi(number)
		if !isOne || err != nil || i < 0 || i >= n || CrowdSeller(i) != id {
			return Seller{}, false
		}
		return Seller{
			ID: id, Name: "Seller " + number, Marketplaces: Marketplaces("Store "+number, "FR"),
			Orders: []Order{{
				ID: CrowdOrder(i), MarketplaceID: "A13V1IB3VIYZZH", Status: StatusUnshipped, FulfilledBy: ByMerchant, ServiceLevel: "STANDARD",
				Created: now.Add(-day), Updated: now.Add(-day), Locale: "fr-FR",
				ShipBy: Window{now, now.Add(day)}, DeliverBy: Window{now.Add(2 * day), now.Add(4 * day)},
				Items: []Item{{ID: "1" + number, ASIN: "B0DEMO0FR2", SKU: id, Title: "Carnet", Quantity: 1, UnitPrice: "9.90"}},
			}},
		}, true
	}
}

const crowdPrefix = "A2CROWD"

// CrowdSeller is the id of a seller of Crowd, the first being 0.
func CrowdSeller(i int) string { return fmt.Sprintf("%s%07d", crowdPrefix, i) }

// CrowdOrder is the id of that seller's order.
func CrowdOrder(i int) string { return fmt.Sprintf("997-%07d-0000001", i) }
