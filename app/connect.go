package app

import (
	"context"
	"errors"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Connect begins a seller's connection to a marketplace.
type Connect struct {
	repo    ports.Repository
	clients map[domain.MarketplaceType]ports.MarketplaceClient
	clock   ports.Clock
	host    string // domain of inbound addresses; "" where none are made

	consents consents
}

// ConnectCommand says who wants to connect to what.
type ConnectCommand struct {
	Tenant      domain.TenantID
	Marketplace domain.MarketplaceType
	Country     string // whose inbound address is made, and where the seller consents; "" for neither: there is no default country
	By          string // the token's subject, for the record

	ReturnTo string        // where the browser is to go after the consent; "" for a page of ours
	Browser  domain.Secret // what the seller's browser holds; zero if there is none: then no consent is begun
}

// ConnectResult is a connection, where the marketplace of a country may send its mail, and where the seller consents.
type ConnectResult struct {
	domain.ConnectionState
	Address          *domain.InboundAddressState // nil if no country was named, or no mail is taken here
	AuthorizationURL string                      // "" if no country was named, or sellers cannot authorize us here
}

// Run makes sure that the tenant has a connection that is not disabled, and returns it. A new one is PENDING; a
// disabled one is PENDING again, with its id and history; any other stays as it is. With a country it makes sure, as
// [CreateAddress.Run] does, that the connection has an inbound address for it too, unless no mail is taken here, and begins a
// consent, where sellers can authorize us. Running it again, or many at once, gives the same connection and address, and
// another consent.
//
// domain.ErrForbidden if the marketplace is not enabled on this installation; domain.ErrInvalid for a country that the
// marketplace does not have, and for a ReturnTo that is not allowed or has no country.
func (u *Connect) Run(ctx context.Context, cmd ConnectCommand) (out ConnectResult, err error) {
	if cmd.Country != "" {
		if _, err := domain.SiteOf(cmd.Marketplace, cmd.Country); err != nil {
			return out, err
		}
	}
	if cmd.ReturnTo, err = u.consents.targets.Check(cmd.ReturnTo); err != nil {
		return out, err
	}
	if cmd.ReturnTo != "" && cmd.Country == "" {
		return out, domain.Errorf(domain.ErrInvalid, "name the country too: it says where the seller authorizes us")
	}
	var state domain.Secret
	err = u.update(ctx, cmd, func(ctx context.Context, tx ports.Tx, c *domain.Connection) (err error) {
		out = ConnectResult{ConnectionState: c.State()}
		if cmd.Country != "" && u.host != "" {
			a, _, err := u.ensureAddress(ctx, tx, out.ConnectionState, cmd)
			if err != nil {
				return err
			}
			out.Address = &a
		}
		if u.asksConsent(cmd) {
			state, err = u.consent(ctx, tx, out.ConnectionState, cmd)
		}
		return err
	})
	if err == nil && u.asksConsent(cmd) {
		out.AuthorizationURL, err = u.consents.authorizers[cmd.Marketplace].ConsentURL(cmd.Country, state)
	}
	if err != nil {
		return ConnectResult{}, err
	}
	return out, nil
}

// asksConsent reports whether a command begins a consent.
func (u *Connect) asksConsent(cmd ConnectCommand) bool {
	return cmd.Country != "" && !cmd.Browser.IsZero() && u.consents.authorizers[cmd.Marketplace] != nil
}

// consent begins the consent for the country of a command.
func (u *Connect) consent(ctx context.Context, tx ports.Tx, c domain.ConnectionState, cmd ConnectCommand) (domain.Secret, error) {
	site, err := domain.SiteOf(cmd.Marketplace, cmd.Country)
	if err != nil {
		return domain.Secret{}, err
	}
	return u.consents.begin(ctx, tx, c, domain.ConsentBegin{
		Country: site.Country, Region: site.Region, ReturnTo: cmd.ReturnTo, User: cmd.By, Browser: cmd.Browser,
	})
}

// update runs fn on the tenant's connection, locked and not disabled, in the transaction that made sure it is there.
func (u *Connect) update(ctx context.Context, cmd ConnectCommand, fn func(context.Context, ports.Tx, *domain.Connection) error) error {
	if u.clients[cmd.Marketplace] == nil {
		return domain.Errorf(domain.ErrForbidden, "%s cannot be connected on this installation", cmd.Marketplace.Title())
	}
	try := func() error {
		return u.repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
			c, err := u.ensure(ctx, tx, cmd)
			if err != nil {
				return err
			}
			return fn(ctx, tx, c)
		})
	}
	err := try()
	if errors.Is(err, domain.ErrConflict) { // somebody inserted it first: now it is there to be locked
		err = try()
	}
	return err
}

func (u *Connect) ensure(ctx context.Context, tx ports.Tx, cmd ConnectCommand) (*domain.Connection, error) {
	there, err := ofType(ctx, tx, cmd.Marketplace)
	if err != nil {
		return nil, err
	}
	if there == nil {
		c, err := domain.NewConnection(cmd.Tenant, cmd.Marketplace, u.clock.Now())
		if err != nil {
			return nil, err
		}
		if err := tx.Connections.Insert(ctx, c); err != nil {
			return nil, err
		}
		if c, err = tx.Connections.Lock(ctx, c.State().ID); err != nil {
			return nil, err
		}
		return c, recordPending(ctx, tx, c.State(), cmd.By, "new", u.clock.Now())
	}
	c, err := tx.Connections.Lock(ctx, there.State().ID)
	if err != nil {
		return nil, err
	}
	if c.State().Status != domain.ConnectionDisabled {
		return c, nil
	}
	c.Reopen(u.clock.Now())
	if err := tx.Connections.Save(ctx, c); err != nil {
		return nil, err
	}
	return c, recordPending(ctx, tx, c.State(), cmd.By, "opened again", u.clock.Now())
}

// recordPending records that a connection became PENDING.
func recordPending(ctx context.Context, tx ports.Tx, c domain.ConnectionState, by, cause string, now time.Time) error {
	return tx.Audit.Record(ctx, domain.AuditEntry{
		ID: domain.NewID[domain.AuditID](), Tenant: c.Tenant, Action: domain.AuditPending, Subject: c.ID.String(),
		Actor: domain.ActorAgent, ActorID: by, Cause: cause, At: now,
	})
}

// startPolling stores a connection that has just become CONNECTED, has it polled at once, and records who connected it.
func startPolling(ctx context.Context, tx ports.Tx, conn *domain.Connection, by string, now time.Time) error {
	c := conn.State()
	if err := tx.Connections.Save(ctx, conn); err != nil {
		return err
	}
	if err := tx.Jobs.Schedule(ctx, ports.JobPoll, c.ID, time.Time{}); err != nil {
		return err
	}
	return recordConnected(ctx, tx, c, domain.ActorAgent, by, now)
}

// recordConnected records that a connection became CONNECTED.
func recordConnected(ctx context.Context, tx ports.Tx, c domain.ConnectionState, actor domain.ActorType, by string, now time.Time) error {
	return tx.Audit.Record(ctx, domain.AuditEntry{
		ID: domain.NewID[domain.AuditID](), Tenant: c.Tenant, Action: domain.AuditConnected, Subject: c.ID.String(),
		Actor: actor, ActorID: by, Cause: c.DisplayName, At: now,
	})
}

// ofType returns the tenant's connection to a marketplace, the one that is not disabled before others; nil if there is
// none.
func ofType(ctx context.Context, tx ports.Tx, t domain.MarketplaceType) (*domain.Connection, error) {
	all, err := tx.Connections.OfType(ctx, t)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}
