package app

import (
	"context"
	"time"

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
	By          string // the token's subject, for the record
}

// Run makes the connection DISABLED, which stops its polling, retires its inbound addresses, ends its authorizations, and then
// deletes its secrets: the mailbox's and the authorizations' tokens. A
// poll that is under way stores nothing any more. Tickets stay. Running it again is harmless and deletes what could not be deleted before.
// domain.ErrNotFound if the tenant never connected.
func (u *Disconnect) Run(ctx context.Context, cmd DisconnectCommand) (domain.ConnectionState, error) {
	var out domain.ConnectionState
	var ended []domain.AuthorizationState
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
		was, now := c.State().Status, u.clock.Now()
		c.Disable(now)
		if ended, err = endAuthorizations(ctx, tx, c, now); err != nil {
			return err
		}
		out = c.State()
		if err := tx.Connections.Save(ctx, c); err != nil || was == domain.ConnectionDisabled {
			return err
		}
		return u.stop(ctx, tx, out, cmd.By, now)
	})
	if err != nil {
		return out, err
	}
	paths := []string{out.VaultPath}
	for _, a := range ended {
		paths = append(paths, a.VaultPath)
	}
	if err := u.deleteSecrets(ctx, paths); err != nil {
		return out, err
	}
	return u.forgetSecrets(ctx, out, ended)
}

// endAuthorizations ends all authorizations of a connection and returns them.
func endAuthorizations(ctx context.Context, tx ports.Tx, c *domain.Connection, now time.Time) ([]domain.AuthorizationState, error) {
	there, err := tx.Authorizations.Of(ctx, c.State().ID)
	if err != nil {
		return nil, err
	}
	ended := make([]domain.AuthorizationState, len(there))
	for i, a := range there {
		a.End(now)
		ended[i] = a.State()
		if err := tx.Authorizations.Save(ctx, a); err != nil {
			return nil, err
		}
	}
	c.RecomputeStatus(ended, now)
	return ended, nil
}

// deleteSecrets deletes what is stored at paths. "" is none.
func (u *Disconnect) deleteSecrets(ctx context.Context, paths []string) error {
	for _, text := range paths {
		if text == "" {
			continue
		}
		path, err := domain.ParseSecretPath(text)
		if err != nil {
			return err
		}
		if err := u.secrets.Delete(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

// stop takes the jobs away, retires the addresses, and records who disconnected.
func (u *Disconnect) stop(ctx context.Context, tx ports.Tx, c domain.ConnectionState, by string, now time.Time) error {
	if err := tx.Jobs.Cancel(ctx, ports.JobPoll, c.ID); err != nil {
		return err
	}
	if err := tx.Jobs.Cancel(ctx, ports.JobOrders, c.ID); err != nil {
		return err
	}
	live, err := liveAddresses(ctx, tx, c)
	if err != nil {
		return err
	}
	for _, a := range live {
		if _, err := retireAddress(ctx, tx, a.State().ID, by, now); err != nil {
			return err
		}
	}
	return tx.Audit.Record(ctx, domain.AuditEntry{
		ID: domain.NewID[domain.AuditID](), Tenant: c.Tenant, Action: domain.AuditDisconnected, Subject: c.ID.String(),
		Actor: domain.ActorAgent, ActorID: by, At: now,
	})
}

// forgetSecrets notes that the secrets of c and of its authorizations are deleted, unless they are others by now.
func (u *Disconnect) forgetSecrets(ctx context.Context, c domain.ConnectionState, ended []domain.AuthorizationState) (out domain.ConnectionState, err error) {
	deleted := map[domain.AuthorizationID]string{}
	for _, a := range ended {
		deleted[a.ID] = a.VaultPath
	}
	err = u.repo.Update(ctx, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		conn, err := tx.Connections.Lock(ctx, c.ID)
		if err != nil {
			return err
		}
		now := u.clock.Now()
		there, err := tx.Authorizations.Of(ctx, c.ID)
		if err != nil {
			return err
		}
		for _, a := range there {
			a.ForgetSecrets(deleted[a.State().ID], now)
			if err := tx.Authorizations.Save(ctx, a); err != nil {
				return err
			}
		}
		conn.ForgetSecrets(c.VaultPath, now)
		out = conn.State()
		return tx.Connections.Save(ctx, conn)
	})
	return out, err
}
