package standin

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var orderID = regexp.MustCompile(`^\d{3}-\d{7}-\d{7}$`)

func (c *call) getOrder() answer {
	included, wrong := c.included()
	if wrong != "" {
		return invalid(wrong)
	}
	id := c.params["orderId"]
	if !orderID.MatchString(id) {
		return invalid("orderId is not an order id.")
	}
	o, found := c.order(id)
	if !found {
		return notFound("The order does not exist for this selling partner.")
	}
	return ok(map[string]any{"order": o.json(included, c.seller.has(RoleDirectToConsumer))})
}

// order returns an order of the seller's in this region that Amazon still tells of.
func (c *call) order(id string) (Order, bool) {
	o, ok := c.seller.order(id)
	return o, ok && c.tells(o)
}

func (c *call) tells(o Order) bool {
	region := Marketplace{ID: o.MarketplaceID}.filled().Region
	return region == c.region && c.a.apiNow().Sub(o.Created) <= orderLife
}

// included reads includedData.
func (c *call) included() (names []string, wrong string) {
	names = c.list("includedData")
	for _, name := range names {
		if !slices.Contains(includable, name) {
			return nil, "includedData does not know " + name + "."
		}
	}
	return names, ""
}

// search is what searchOrders is asked for.
type search struct {
	created       bool // by the time of ordering, else by that of the last change
	after, before time.Time
	marketplaces  []string
	statuses      []string
	by            []string
	included      []string
	limit         int
	query         string // all parameters but the page's
	comesAfter    string // key of the last order before the page
}

// key puts orders in the order in which they are given out.
func (s search) key(o Order) string {
	return s.at(o).UTC().Format("2006-01-02T15:04:05.000000000Z") + o.ID
}

func (s search) at(o Order) time.Time {
	if s.created {
		return o.Created
	}
	return o.Updated
}

func (s search) finds(o Order) bool {
	at := s.at(o)
	return !at.Before(s.after) && !at.After(s.before) && s.key(o) > s.comesAfter &&
		allows(s.marketplaces, o.MarketplaceID) && allows(s.statuses, o.Status) && allows(s.by, o.FulfilledBy)
}

// allows reports whether a filter lets a value pass.
func allows(filter []string, value string) bool {
	return len(filter) == 0 || slices.Contains(filter, value)
}

func (c *call) searchOrders() answer {
	s, wrong := c.search()
	if wrong != "" {
		return invalid(wrong)
	}
	var found []Order
	for _, o := range c.seller.Orders {
		if c.tells(o) && s.finds(o) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b Order) int { return strings.Compare(s.key(a), s.key(b)) })
	body := map[string]any{}
	if len(found) > s.limit {
		found = found[:s.limit]
		next := token{Seller: c.seller.ID, Query: s.query, After: s.key(found[s.limit-1]), Upto: s.before.UnixNano(), Ends: c.a.apiNow().Add(pageLife).UnixNano()}
		body["pagination"] = map[string]string{"nextToken": c.a.seal(pagePrefix, next)}
	}
	orders := []any{}
	for _, o := range found {
		orders = append(orders, o.json(s.included, c.seller.has(RoleDirectToConsumer)))
	}
	body["orders"] = orders
	name := "lastUpdatedBefore"
	if s.created {
		name = "createdBefore"
	}
	body[name] = instant(s.before)
	return ok(body)
}

const (
	pageLife = 24 * time.Hour
	// freshest is how old changes must be to be found.
	freshest = 2 * time.Minute
)

// search reads the parameters of searchOrders. wrong says what is wrong with them.
func (c *call) search() (s search, wrong string) {
	s.created = c.query.Has("createdAfter")
	if s.created == c.query.Has("lastUpdatedAfter") {
		return s, "Exactly one of createdAfter and lastUpdatedAfter must be there."
	}
	mine, other := "lastUpdated", "created"
	if s.created {
		mine, other = other, mine
	}
	if c.query.Has(other + "Before") {
		return s, other + "Before must not be there with " + mine + "After."
	}
	latest := c.a.apiNow().Add(-freshest)
	s.before = latest
	var err error
	if s.after, err = time.Parse(time.RFC3339, c.query.Get(mine+"After")); err != nil {
		return s, mine + "After is not a time."
	}
	if c.query.Has(mine + "Before") {
		if s.before, err = time.Parse(time.RFC3339, c.query.Get(mine+"Before")); err != nil || s.before.After(latest) || s.before.Before(s.after) {
			return s, mine + "Before must be a time after " + mine + "After and at least two minutes ago."
		}
	}
	return c.searchRest(s)
}

func (c *call) searchRest(s search) (_ search, wrong string) {
	if s.included, wrong = c.included(); wrong != "" {
		return s, wrong
	}
	s.marketplaces, s.statuses, s.by = c.list("marketplaceIds"), c.list("fulfillmentStatuses"), c.list("fulfilledBy")
	if len(s.marketplaces) > 50 {
		return s, "marketplaceIds has more than 50 values."
	}
	s.limit = 100
	if text := c.query.Get("maxResultsPerPage"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			return s, "maxResultsPerPage must be between 1 and 100."
		}
		s.limit = n
	}
	rest := c.r.URL.Query()
	rest.Del("paginationToken")
	s.query = rest.Encode()
	text := c.query.Get("paginationToken")
	if text == "" {
		return s, ""
	}
	t, good := c.a.open(pagePrefix, text)
	if !good || t.Seller != c.seller.ID || t.Query != s.query || c.a.apiNow().After(time.Unix(0, t.Ends)) {
		return s, "The paginationToken is too old, or is not that of a request with these parameters."
	}
	s.comesAfter, s.before = t.After, time.Unix(0, t.Upto)
	return s, ""
}
