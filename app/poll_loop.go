package app

import (
	"context"
	"log/slog"
	"time"
)

// PollLoop polls everything again and again.
type PollLoop struct {
	all *PollAll
	log *slog.Logger
}

// PollLoopCommand says how often.
type PollLoopCommand struct {
	PollAllCommand
	Interval time.Duration // from the beginning of one round to the beginning of the next; more than 0
}

// Run polls until ctx ends, and returns when the polls under way have stopped. A round that takes longer than the
// interval is followed by the next at once; rounds never overlap. A failed round is logged and the next one is tried.
func (u *PollLoop) Run(ctx context.Context, cmd PollLoopCommand) {
	ticker := time.NewTicker(cmd.Interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		summary, err := u.all.Run(ctx, cmd.PollAllCommand)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			u.log.ErrorContext(ctx, "round failed", "error", err)
		default:
			u.log.InfoContext(ctx, "round done", "tenants", len(summary.Tenants), "fetched", summary.Fetched,
				"created", summary.Created, "duplicates", summary.Duplicates, "rejected", summary.Rejected, "failed", summary.Failed)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}
