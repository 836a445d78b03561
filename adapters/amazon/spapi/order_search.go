package spapi

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

const searchOrders domain.Operation = "orders/2026-01-01/searchOrders"

// OrderSearch says which orders. One of CreatedAfter and UpdatedAfter is set, and what ends the span belongs to it.
type OrderSearch struct {
	Marketplaces  []string // ids, 1 to 50
	CreatedAfter  time.Time
	CreatedBefore time.Time // at least two minutes ago; zero for none
	UpdatedAfter  time.Time
	UpdatedBefore time.Time
	Statuses      []domain.OrderStatus // all if empty
	FulfilledBy   []domain.Fulfilment  // whoever if empty
	PageSize      int                  // 1 to 100; Amazon's default if 0
}

// query is the search as Amazon is asked it, included being what is to be told of each order.
func (s OrderSearch) query(included []string) (query, error) {
	switch {
	case len(s.Marketplaces) < 1, len(s.Marketplaces) > 50:
		return nil, domain.Errorf(domain.ErrInvalid, "a search for orders needs 1 to 50 marketplaces")
	case s.CreatedAfter.IsZero() == s.UpdatedAfter.IsZero():
		return nil, domain.Errorf(domain.ErrInvalid, "a search for orders begins at when they were created or at when they were changed")
	case s.CreatedAfter.IsZero() && !s.CreatedBefore.IsZero(), s.UpdatedAfter.IsZero() && !s.UpdatedBefore.IsZero():
		return nil, domain.Errorf(domain.ErrInvalid, "a search for orders ends by what it begins by")
	case s.PageSize < 0, s.PageSize > 100:
		return nil, domain.Errorf(domain.ErrInvalid, "a page of orders has 1 to 100")
	}
	q := query{"includedData": included, "marketplaceIds": append([]string(nil), s.Marketplaces...)}
	for name, t := range map[string]time.Time{
		"createdAfter": s.CreatedAfter, "createdBefore": s.CreatedBefore, "lastUpdatedAfter": s.UpdatedAfter, "lastUpdatedBefore": s.UpdatedBefore,
	} {
		if !t.IsZero() {
			q[name] = []string{t.UTC().Format(time.RFC3339)}
		}
	}
	for _, status := range s.Statuses {
		q["fulfillmentStatuses"] = append(q["fulfillmentStatuses"], string(status))
	}
	for _, by := range s.FulfilledBy {
		q["fulfilledBy"] = append(q["fulfilledBy"], string(by))
	}
	if s.PageSize > 0 {
		q["maxResultsPerPage"] = []string{strconv.Itoa(s.PageSize)}
	}
	return q, nil
}

// Orders yields the orders of a search, page by page; an error ends it. The bucket of this operation has a token in three
// minutes: it is for slow back-fill, and ends with domain.ErrThrottled when there is none.
func (c *Client) Orders(ctx context.Context, a domain.AuthorizationState, s OrderSearch) iter.Seq2[domain.Order, error] {
	q, err := s.query(wanted) // a copy: what the caller changes later changes no page
	return func(yield func(domain.Order, error) bool) {
		if err != nil {
			yield(domain.Order{}, err)
			return
		}
		for next := ""; ; {
			page, err := c.orders(ctx, a, q, next)
			if err == nil && page.Pagination.Next != "" && page.Pagination.Next == next {
				err = domain.Wrap(domain.ErrUnavailable, errors.New("a page of orders names itself as the next"), "Amazon does not answer now: it goes on by itself")
			}
			if err != nil {
				yield(domain.Order{}, err)
				return
			}
			for _, o := range page.Orders {
				if !yield(o.order(), nil) {
					return
				}
			}
			if next = page.Pagination.Next; next == "" {
				return
			}
		}
	}
}

// orders asks for the page of a search that token names; the first if it is "".
func (c *Client) orders(ctx context.Context, a domain.AuthorizationState, q query, token string) (ordersAnswer, error) {
	page := query{"paginationToken": nil}
	if token != "" {
		page["paginationToken"] = []string{token}
	}
	for name, values := range q {
		page[name] = values
	}
	var got ordersAnswer
	err := c.do(ctx, call{operation: searchOrders, as: sellerOf(a), method: http.MethodGet, path: ordersPath, query: page}, &got)
	return got, err
}
