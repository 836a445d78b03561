package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Disconnect ends a tenant's connection to a marketplace.
type Disconnect struct {
	repo    ports.Repository
	secrets ports.SecretStore
	clock   ports.Clock
}

// DisconnectCommand says who disconnects from what.
type DisconnectCommand struct {
	Tenant      domain.TenantID
	Marketplace domain.MarketplaceType
}

// Run makes the connection DISABLED, which stops its polling, and then deletes its secrets. A poll that is under way
// stores nothing any more. Tickets stay. Running it again is harmless and deletes what could not be deleted before.
// domain.ErrNotFound if the tenant never connected.
func (u *Disconnect) Run(ctx context.Context, cmd DisconnectCommand) (domain.ConnectionState, error) {
	var out domain.ConnectionState
	err := u.repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		there, err := ofType(ctx, tx, cmd.Marketplace)
		if err != nil {
			return err
		}
		if there == nil {
			return domain.Errorf(domain.ErrNotFound, "%s was never connected", cmd.Marketplace.Title())
		}
		c, err := tx.Connections.Lock(ctx, there.State().ID)
		if err != nil {
			return err
		}
		c.Disable(u.clock.Now())
		out = c.State()
		return tx.Connections.Save(ctx, c)
	})
	if err != nil || out.VaultPath == "" {
		return out, err
	}
	path, err := domain.ParseSecretPath(out.VaultPath)
	if err != nil {
		return out, err
	}
	if err := u.secrets.Delete(ctx, path); err != nil {
		return out, err
	}
	return u.forgetSecrets(ctx, out)
}

// forgetSecrets notes that the secrets of c are deleted, unless c has been connected anew since.
func (u *Disconnect) forgetSecrets(ctx context.Context, c domain.ConnectionState) (out domain.ConnectionState, err error) {
	err = u.repo.Update(ctx, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		k, err := tx.Connections.Lock(ctx, c.ID)
		if err != nil {
			return err
		}
		k.ForgetSecrets(c.VaultPath, u.clock.Now())
		out = k.State()
		return tx.Connections.Save(ctx, k)
	})
	return out, err
}
