package porttest

import (
	"context"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// OrderSourceFixture is an OrderSource and a marketplace whose orders it tells of. The optional fields are what a marketplace
// may not have.
type OrderSourceFixture struct {
	APIFixture
	Orders  ports.OrderSource
	Known   string // the id of an order of the authorization's account
	Unknown string // an id as the marketplace has them, of no order at all
	Foreign string // optional: the id of another account's order
	Old     string // optional: the id of an order of the account's that is too old to be told

	Stumble func(t *testing.T) // optional: the marketplace does not answer the next request, and does those after it
}

// TestOrderSource checks an OrderSource against its contract. open is called once per subtest.
func TestOrderSource(t *testing.T, open func(t *testing.T) OrderSourceFixture) {
	orderSourceRules.check(t, open)
	authorized(func(f OrderSourceFixture) APIFixture { return f.APIFixture }, func(ctx context.Context, f OrderSourceFixture) error {
		_, err := f.Orders.Order(ctx, f.Authorization, f.Known)
		return err
	}).check(t, open)
}

// orderSourceRules are about ports.OrderSource.
var orderSourceRules = rules[OrderSourceFixture]{
	"an order is the one that was asked for": func(t *testing.T, f OrderSourceFixture) {
		is := is.New(t)
		first, err := f.Orders.Order(t.Context(), f.Authorization, f.Known)
		is.NoErr(err)
		is.Equal(first.ID, f.Known)
		is.True(first.MarketplaceID != "" && first.Status != "" && len(first.Items) > 0)
		again, err := f.Orders.Order(t.Context(), f.Authorization, f.Known)
		is.NoErr(err)
		is.Equal(again, first) // asking changes nothing
	},
	"an order that the account does not have is ErrNotFound, whatever its id": func(t *testing.T, f OrderSourceFixture) {
		is := is.New(t)
		for _, id := range []string{
			f.Unknown, f.Foreign, f.Old, "", ".", "..", "../" + f.Known, f.Known + "/..", f.Known + "?a=b", f.Known + "#", f.Known + "%00",
			f.Known + "\x00", "no id", awkward, "caf\xe9", strings.Repeat("1", 10_000), // mails bring ids of all kinds
		} {
			o, err := f.Orders.Order(t.Context(), f.Authorization, id)
			is.Equal(domain.KindOf(err), domain.ErrNotFound)
			is.Equal(o, domain.Order{})
		}
		_, err := f.Orders.Order(t.Context(), f.Authorization, f.Known)
		is.NoErr(err) // none of them stops the others
	},
	"what may be repeated is repeated": func(t *testing.T, f OrderSourceFixture) {
		if f.Stumble == nil {
			return
		}
		is := is.New(t)
		f.Stumble(t)
		o, err := f.Orders.Order(t.Context(), f.Authorization, f.Known)
		is.NoErr(err)
		is.Equal(o.ID, f.Known)
	},
}
