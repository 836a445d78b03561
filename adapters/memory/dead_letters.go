package memory

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

type rejects struct{ *transaction }

// errNoPage is for a page that could not hold anything.
var errNoPage = domain.Errorf(domain.ErrInvalid, "a page holds at least 1")

func (x rejects) Count(ctx context.Context) (int, error) {
	return len(x.pending(domain.RejectedID{})), ctx.Err()
}

func (x rejects) Get(ctx context.Context, id domain.RejectedID) (domain.RejectedMessage, error) {
	if err := ctx.Err(); err != nil {
		return domain.RejectedMessage{}, err
	}
	for _, m := range x.rows.rejected {
		if m.ID == id {
			return x.rows.reject(m), nil
		}
	}
	return domain.RejectedMessage{}, errNone
}

func (x rejects) Pending(ctx context.Context, after domain.RejectedID, limit, size int) ([]domain.RejectedMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit < 1 || size < 1 {
		return nil, errNoPage
	}
	var page []domain.RejectedMessage
	for _, m := range x.pending(after) {
		if len(page) == limit || size <= 0 {
			break
		}
		page, size = append(page, x.rows.reject(m)), size-m.Source.Size
	}
	return page, nil
}

// pending returns the messages behind after that were not replayed, by rising id.
func (x rejects) pending(after domain.RejectedID) (all []domain.RejectedMessage) {
	for _, m := range x.rows.rejected {
		if _, done := x.rows.replayed[m.ID]; !done && bytes.Compare(m.ID.UUID[:], after.UUID[:]) > 0 {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b domain.RejectedMessage) int { return bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	return all
}

func (x rejects) MarkReplayed(ctx context.Context, id domain.RejectedID, now time.Time) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	if _, err := x.Get(ctx, id); err != nil {
		return err
	}
	if _, done := x.rows.replayed[id]; !done {
		x.rows.replayed[id] = stored(now)
	}
	return nil
}
