package postgres

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
)

type authorizationRow struct {
	bun.BaseModel `bun:"table:marketplace.authorizations,alias:a"`

	ID         domain.AuthorizationID     `bun:"id,pk,type:uuid"`
	Tenant     string                     `bun:"tenant_id"`
	Connection domain.ConnectionID        `bun:"connection_id,type:uuid"`
	Type       domain.MarketplaceType     `bun:"type"`
	Region     string                     `bun:"region"`
	SellerID   string                     `bun:"seller_id"`
	Status     domain.AuthorizationStatus `bun:"status"`
	VaultPath  string                     `bun:"vault_path,nullzero"`
	GrantedAt  time.Time                  `bun:"granted_at,nullzero"`
	ExpiresAt  time.Time                  `bun:"expires_at,nullzero"`
	LookedAt   time.Time                  `bun:"looked_at,nullzero"`
	WarnedDays int                        `bun:"warned_days"`
	LastError  string                     `bun:"last_error,nullzero"`
	CreatedAt  time.Time                  `bun:"created_at"`
	UpdatedAt  time.Time                  `bun:"updated_at"`
}

func newAuthorizationRow(s domain.AuthorizationState) *authorizationRow {
	return &authorizationRow{
		ID: s.ID, Tenant: s.Tenant.String(), Connection: s.Connection, Type: s.Type, Region: s.Region, SellerID: s.SellerID,
		Status: s.Status, VaultPath: s.VaultPath, GrantedAt: s.GrantedAt, ExpiresAt: s.ExpiresAt, LookedAt: s.LookedAt,
		WarnedDays: s.WarnedDays, LastError: s.LastError, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
}

func (r *authorizationRow) authorization(tenant domain.TenantID) (*domain.Authorization, error) {
	return domain.RestoreAuthorization(domain.AuthorizationState{
		ID: r.ID, Tenant: tenant, Connection: r.Connection, Type: r.Type, Region: r.Region, SellerID: r.SellerID,
		Status: r.Status, VaultPath: r.VaultPath, GrantedAt: utc(r.GrantedAt), ExpiresAt: utc(r.ExpiresAt), LookedAt: utc(r.LookedAt),
		WarnedDays: r.WarnedDays, LastError: r.LastError, CreatedAt: utc(r.CreatedAt), UpdatedAt: utc(r.UpdatedAt),
	})
}

// participationRow is a row of the connection's region, which its position in the table names.
type participationRow struct {
	bun.BaseModel `bun:"table:marketplace.participations,alias:p"`

	Tenant        string              `bun:"tenant_id"`
	Connection    domain.ConnectionID `bun:"connection_id,type:uuid"`
	Region        string              `bun:"region"`
	MarketplaceID string              `bun:"marketplace_id"`
	Country       string              `bun:"country"`
	Name          string              `bun:"name"`
	StoreName     string              `bun:"store_name,nullzero"`
	Language      string              `bun:"language,nullzero"`
	Currency      string              `bun:"currency,nullzero"`
	Participating bool                `bun:"participating"`
	Suspended     bool                `bun:"suspended"`
}

func (r *participationRow) participation() domain.Participation {
	return domain.Participation{
		Region: r.Region, MarketplaceID: r.MarketplaceID, Country: r.Country, Name: r.Name, StoreName: r.StoreName,
		Language: r.Language, Currency: r.Currency, Participating: r.Participating, Suspended: r.Suspended,
	}
}

type authorizations struct {
	tx     bun.Tx
	tenant domain.TenantID
}

func (q authorizations) Of(ctx context.Context, c domain.ConnectionID) ([]*domain.Authorization, error) {
	var rows []authorizationRow
	if err := q.tx.NewSelect().Model(&rows).Where("a.connection_id = ?", c).OrderExpr(`a.region COLLATE "C"`).Scan(ctx); err != nil {
		return nil, translate(ctx, "list authorizations", err)
	}
	all := make([]*domain.Authorization, len(rows))
	for i := range rows {
		var err error
		if all[i], err = rows[i].authorization(q.tenant); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (q authorizations) Insert(ctx context.Context, a *domain.Authorization) error {
	if a.State().Tenant != q.tenant {
		return errNone
	}
	_, err := q.tx.NewInsert().Model(newAuthorizationRow(a.State())).Exec(ctx)
	if isForeignKey(err) {
		return errNone // not the tenant's connection
	}
	return translate(ctx, "insert authorization", err)
}

func (q authorizations) Save(ctx context.Context, a *domain.Authorization) error {
	res, err := q.tx.NewUpdate().Model(newAuthorizationRow(a.State())).
		Column("seller_id", "status", "vault_path", "granted_at", "expires_at", "looked_at", "warned_days", "last_error", "updated_at").
		Where("id = ?", a.State().ID).Exec(ctx)
	return changedOne(ctx, "save authorization", res, err)
}

func (q authorizations) Participations(ctx context.Context, c domain.ConnectionID) ([]domain.Participation, error) {
	var rows []participationRow
	err := q.tx.NewSelect().Model(&rows).Where("p.connection_id = ?", c).
		OrderExpr(`p.country COLLATE "C", p.marketplace_id COLLATE "C", p.region COLLATE "C"`).Scan(ctx)
	if err != nil {
		return nil, translate(ctx, "list participations", err)
	}
	all := make([]domain.Participation, len(rows))
	for i := range rows {
		all[i] = rows[i].participation()
	}
	return all, nil
}

// SetParticipations lets those who replace the same wait for each other: by the lock of their connection.
func (q authorizations) SetParticipations(ctx context.Context, c domain.ConnectionID, region string, all []domain.Participation) error {
	var k connectionRow
	err := q.tx.NewSelect().Model(&k).Column("id").Where("c.tenant_id = ? AND c.id = ?", q.tenant.String(), c).For("NO KEY UPDATE").Scan(ctx)
	if err != nil {
		return translate(ctx, "lock connection", err)
	}
	_, err = q.tx.NewDelete().Model((*participationRow)(nil)).Where("connection_id = ? AND region = ?", c, region).Exec(ctx)
	if err != nil || len(all) == 0 {
		return translate(ctx, "remove participations", err)
	}
	rows := make([]participationRow, len(all))
	for i, p := range all {
		rows[i] = participationRow{
			Tenant: q.tenant.String(), Connection: c, Region: region, MarketplaceID: p.MarketplaceID, Country: p.Country, Name: p.Name,
			StoreName: p.StoreName, Language: p.Language, Currency: p.Currency, Participating: p.Participating, Suspended: p.Suspended,
		}
	}
	_, err = q.tx.NewInsert().Model(&rows).On("CONFLICT DO NOTHING").Exec(ctx)
	return translate(ctx, "insert participations", err)
}
