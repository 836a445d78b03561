package app

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// ConnectMock connects a tenant to invented messages, for development and demonstrations.
type ConnectMock struct {
	repo    ports.Repository
	connect *Connect
	poll    *Poll
	clock   ports.Clock
	allowed bool
}

// ConnectMockCommand says who wants the invented messages.
type ConnectMockCommand struct {
	Tenant domain.TenantID
	By     string // the token's subject, for the record
}

// Run makes the tenant's Amazon connection a CONNECTED one with source MOCK and polls it at once. Running it again
// changes nothing but polls again. domain.ErrForbidden outside development mode, always; domain.ErrConflict when the
// connection has a real source, which invented messages must not replace.
func (u *ConnectMock) Run(ctx context.Context, cmd ConnectMockCommand) (domain.ConnectionState, PollResult, error) {
	if !u.allowed {
		return domain.ConnectionState{}, PollResult{}, domain.Errorf(domain.ErrForbidden,
			"invented messages exist in development mode only: start with --dev, or set KEYBUZZ_DEV_MODE=true")
	}
	var c domain.ConnectionState
	err := u.connect.update(ctx, ConnectCommand{Tenant: cmd.Tenant, Marketplace: domain.Amazon}, func(ctx context.Context, tx ports.Tx, conn *domain.Connection) error {
		if s := conn.State().Source; s != "" && s != domain.SourceMock {
			return domain.Errorf(domain.ErrConflict, "the connection reads real messages: disconnect it first")
		}
		now := u.clock.Now()
		err := conn.Connect(domain.SourceBinding{Source: domain.SourceMock, DisplayName: "Amazon (Dev Mock)", Region: "EU"}, now)
		if err != nil {
			return err
		}
		c = conn.State()
		return startPolling(ctx, tx, conn, cmd.By, now)
	})
	if err != nil {
		return domain.ConnectionState{}, PollResult{}, err
	}
	result, err := u.poll.runAhead(ctx, PollCommand{Tenant: cmd.Tenant, Connection: c.ID})
	return c, result, err
}
