package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

// SourceVault seals messages as they came and opens them again. A sealed raw is compressed, and encrypted with a key of the
// tenant's own, which is kept in the SecretStore, wrapped with a master key that is kept there too. Safe for concurrent use.
type SourceVault interface {
	// Sealer returns what seals new raws of a tenant. The tenant's first gets a key made; whoever makes one at the same time
	// gets the same. It may wait on the network, so it is called before a transaction. domain.ErrUnavailable when the
	// SecretStore cannot be reached: then nothing may be accepted.
	Sealer(ctx context.Context, tenant domain.TenantID) (SourceSealer, error)

	// Forget has the tenant's keys looked up again with the next call: a transaction found that one was erased.
	Forget(tenant domain.TenantID)

	// Open returns a raw of the tenant as it came. A plain one needs no key. Bytes that are nil are fetched from the object
	// store. It may wait on the network. domain.ErrNotFound when the key was erased: the raw is unreadable for good.
	// domain.ErrInvalid when what is kept is not what was sealed: another tenant's, or damaged.
	Open(ctx context.Context, tenant domain.TenantID, kept domain.StoredSource) (domain.Source, error)

	// Erase deletes all keys of the tenant, so that all its raws are unreadable, in every copy of the database and of the
	// object store. Sources that come later get a new key. Running it again is harmless and finishes what was interrupted. Other
	// processes may open raws with a key that they hold for up to a minute longer.
	Erase(ctx context.Context, tenant domain.TenantID) error
}

// SourceSealer seals raws of one tenant.
type SourceSealer interface {
	// Seal returns the raw compressed and encrypted, its digest and size as they were. One that is sealed already stays as it
	// is. It waits on nothing and is safe for concurrent use.
	Seal(raw domain.StoredSource) (domain.StoredSource, error)
}

// SourceKeys is where the tenant's keys for raws are.
type SourceKeys interface {
	// Current returns the key that new raws are sealed with. domain.ErrNotFound if there is none.
	Current(ctx context.Context) (domain.SourceKey, error)

	// Get returns a key. domain.ErrNotFound if the tenant has none with this id, or it was erased.
	Get(ctx context.Context, id domain.SourceKeyID) (domain.SourceKey, error)

	// All returns all keys that were not erased, by rising id.
	All(ctx context.Context) ([]domain.SourceKey, error)

	// Erased returns all keys that were marked as erased, by rising id.
	Erased(ctx context.Context) ([]domain.SourceKey, error)

	// Insert makes a key the current one. domain.ErrConflict if the tenant has one.
	Insert(ctx context.Context, k domain.SourceKey) error

	// MarkErased notes that a key is to be deleted: from then on nothing is sealed with it or opened. Noting it again changes nothing. domain.ErrNotFound if the tenant never had it.
	MarkErased(ctx context.Context, id domain.SourceKeyID) error
}

// Sources is the contents of raws. They come with the messages that have them (PageWrite.Store).
type Sources interface {
	// Held returns sealed raws whose bytes are in the database: at most limit, and none behind the one with which they reach
	// size bytes; those that came first, first.
	Unarchived(ctx context.Context, limit, size int) ([]domain.StoredSource, error)

	// Moved notes that the bytes of these raws are in the object store, and forgets them here. What the tenant does not have
	// is left out.
	Moved(ctx context.Context, raws []domain.StoredSource) error
}

// UnarchivedSources knows which tenants have raws in the database that can be moved to the object store. It shows ids only.
type UnarchivedSources interface {
	// Holding returns up to limit tenants behind after that have raws for Sources.Held, by rising id.
	WithUnarchived(ctx context.Context, after string, limit int) ([]domain.TenantID, error)
}
