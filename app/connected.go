package app

import (
	"context"
	"fmt"
	"iter"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// directoryPage is how many connections are looked up at once.
const directoryPage = 500

// connected walks all CONNECTED connections, a page at a time, until ctx ends. An error is the last thing it yields.
func connected(ctx context.Context, directory ports.Directory) iter.Seq2[[]ports.ConnectionRef, error] {
	return func(yield func([]ports.ConnectionRef, error) bool) {
		var after domain.ConnectionID
		for ctx.Err() == nil {
			refs, err := directory.Connected(ctx, after, directoryPage)
			if err != nil {
				yield(nil, fmt.Errorf("list connections: %w", err))
				return
			}
			if len(refs) == 0 || !yield(refs, nil) || len(refs) < directoryPage {
				return
			}
			after = refs[len(refs)-1].ID
		}
	}
}
