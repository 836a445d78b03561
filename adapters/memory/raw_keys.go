package memory

import (
	"bytes"
	"context"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
)

type rawKey struct {
	domain.RawKey
	erased bool
}

type rawKeys struct{ *transaction }

func (x rawKeys) Current(ctx context.Context) (domain.RawKey, error) {
	all, err := x.All(ctx)
	if err != nil {
		return domain.RawKey{}, err
	}
	if len(all) == 0 {
		return domain.RawKey{}, errNone
	}
	return all[0], nil // there is never more than one that is not erased
}

func (x rawKeys) Get(ctx context.Context, id domain.RawKeyID) (domain.RawKey, error) {
	if err := ctx.Err(); err != nil {
		return domain.RawKey{}, err
	}
	k, there := x.rows.rawKeys[id]
	if !there || k.erased {
		return domain.RawKey{}, errNone
	}
	return k.RawKey, nil
}

func (x rawKeys) All(ctx context.Context) ([]domain.RawKey, error) { return x.list(ctx, false) }

func (x rawKeys) Erased(ctx context.Context) ([]domain.RawKey, error) { return x.list(ctx, true) }

func (x rawKeys) list(ctx context.Context, erased bool) ([]domain.RawKey, error) {
	var all []domain.RawKey
	for _, k := range x.rows.rawKeys {
		if k.erased == erased {
			all = append(all, k.RawKey)
		}
	}
	slices.SortFunc(all, func(a, b domain.RawKey) int { return bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	return all, ctx.Err()
}

func (x rawKeys) Insert(ctx context.Context, k domain.RawKey) error {
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
	return x.fail(add(x.rows.rawKeys, k.ID, rawKey{RawKey: k}))
}

func (x rawKeys) MarkErased(ctx context.Context, id domain.RawKeyID) error {
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
