package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// EraseRaws makes the messages of a tenant, as they came, unreadable for good.
type EraseRaws struct {
	repo  ports.Repository
	raws  ports.SourceVault
	clock ports.Clock
}

// EraseRawsCommand says whose messages are erased, and who wants it.
type EraseRawsCommand struct {
	Tenant  domain.TenantID
	Actor   domain.ActorType
	ActorID string // who of them; "" for SYSTEM
}

// Run deletes the tenant's keys, after it has recorded who wanted it. What is sealed with them is unreadable from then on, in
// every backup of the database and of the object store too, attachments among it; other processes may read it for up to
// a minute longer. What was read out of the messages before (tickets and their texts) stays, and messages that come later
// are kept under a new key. Sources that were stored before raws were sealed are not reached.
//
// Running it again is harmless and finishes what was interrupted.
func (u *EraseRaws) Run(ctx context.Context, cmd EraseRawsCommand) error {
	err := u.repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		return tx.Audit.Record(ctx, domain.AuditEntry{
			ID: domain.NewID[domain.AuditID](), Tenant: cmd.Tenant, Action: domain.AuditErased, Subject: cmd.Tenant.String(),
			Actor: cmd.Actor, ActorID: cmd.ActorID, At: u.clock.Now(),
		})
	})
	if err != nil {
		return err
	}
	return u.raws.Erase(ctx, cmd.Tenant)
}
