package memory

import (
	"bytes"
	"context"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
)

type rawKey struct {
	domain.SourceKey
	erased bool
}

type rawKeys struct{ *transaction }

func (x rawKeys) Current(ctx context.Context) (domain.SourceKey, error) {
	all, err := x.All(ctx)
	if err != nil {
		return domain.SourceKey{}, err
	}
	if len(all) == 0 {
		return domain.SourceKey{}, errNone
	}
	return all[0], nil // there is never more than one that is not erased
}

func (x rawKeys) Get(ctx context.Context, id domain.SourceKeyID) (domain.SourceKey, error) {
	if err := ctx.Err(); err != nil {
		return domain.SourceKey{}, err
	}
	k, there := x.rows.rawKeys[id]
	if !there || k.erased {
		return domain.SourceKey{}, errNone
	}
	return k.SourceKey, nil
}

func (x rawKeys) All(ctx context.Context) ([]domain.SourceKey, error) { return x.list(ctx, false) }

func (x rawKeys) Erased(ctx context.Context) ([]domain.SourceKey, error) { return x.list(ctx, true) }

func (x rawKeys) list(ctx context.Context, erased bool) ([]domain.SourceKey, error) {
	var all []domain.SourceKey
	for _, k := range x.rows.rawKeys {
		if k.erased == erased {
			all = append(all, k.SourceKey)
		}
	}
	slices.SortFunc(all, func(a, b domain.SourceKey) int { return bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	return all, ctx.Err()
}

func (x rawKeys) Insert(ctx context.Context, k domain.SourceKey) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	if k.Tenant != x.tenant {
		return errNone
	}
	for _, other := range x.rows.rawKeys {
		if !other.erased {
			return x.fail(domain.Errorf(domain.ErrConflict, "the tenant has a key already"))
		}
	}
	return x.fail(add(x.rows.rawKeys, k.ID, rawKey{SourceKey: k}))
}

func (x rawKeys) MarkErased(ctx context.Context, id domain.SourceKeyID) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	k, there := x.rows.rawKeys[id]
	if !there {
		return errNone
	}
	k.erased = true
	x.rows.rawKeys[id] = k
	return nil
}
