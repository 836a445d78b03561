package boot

import (
	"context"
	"log/slog"

	"github.com/keybuzzio/marketplaces/ports"
)

// Tally is what a worker's line a minute is made of.
type Tally struct{ tally }

// Report writes the lines until ctx ends.
func (t *Tally) Report(ctx context.Context, queue ports.Queue, log *slog.Logger) {
	t.report(ctx, queue, log)
}
