package ports

import (
	"context"
	"iter"

	"github.com/keybuzzio/marketplaces/domain"
)

// MarketplaceClient reads buyers' messages from a marketplace: the inbound port. There is one per marketplace, for all
// sellers; what is particular to a seller comes with the connection.
type MarketplaceClient interface {
	// Pages yields what has come for connection c since cursor, page by page, until there is no more. A cursor of ""
	// reads from the beginning.
	//
	// A page holds at most domain.MaxPage messages, in any order, and is bounded in bytes, so that a backlog of any size
	// is read in bounded memory. Every message is yielded at least once: a page may repeat messages, and a cursor that
	// the source cannot place (another mailbox, renumbered messages, another source's cursor) reads from the beginning
	// again. A message that the source cannot understand is yielded with its raw and Unreadable set, never left out.
	// Only new pages have a Next; reading with it continues after the page. Messages that arrive while reading may or
	// may not be yielded; if not, they come after the last Next.
	//
	// An error is yielded once, with a zero page, and ends the sequence: domain.ErrRejected when only a person can mend
	// it, because the source refused us or c's source is none that is read here; domain.ErrUnavailable when it may work
	// later; domain.ErrThrottled when a limit of our own says not now. Pages that came before the error are good. The
	// source is never changed by reading: nothing is marked as seen, moved or deleted.
	//
	// What it holds (a network connection) is released when the caller leaves the loop. Nothing is done before the
	// sequence is ranged over; each range reads anew. Safe for concurrent use, also on one connection.
	Pages(ctx context.Context, c domain.ConnectionState, cursor string) iter.Seq2[Page, error]
}

// Page is some messages of a source and the mark behind them.
type Page struct {
	Messages []domain.InboundMessage
	Next     string // the cursor behind this page; "" keeps the cursor where it was
}
