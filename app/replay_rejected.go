package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// allRejected tries every rejected message again.
func (r *replaying) allRejected(ctx context.Context) error {
	var total int
	err := r.repo.View(ctx, r.cmd.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		total, err = tx.DeadLetters.Count(ctx)
		return err
	})
	if err == nil {
		err = r.begin(ctx, total, r.cmd.Tenant.String(), "rejected messages")
	}
	var after domain.RejectedID
	for err == nil {
		var page []domain.RejectedMessage
		err = r.repo.View(ctx, r.cmd.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
			page, err = tx.DeadLetters.Pending(ctx, after, replayPage, replayBytes)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].ID
		for _, m := range page {
			if err := r.rejected(ctx, m); err != nil {
				return err
			}
		}
	}
	return err
}

// oneRejected tries one rejected message again.
func (r *replaying) oneRejected(ctx context.Context) error {
	var m domain.RejectedMessage
	err := r.repo.View(ctx, r.cmd.Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		m, err = tx.DeadLetters.Get(ctx, r.cmd.RejectedID)
		return err
	})
	if err == nil {
		err = r.begin(ctx, 1, r.cmd.RejectedID.String(), "one rejected message")
	}
	if err != nil {
		return err
	}
	return r.rejected(ctx, m)
}

// rejected tries a message again: it stays rejected, or it is stored and marked in one transaction. One that is stored
// already is marked only, unless it was rejected for that: other words under an id that is taken are still that.
func (r *replaying) rejected(ctx context.Context, m domain.RejectedMessage) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer r.progress()
	read, ok, err := r.interpret(ctx, m.Type, m.Source, m.ReceivedAt, m.ID)
	if err != nil || !ok {
		return err
	}
	c := domain.ConnectionState{ID: m.Connection, Tenant: m.Tenant, Type: m.Type}
	screened := domain.Screen(c, []domain.InboundMessage{read})
	if len(screened.Rejected) > 0 {
		r.result.Rejected++
		r.report("rejected", m.ID, became(m, "rejected as "+string(screened.Rejected[0].Reason), true))
		return nil
	}
	var known bool
	store := func(ctx context.Context, tx ports.Tx, sealer ports.SourceSealer) error {
		if r.cmd.Apply {
			if _, err := tx.SyncStates.Lock(ctx, c.ID); err != nil {
				return err
			}
		}
		assigned := domain.AssignedID(m.ID) // by a person, who may have been first: then it is stored under another id
		ids, err := tx.Pages.Known(ctx, c.Type, []string{read.ExternalID, assigned})
		known = ids[read.ExternalID] || ids[assigned]
		if err != nil || !r.cmd.Apply || known && taken(m, read) {
			return err
		}
		if !known {
			conn, err := tx.Connections.Get(ctx, c.ID)
			if err != nil {
				return err
			}
			in, err := r.ingest.mapPage(ctx, tx, conn.State(), screened)
			if err != nil {
				return err
			}
			if err := sealAll(sealer, in); err != nil {
				return err
			}
			if err := tx.Pages.Store(ctx, in); err != nil {
				return err
			}
		}
		return tx.DeadLetters.MarkReplayed(ctx, m.ID, r.clock.Now())
	}
	if r.cmd.Apply {
		err = sealing(ctx, r.raws, m.Tenant, func(sealer ports.SourceSealer) error {
			return r.transact(ctx, r.cmd.Tenant, func(ctx context.Context, tx ports.Tx) error { return store(ctx, tx, sealer) })
		})
	} else { // it makes no key
		err = r.transact(ctx, r.cmd.Tenant, func(ctx context.Context, tx ports.Tx) error { return store(ctx, tx, nil) })
	}
	switch {
	case err != nil:
		return err
	case known && taken(m, read):
		r.result.Rejected++
		r.report("rejected", m.ID, became(m, "rejected as "+string(domain.RejectDuplicateID), true))
	case known:
		r.result.Duplicate++
		r.report("rejected", m.ID, became(m, "stored already", false))
	default:
		r.result.Accepted++
		r.report("rejected", m.ID, became(m, "stored", false))
	}
	return nil
}

// taken reports whether m was rejected because its id was taken, and has the same one still.
func taken(m domain.RejectedMessage, read domain.InboundMessage) bool {
	return m.Reason == domain.RejectDuplicateID && m.ExternalID == read.ExternalID
}

// became is what becomes of a rejected message.
func became(m domain.RejectedMessage, now string, stays bool) domain.Difference {
	d := domain.Difference{Field: "status", Old: "rejected as " + string(m.Reason), New: now}
	if stays {
		d.Kept = "today's code does not accept it either"
	}
	return d
}
