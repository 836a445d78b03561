package postgres

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
)

type addressRow struct {
	bun.BaseModel `bun:"table:marketplace.inbound_addresses,alias:a"`

	ID          domain.InboundAddressID `bun:"id,pk,type:uuid"`
	Tenant      string                  `bun:"tenant_id"`
	Connection  domain.ConnectionID     `bun:"connection_id,type:uuid"`
	Type        domain.MarketplaceType  `bun:"type"`
	Country     string                  `bun:"country"`
	Address     string                  `bun:"address"`
	Status      domain.AddressStatus    `bun:"status"`
	ValidatedAt time.Time               `bun:"validated_at,nullzero"`
	ValidatedBy string                  `bun:"validated_by,nullzero"`
	RetiredAt   time.Time               `bun:"retired_at,nullzero"`
	CodeHash    []byte                  `bun:"code_hash,nullzero"`
	CodeExpires time.Time               `bun:"code_expires,nullzero"`
	LastMailAt  time.Time               `bun:"last_mail_at,nullzero"`
	CreatedAt   time.Time               `bun:"created_at"`
}

func newAddressRow(s domain.InboundAddressState) *addressRow {
	return &addressRow{
		ID: s.ID, Tenant: s.Tenant.String(), Connection: s.Connection, Type: s.Type, Country: s.Country, Address: s.Address,
		Status: s.Status, ValidatedAt: s.ValidatedAt, ValidatedBy: s.ValidatedBy, RetiredAt: s.RetiredAt, CodeHash: s.CodeHash,
		CodeExpires: s.CodeExpires, LastMailAt: s.LastMailAt, CreatedAt: s.CreatedAt,
	}
}

func (r *addressRow) address() (*domain.InboundAddress, error) {
	tenant, err := domain.ParseTenantID(r.Tenant)
	if err != nil {
		return nil, err
	}
	return domain.RestoreInboundAddress(domain.InboundAddressState{
		ID: r.ID, Tenant: tenant, Connection: r.Connection, Type: r.Type, Country: r.Country, Address: r.Address,
		Status: r.Status, ValidatedAt: utc(r.ValidatedAt), ValidatedBy: r.ValidatedBy, RetiredAt: utc(r.RetiredAt),
		CodeHash: r.CodeHash, CodeExpires: utc(r.CodeExpires), LastMailAt: utc(r.LastMailAt), CreatedAt: utc(r.CreatedAt),
	})
}

// addressColumns are the columns of an addressRow.
const addressColumns = `id, tenant_id, connection_id, type, country, address, status, validated_at, validated_by, retired_at, code_hash,
	code_expires, last_mail_at, created_at`

type addresses struct {
	tx     bun.Tx
	tenant domain.TenantID
	db     *bun.DB
}

func (q addresses) List(ctx context.Context, t domain.MarketplaceType) ([]*domain.InboundAddress, error) {
	var rows []addressRow
	err := q.tx.NewSelect().Model(&rows).Where("a.tenant_id = ? AND a.type = ?", q.tenant.String(), t).
		OrderExpr("a.country, a.id").Scan(ctx)
	if err != nil {
		return nil, translate(ctx, "list inbound addresses", err)
	}
	all := make([]*domain.InboundAddress, len(rows))
	for i := range rows {
		if all[i], err = rows[i].address(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (q addresses) Lock(ctx context.Context, id domain.InboundAddressID) (*domain.InboundAddress, error) {
	var r addressRow
	err := scanPrepared(ctx, q.db, q.tx.Tx, &r, `SELECT `+addressColumns+` FROM marketplace.inbound_addresses WHERE id = $1 FOR NO KEY UPDATE`, id.String())
	if err != nil {
		return nil, translate(ctx, "lock inbound address", err)
	}
	return r.address()
}

func (q addresses) Insert(ctx context.Context, a *domain.InboundAddress) error {
	if a.State().Tenant != q.tenant {
		return errNone
	}
	_, err := q.tx.NewInsert().Model(newAddressRow(a.State())).Exec(ctx)
	if isForeignKey(err) {
		return errNone // not the tenant's connection
	}
	return translate(ctx, "insert inbound address", err)
}

func (q addresses) Save(ctx context.Context, a *domain.InboundAddress) error {
	res, err := q.tx.NewUpdate().Model(newAddressRow(a.State())).
		Column("status", "validated_at", "validated_by", "retired_at", "code_hash", "code_expires", "last_mail_at").
		Where("id = ?", a.State().ID).Exec(ctx)
	return changedOne(ctx, "save inbound address", res, err)
}

// route names an address to the policy "routing", which shows it, whosever it is, and no other; and then looks it up. The names
// come one after the other because the second is what the first gave. (The schema's function route is for pods of the release
// before.)
const route = `
	SELECT a.* FROM (SELECT set_config('keybuzz.recipient', $1, true) AS address OFFSET 0) AS named, LATERAL (
		SELECT ` + addressColumns + ` FROM marketplace.inbound_addresses WHERE address = named.address OFFSET 0) AS a`

// Route implements ports.Routes, in one statement that is its own transaction: every mail that is pushed here asks once.
func (r *Repository) Route(ctx context.Context, address string) (domain.InboundAddressState, error) {
	if address == "" || address != domain.NormalAddress(address) {
		return domain.InboundAddressState{}, errNone
	}
	var row addressRow
	if err := r.bound.check(ctx, r.db.DB); err != nil {
		return domain.InboundAddressState{}, err
	}
	if err := scanPrepared(ctx, r.db, r.db.DB, &row, route, address); err != nil {
		return domain.InboundAddressState{}, translate(ctx, "route", err)
	}
	a, err := row.address()
	if err != nil {
		return domain.InboundAddressState{}, err
	}
	return a.State(), nil
}
