package app

import (
	"context"
	"net/url"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// consents begins consents: for [Connect], where sellers begin here, and for [AcceptInvitation], where they begin at the
// marketplace.
type consents struct {
	authorizers map[domain.MarketplaceType]ports.Authorizer
	targets     domain.ReturnTargets
	clock       ports.Clock
}

// begin stores a consent to a connection that this transaction has locked, and returns its state.
func (u consents) begin(ctx context.Context, tx ports.Tx, c domain.ConnectionState, b domain.ConsentBegin) (domain.Secret, error) {
	now := u.clock.Now()
	consent, state, err := domain.NewConsent(c, b, now)
	if err != nil {
		return state, err
	}
	if err := tx.Consents.Insert(ctx, consent); err != nil {
		return state, err
	}
	return state, tx.Audit.Record(ctx, domain.AuditEntry{
		ID: domain.NewID[domain.AuditID](), Tenant: c.Tenant, Action: domain.AuditConsentBegun, Subject: c.ID.String(),
		Actor: domain.ActorAgent, ActorID: b.User, Cause: b.Region, At: now,
	})
}

// AcceptInvitation answers a marketplace that sent a browser to us to be authorized from its own pages (Amazon: Appstore
// workflow, and how sellers authorize again).
type AcceptInvitation struct{ connect *Connect }

// AcceptInvitationCommand is what the marketplace sent, and who is signed in here in that browser.
type AcceptInvitationCommand struct {
	Tenant      domain.TenantID
	Marketplace domain.MarketplaceType
	Query       url.Values // with which the marketplace opened our page
	ReturnTo    string
	Browser     domain.Secret
	By          string // the token's subject
}

// Run makes sure that the tenant has a connection, as [Connect.Run] does, begins a consent and returns where the browser goes
// on. Running it again begins another one. domain.ErrForbidden where sellers cannot authorize us; domain.ErrInvalid if the query is
// not the marketplace's or ReturnTo is not allowed.
func (u *AcceptInvitation) Run(ctx context.Context, cmd AcceptInvitationCommand) (string, error) {
	authorizer := u.connect.consents.authorizers[cmd.Marketplace]
	if authorizer == nil {
		return "", errNoAuthorizer(cmd.Marketplace)
	}
	target, err := u.connect.consents.targets.Check(cmd.ReturnTo)
	if err != nil {
		return "", err
	}
	invited, err := authorizer.Invited(cmd.Query)
	if err != nil {
		return "", err
	}
	var state domain.Secret
	connect := ConnectCommand{Tenant: cmd.Tenant, Marketplace: cmd.Marketplace, By: cmd.By}
	err = u.connect.update(ctx, connect, func(ctx context.Context, tx ports.Tx, c *domain.Connection) (err error) {
		state, err = u.connect.consents.begin(ctx, tx, c.State(), domain.ConsentBegin{
			Region: invited.Region, SellerID: invited.SellerID, ReturnTo: target, User: cmd.By, Browser: cmd.Browser,
		})
		return err
	})
	if err != nil {
		return "", err
	}
	return authorizer.AcceptURL(invited, state), nil
}

// CheckInvitation reports whether a query is the marketplace's, as [AcceptInvitation.Run] does, and changes nothing: before the
// seller has signed in here, nobody knows whose it is.
func (u *AcceptInvitation) CheckInvitation(t domain.MarketplaceType, query url.Values) error {
	authorizer := u.connect.consents.authorizers[t]
	if authorizer == nil {
		return errNoAuthorizer(t)
	}
	_, err := authorizer.Invited(query)
	return err
}

func errNoAuthorizer(t domain.MarketplaceType) error {
	return domain.Errorf(domain.ErrForbidden, "sellers cannot authorize %s on this installation", t.Title())
}
