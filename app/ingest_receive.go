package app

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// receive lets the addresses that pushed messages came to take notice of them, duplicates too: a copy proves as much.
func (u *Ingest) receive(ctx context.Context, tx ports.Tx, cmd IngestCommand, conn *domain.Connection) error {
	proved := map[domain.InboundAddressID][]domain.InboundMessage{}
	for i, id := range cmd.Addresses {
		if id != (domain.InboundAddressID{}) {
			proved[id] = append(proved[id], cmd.Page.Messages[i])
		}
	}
	ids := slices.SortedFunc(maps.Keys(proved), func(a, b domain.InboundAddressID) int { return bytes.Compare(a.UUID[:], b.UUID[:]) })
	for _, id := range ids {
		if err := u.receiveAt(ctx, tx, id, proved[id], conn); err != nil {
			return err
		}
	}
	return nil
}

func (u *Ingest) receiveAt(ctx context.Context, tx ports.Tx, id domain.InboundAddressID, mails []domain.InboundMessage, conn *domain.Connection) error {
	a, err := tx.Addresses.Lock(ctx, id)
	if err != nil {
		return err
	}
	now, changed, validated := u.clock.Now(), false, false
	for _, m := range mails {
		c, v := a.Receive(m, now)
		changed, validated = changed || c, validated || v
	}
	if !changed {
		return nil
	}
	if err := tx.Addresses.Save(ctx, a); err != nil || !validated {
		return err
	}
	if err := recordAddress(ctx, tx, domain.AuditAddressValidated, a.State(), domain.ActorSystem, "", now); err != nil {
		return err
	}
	connected, err := conn.ReceivePush(now)
	if err != nil || !connected {
		return err
	}
	if err := tx.Connections.Save(ctx, conn); err != nil {
		return err
	}
	return recordConnected(ctx, tx, conn.State(), domain.ActorSystem, "", now)
}

// recordAddress records what became of an inbound address.
func recordAddress(ctx context.Context, tx ports.Tx, action domain.AuditAction, a domain.InboundAddressState, actor domain.ActorType, by string, now time.Time) error {
	return tx.Audit.Record(ctx, domain.AuditEntry{
		ID: domain.NewID[domain.AuditID](), Tenant: a.Tenant, Action: action, Subject: a.ID.String(), Actor: actor, ActorID: by,
		Cause: a.ValidatedBy, At: now,
	})
}
