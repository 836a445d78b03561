package postgres

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/uptrace/bun"

	"github.com/keybuzzio/marketplaces/domain"
)

type consentRow struct {
	bun.BaseModel `bun:"table:marketplace.consents,alias:s"`

	ID          domain.ConsentID       `bun:"id,pk,type:uuid"`
	Tenant      string                 `bun:"tenant_id"`
	Connection  domain.ConnectionID    `bun:"connection_id,type:uuid"`
	Type        domain.MarketplaceType `bun:"type"`
	Country     string                 `bun:"country,nullzero"`
	Region      string                 `bun:"region"`
	SellerID    string                 `bun:"seller_id,nullzero"`
	ReturnTo    string                 `bun:"return_to,nullzero"`
	User        string                 `bun:"user_id,nullzero"`
	StateHash   []byte                 `bun:"state_hash"`
	BrowserHash []byte                 `bun:"browser_hash"`
	ExpiresAt   time.Time              `bun:"expires_at"`
	ConsumedAt  time.Time              `bun:"consumed_at,nullzero"`
	CreatedAt   time.Time              `bun:"created_at"`
}

func newConsentRow(s domain.ConsentState) *consentRow {
	return &consentRow{
		ID: s.ID, Tenant: s.Tenant.String(), Connection: s.Connection, Type: s.Type, Country: s.Country, Region: s.Region,
		SellerID: s.SellerID, ReturnTo: s.ReturnTo, User: s.User, StateHash: s.StateHash, BrowserHash: s.BrowserHash,
		ExpiresAt: s.ExpiresAt, ConsumedAt: s.ConsumedAt, CreatedAt: s.CreatedAt,
	}
}

func (r *consentRow) consent() (*domain.Consent, error) {
	tenant, err := domain.ParseTenantID(r.Tenant)
	if err != nil {
		return nil, err
	}
	return domain.RestoreConsent(domain.ConsentState{
		ID: r.ID, Tenant: tenant, Connection: r.Connection, Type: r.Type, Country: r.Country, Region: r.Region,
		SellerID: r.SellerID, ReturnTo: r.ReturnTo, User: r.User, StateHash: r.StateHash, BrowserHash: r.BrowserHash,
		ExpiresAt: utc(r.ExpiresAt), ConsumedAt: utc(r.ConsumedAt), CreatedAt: utc(r.CreatedAt),
	})
}

type consents struct {
	tx     bun.Tx
	tenant domain.TenantID
}

// consentKept is how long a consent that is over stays.
const consentKept = 24 * time.Hour

func (q consents) Insert(ctx context.Context, c *domain.Consent) error {
	s := c.State()
	if s.Tenant != q.tenant {
		return errNone
	}
	_, err := q.tx.NewDelete().Model((*consentRow)(nil)).
		Where("connection_id = ? AND expires_at < ?", s.Connection, s.CreatedAt.Add(-consentKept)).Exec(ctx)
	if err != nil {
		return translate(ctx, "remove consents", err)
	}
	_, err = q.tx.NewInsert().Model(newConsentRow(s)).Exec(ctx)
	if isForeignKey(err) {
		return errNone // not the tenant's connection
	}
	return translate(ctx, "insert consent", err)
}

func (q consents) Lock(ctx context.Context, id domain.ConsentID) (*domain.Consent, error) {
	var r consentRow
	if err := q.tx.NewSelect().Model(&r).Where("s.id = ?", id).For("NO KEY UPDATE").Scan(ctx); err != nil {
		return nil, translate(ctx, "lock consent", err)
	}
	return r.consent()
}

func (q consents) Save(ctx context.Context, c *domain.Consent) error {
	res, err := q.tx.NewUpdate().Model(newConsentRow(c.State())).Column("consumed_at").Where("id = ?", c.State().ID).Exec(ctx)
	return changedOne(ctx, "save consent", res, err)
}

// FindConsent implements ports.PendingConsents, in one statement that is its own transaction. The policy "consenting" lets it
// see the consent that it names, whosever it is, and no other.
func (r *Repository) FindConsent(ctx context.Context, stateHash []byte) (domain.ConsentState, error) {
	if len(stateHash) != sha256.Size {
		return domain.ConsentState{}, errNone
	}
	var row consentRow
	if err := r.bound.check(ctx, r.db.DB); err != nil {
		return domain.ConsentState{}, err
	}
	if err := r.db.NewSelect().Model(&row).ModelTableExpr("marketplace.pending_consent(?) AS s", stateHash).Scan(ctx); err != nil {
		return domain.ConsentState{}, translate(ctx, "find consent", err)
	}
	c, err := row.consent()
	if err != nil {
		return domain.ConsentState{}, err
	}
	return c.State(), nil
}
