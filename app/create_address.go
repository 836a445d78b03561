package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// CreateAddress gives a tenant's connection an inbound address for a country.
type CreateAddress struct{ connect *Connect }

// CreateAddressCommand says who wants an address for which country.
type CreateAddressCommand struct {
	Tenant      domain.TenantID
	Marketplace domain.MarketplaceType
	Country     string // ISO 3166-1 alpha-2, in any case
	By          string // the token's subject, for the record
}

// Run makes sure that the tenant's connection has an address for the country that is not retired, and returns it; created
// says that it is new. The connection is made, or opened again, as [Connect.Run] does. Running it again, or many at once,
// gives the same address. A retired address never comes back: the next one has another token.
//
// domain.ErrInvalid for a country without a marketplace; the message names those that there are. domain.ErrForbidden where
// no mail is taken or the marketplace is not enabled.
func (u *CreateAddress) Run(ctx context.Context, cmd CreateAddressCommand) (a domain.InboundAddressState, created bool, err error) {
	if u.connect.host == "" {
		return a, false, domain.Errorf(domain.ErrForbidden,
			"this server has no domain for inbound mail: its operator sets KEYBUZZ_INBOUND_DOMAIN")
	}
	connect := ConnectCommand{Tenant: cmd.Tenant, Marketplace: cmd.Marketplace, Country: cmd.Country, By: cmd.By}
	err = u.connect.update(ctx, connect, func(ctx context.Context, tx ports.Tx, c *domain.Connection) (err error) {
		a, created, err = u.connect.ensureAddress(ctx, tx, c.State(), connect)
		return err
	})
	return a, created, err
}

// ensureAddress makes sure that connection c, which this transaction has locked, has a live address for the command's country.
func (u *Connect) ensureAddress(ctx context.Context, tx ports.Tx, c domain.ConnectionState, cmd ConnectCommand,
) (out domain.InboundAddressState, created bool, err error) {
	now := u.clock.Now()
	a, err := domain.NewInboundAddress(c, cmd.Country, u.host, now)
	if err != nil {
		return out, false, err
	}
	live, err := liveAddresses(ctx, tx, c)
	if err != nil {
		return out, false, err
	}
	for _, there := range live {
		if there.State().Country == a.State().Country {
			return there.State(), false, nil
		}
	}
	if err := tx.Addresses.Insert(ctx, a); err != nil {
		return out, false, err
	}
	return a.State(), true, recordAddress(ctx, tx, domain.AuditAddressCreated, a.State(), domain.ActorAgent, cmd.By, now)
}

// liveAddresses returns the addresses of a connection that are not retired.
func liveAddresses(ctx context.Context, tx ports.Tx, c domain.ConnectionState) (live []*domain.InboundAddress, err error) {
	all, err := tx.Addresses.List(ctx, c.Type)
	for _, a := range all {
		if s := a.State(); s.Connection == c.ID && s.Status != domain.AddressRetired {
			live = append(live, a)
		}
	}
	return live, err
}
