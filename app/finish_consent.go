package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// FinishConsent takes in what a seller's consent brought, when the browser comes back from the marketplace.
type FinishConsent struct {
	repo        ports.Repository
	pending     ports.PendingConsents
	authorizers map[domain.MarketplaceType]ports.Authorizer
	secrets     ports.SecretStore
	clock       ports.Clock
	log         *slog.Logger
}

// FinishConsentCommand is what the browser came back with. It has no token: the state and what this browser holds say whose it
// is.
type FinishConsentCommand struct {
	Marketplace domain.MarketplaceType
	State       domain.Secret
	Code        domain.Secret
	SellerID    string
	Browser     domain.Secret
}

// ConsentEnd is how a consent ended.
type ConsentEnd struct {
	ReturnTo   string // where the browser is to go; "" for nowhere. Set even with an error, if the browser is the one that began
	Region     string
	Connection domain.ConnectionState // zero with an error
}

// What becomes of a connection's tickets when its marketplace can be asked about their orders.
const (
	recentTickets = 1000                // so many are looked at
	recentFor     = 30 * 24 * time.Hour // if they were active since
)

// Run exchanges the code for a token, stores it, and then, in one transaction, consumes the state, grants the authorization,
// makes the connection CONNECTED and has the marketplace asked about the account and the orders of recent tickets. Of many who
// come with one state, one is answered; what the others brought is deleted again. An authorization for the same region is
// replaced: the connection and its history stay.
//
// domain.ErrRejected if the state is not known, over, used, or another browser's or account's, or the marketplace does not
// take the code; domain.ErrConflict if the connection was disconnected since, or another account has the region;
// domain.ErrUnavailable if the marketplace or the SecretStore cannot be reached. While the SecretStore is away the code is not
// used, so that loading the page again works for as long as the code is good.
func (u *FinishConsent) Run(ctx context.Context, cmd FinishConsentCommand) (end ConsentEnd, err error) {
	pending, err := u.find(ctx, cmd)
	if err != nil {
		return end, err
	}
	end.ReturnTo, end.Region = pending.State().ReturnTo, pending.State().Region
	if err := pending.Check(cmd.State, cmd.Browser, cmd.SellerID, u.clock.Now()); err != nil {
		return end, err
	}
	path, err := u.redeem(ctx, cmd, pending.State())
	if err != nil {
		return end, err
	}
	before := ""
	err = u.repo.Update(ctx, pending.State().Tenant, func(ctx context.Context, tx ports.Tx) (err error) {
		end.Connection, before, err = u.grant(ctx, tx, cmd, pending.State(), path)
		return err
	})
	if err != nil {
		end.Connection = domain.ConnectionState{}
		if !errors.Is(err, domain.ErrUnavailable) { // then it may have been stored after all
			forget(ctx, u.secrets, path.String(), u.log)
		}
		return end, err
	}
	forget(ctx, u.secrets, before, u.log)
	u.log.InfoContext(ctx, "seller authorized us", "tenant", end.Connection.Tenant.String(), "connection", end.Connection.ID.String(),
		"region", end.Region)
	return end, nil
}

// find returns the consent that belongs to the state and to the browser. Everything else is one refusal: who guesses learns
// nothing.
func (u *FinishConsent) find(ctx context.Context, cmd FinishConsentCommand) (*domain.Consent, error) {
	if !domain.IsNonce(cmd.State.Reveal()) || !domain.IsNonce(cmd.Browser.Reveal()) {
		return nil, domain.ErrForeignConsent
	}
	s, err := u.pending.FindConsent(ctx, domain.HashNonce(cmd.State))
	if errors.Is(err, domain.ErrNotFound) || err == nil && s.Type != cmd.Marketplace {
		return nil, domain.ErrForeignConsent
	}
	if err != nil {
		return nil, err
	}
	c, err := domain.RestoreConsent(s)
	if err != nil {
		return nil, err
	}
	if err := c.Check(cmd.State, cmd.Browser, cmd.SellerID, u.clock.Now()); errors.Is(err, domain.ErrForeignConsent) {
		return nil, err
	}
	return c, nil
}

// redeem exchanges the code for a token and returns where it is stored.
func (u *FinishConsent) redeem(ctx context.Context, cmd FinishConsentCommand, c domain.ConsentState) (path domain.SecretPath, err error) {
	authorizer := u.authorizers[cmd.Marketplace]
	if authorizer == nil {
		return path, errNoAuthorizer(cmd.Marketplace)
	}
	if cmd.Code.IsZero() {
		return path, domain.Errorf(domain.ErrRejected, "the marketplace sent no code: begin again")
	}
	path = domain.NewSecretPath(domain.ConnectionState{Tenant: c.Tenant, Type: c.Type, ID: c.Connection})
	if _, err := u.secrets.Get(ctx, path); !errors.Is(err, domain.ErrNotFound) {
		if err == nil {
			err = domain.Errorf(domain.ErrUnavailable, "the store of secrets gives what was never put there")
		}
		return path, err
	}
	data, err := authorizer.Redeem(ctx, cmd.Code)
	if err != nil {
		return path, err
	}
	return path, u.keep(ctx, path, data)
}

// The patience of keep.
const (
	keepTries = 4
	keepPause = 500 * time.Millisecond // doubled with each
)

// keep stores a token that cannot be had again. It goes on when the browser has left.
func (u *FinishConsent) keep(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	ctx = context.WithoutCancel(ctx)
	pause := keepPause
	for try := 1; ; try++ {
		err := u.secrets.Put(ctx, path, data)
		if err == nil || try == keepTries || !errors.Is(err, domain.ErrUnavailable) {
			return err
		}
		time.Sleep(pause)
		pause *= 2
	}
}

// grant is the transaction of Run. It returns the connection, and where the token of the authorization before is.
func (u *FinishConsent) grant(ctx context.Context, tx ports.Tx, cmd FinishConsentCommand, pending domain.ConsentState, path domain.SecretPath,
) (out domain.ConnectionState, before string, err error) {
	conn, err := tx.Connections.Lock(ctx, pending.Connection)
	if err != nil {
		return out, "", err
	}
	now := u.clock.Now()
	if err := consume(ctx, tx, cmd, pending, now); err != nil {
		return out, "", err
	}
	if conn.State().Status == domain.ConnectionDisabled {
		return out, "", domain.Errorf(domain.ErrConflict, "the connection was ended in the meantime: connect again")
	}
	grant := domain.Grant{SellerID: cmd.SellerID, VaultPath: path.String()}
	all, before, err := replaceAuthorization(ctx, tx, conn.State(), pending.Region, grant, now)
	if err != nil {
		return out, "", err
	}
	connected := conn.RecomputeStatus(all, now) && conn.State().Status == domain.ConnectionConnected
	out = conn.State()
	if err := tx.Connections.Save(ctx, conn); err != nil {
		return out, "", err
	}
	if err := recordAuthorized(ctx, tx, out, pending, now); err != nil {
		return out, "", err
	}
	if connected {
		if err := recordConnected(ctx, tx, out, domain.ActorAgent, pending.User, now); err != nil {
			return out, "", err
		}
	}
	if _, err := tx.Orders.EnqueueRecent(ctx, out.ID, now.Add(-recentFor), recentTickets, now); err != nil {
		return out, "", err
	}
	return out, before, tx.Jobs.Schedule(ctx, ports.JobOrders, out.ID, time.Time{})
}

// consume uses the state up.
func consume(ctx context.Context, tx ports.Tx, cmd FinishConsentCommand, pending domain.ConsentState, now time.Time) error {
	consent, err := tx.Consents.Lock(ctx, pending.ID)
	if err != nil {
		return err
	}
	if err := consent.Check(cmd.State, cmd.Browser, cmd.SellerID, now); err != nil {
		return err
	}
	if err := consent.Consume(now); err != nil {
		return err
	}
	return tx.Consents.Save(ctx, consent)
}

// replaceAuthorization grants the authorization of a region, new or there. It returns all that the connection has then, and
// where the token before is.
func replaceAuthorization(ctx context.Context, tx ports.Tx, c domain.ConnectionState, region string, g domain.Grant, now time.Time,
) (all []domain.AuthorizationState, before string, err error) {
	there, err := tx.Authorizations.Of(ctx, c.ID)
	if err != nil {
		return nil, "", err
	}
	found := false
	for _, a := range there {
		if a.State().Region == region {
			found, before = true, a.State().VaultPath
			if err := a.Grant(g, now); err != nil {
				return nil, "", err
			}
			if err := tx.Authorizations.Save(ctx, a); err != nil {
				return nil, "", err
			}
		}
		all = append(all, a.State())
	}
	if found {
		return all, before, nil
	}
	a, err := domain.NewAuthorization(c, region, g, now)
	if err != nil {
		return nil, "", err
	}
	return append(all, a.State()), "", tx.Authorizations.Insert(ctx, a)
}

func recordAuthorized(ctx context.Context, tx ports.Tx, c domain.ConnectionState, pending domain.ConsentState, now time.Time) error {
	return tx.Audit.Record(ctx, domain.AuditEntry{
		ID: domain.NewID[domain.AuditID](), Tenant: c.Tenant, Action: domain.AuditAuthorized, Subject: c.ID.String(),
		Actor: domain.ActorAgent, ActorID: pending.User, Cause: pending.Region, At: now,
	})
}
