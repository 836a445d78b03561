package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
)

type rawKeyRow struct {
	bun.BaseModel `bun:"table:marketplace.raw_keys,alias:k"`

	ID        domain.SourceKeyID `bun:"id,pk,type:uuid"`
	Tenant    string             `bun:"tenant_id,pk"`
	VaultPath string             `bun:"vault_path"`
}

func (r *rawKeyRow) key(tenant domain.TenantID) (domain.SourceKey, error) {
	k := domain.SourceKey{ID: r.ID, Tenant: tenant, Path: domain.NewRawKeyPath(tenant, r.ID)}
	if r.VaultPath != k.Path.String() {
		return domain.SourceKey{}, domain.Errorf(domain.ErrInvalid, "not a place of a tenant's key")
	}
	return k, nil
}

type rawKeys struct {
	tx     bun.Tx
	tenant domain.TenantID
}

func (q rawKeys) Current(ctx context.Context) (domain.SourceKey, error) {
	all, err := q.All(ctx)
	if err == nil && len(all) == 0 {
		err = errNone
	}
	if err != nil {
		return domain.SourceKey{}, err
	}
	return all[0], nil // the schema allows one that is not erased
}

func (q rawKeys) Get(ctx context.Context, id domain.SourceKeyID) (domain.SourceKey, error) {
	var r rawKeyRow
	err := q.tx.NewSelect().Model(&r).
		Where("k.tenant_id = ? AND k.id = ? AND k.erased_at IS NULL", q.tenant.String(), id).Scan(ctx)
	if err != nil {
		return domain.SourceKey{}, translate(ctx, "get key", err)
	}
	return r.key(q.tenant)
}

// useKeys locks the rows of keys as they are: marking one waits until the transaction ends. It finds those that were erased.
const useKeys = `
	WITH used AS (SELECT erased_at FROM marketplace.raw_keys WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR SHARE)
	SELECT FROM used WHERE erased_at IS NOT NULL`

// use keeps keys from being erased, and must find none that was.
func use(b *batch, keys []domain.SourceKeyID) {
	if len(keys) > 0 {
		ids := uuids(keys, func(id domain.SourceKeyID) uuid.UUID { return id.UUID })
		*b = append(*b, statement{op: "use keys", text: useKeys, args: []any{ids}, must: 0, otherwise: errErased})
	}
}

var errErased = domain.Errorf(domain.ErrConflict, "the key was erased")

func (q rawKeys) All(ctx context.Context) ([]domain.SourceKey, error) { return q.list(ctx, false) }

func (q rawKeys) Erased(ctx context.Context) ([]domain.SourceKey, error) { return q.list(ctx, true) }

func (q rawKeys) list(ctx context.Context, erased bool) ([]domain.SourceKey, error) {
	var rows []rawKeyRow
	err := q.tx.NewSelect().Model(&rows).
		Where("k.tenant_id = ? AND (k.erased_at IS NOT NULL) = ?", q.tenant.String(), erased).OrderExpr("k.id").Scan(ctx)
	if err != nil {
		return nil, translate(ctx, "list keys", err)
	}
	all := make([]domain.SourceKey, len(rows))
	for i := range rows {
		if all[i], err = rows[i].key(q.tenant); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (q rawKeys) Insert(ctx context.Context, k domain.SourceKey) error {
	if k.Tenant != q.tenant {
		return errNone
	}
	if k.Path != domain.NewRawKeyPath(k.Tenant, k.ID) {
		return domain.Errorf(domain.ErrInvalid, "not a place of a tenant's key")
	}
	_, err := q.tx.NewInsert().Model(&rawKeyRow{ID: k.ID, Tenant: k.Tenant.String(), VaultPath: k.Path.String()}).Exec(ctx)
	return translate(ctx, "insert key", err)
}

func (q rawKeys) MarkErased(ctx context.Context, id domain.SourceKeyID) error {
	res, err := q.tx.NewUpdate().Model((*rawKeyRow)(nil)).Set("erased_at = coalesce(erased_at, now())").
		Where("tenant_id = ? AND id = ?", q.tenant.String(), id).Exec(ctx)
	return changedOne(ctx, "mark key as erased", res, err)
}
