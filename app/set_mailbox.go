package app

import (
	"context"
	"errors"
	"log/slog"
	"maps"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// SetMailbox gives a tenant's connection the mailbox that its messages arrive in.
type SetMailbox struct {
	repo    ports.Repository
	connect *Connect
	check   ports.MailboxChecker
	senders ports.SubmissionChecker // nil where mailboxes are only read
	secrets ports.SecretStore
	clock   ports.Clock
	log     *slog.Logger
}

// SetMailboxCommand says whose mailbox it is and how to get in.
type SetMailboxCommand struct {
	Tenant      domain.TenantID
	Marketplace domain.MarketplaceType
	Mailbox     domain.Mailbox
	// Submission is the account by which answers of the mailbox leave. Its user and password are the mailbox's when left
	// out. Nil: the mailbox is only read.
	Submission *domain.Submission
	By         string // the token's subject, for the record
}

// Run sets the mailbox, and the account that its answers leave by.
//
//   - First it logs in to both. If one fails, nothing is changed: domain.ErrInvalid names the field that cannot be right,
//     domain.ErrRejected says what failed.
//   - Then the secret is stored and the connection, new or old, is CONNECTED with source IMAP. Inbound addresses of it go on
//     taking mail.
//   - Running it again replaces both; messages already read stay known.
//
// The secret is stored, at a place of its own, before the connection points at it, and the one before is deleted after.
// So whatever meets or crashes when, a CONNECTED connection has its secret; what may be left behind is a secret that
// nothing points at.
func (u *SetMailbox) Run(ctx context.Context, cmd SetMailboxCommand) (domain.ConnectionState, error) {
	box, err := domain.NewMailbox(cmd.Mailbox)
	if err != nil {
		return domain.ConnectionState{}, err
	}
	data, err := u.tried(ctx, box, cmd.Submission)
	if err != nil {
		return domain.ConnectionState{}, err
	}
	connected, err := u.connect.Run(ctx, ConnectCommand{Tenant: cmd.Tenant, Marketplace: cmd.Marketplace, By: cmd.By})
	if err != nil {
		return domain.ConnectionState{}, err
	}
	c := connected.ConnectionState
	path, before := domain.NewSecretPath(c), ""
	if err := u.secrets.Put(ctx, path, data); err != nil {
		return domain.ConnectionState{}, err
	}
	link := domain.SourceBinding{
		Source: domain.SourceIMAP, DisplayName: cmd.Marketplace.Title() + " (" + box.Host + ")", VaultPath: path.String(),
	}
	err = u.repo.Update(ctx, cmd.Tenant, func(ctx context.Context, tx ports.Tx) error {
		conn, err := tx.Connections.Lock(ctx, c.ID)
		if err != nil {
			return err
		}
		before = conn.State().VaultPath
		now := u.clock.Now()
		if err := conn.Connect(link, now); err != nil {
			return err
		}
		c = conn.State()
		return startPolling(ctx, tx, conn, cmd.By, now)
	})
	if err != nil {
		if !errors.Is(err, domain.ErrUnavailable) { // then it may have been stored after all
			forget(ctx, u.secrets, path.String(), u.log)
		}
		return domain.ConnectionState{}, err
	}
	forget(ctx, u.secrets, before, u.log)
	return c, nil
}

// tried returns what the secret of a mailbox holds, after logging in to all of it.
func (u *SetMailbox) tried(ctx context.Context, box domain.Mailbox, out *domain.Submission) (domain.SecretData, error) {
	data := box.SecretData()
	if out == nil {
		return data, u.check.CheckMailbox(ctx, box)
	}
	if u.senders == nil {
		return nil, domain.Errorf(domain.ErrForbidden, "this installation does not send by sellers' accounts: leave submission out")
	}
	account := *out
	if account.User == "" && account.Password.IsZero() {
		account.User, account.Password = box.User, box.Password
	}
	account, err := domain.NewSubmission(account)
	if err != nil {
		return nil, err
	}
	if err := u.check.CheckMailbox(ctx, box); err != nil {
		return nil, err
	}
	if err := u.senders.CheckSubmission(ctx, account); errors.Is(err, domain.ErrRejected) {
		return nil, domain.Wrap(domain.ErrRejected, err, "submission: %s", domain.Message(err))
	} else if err != nil {
		return nil, err
	}
	maps.Copy(data, account.SecretData())
	return data, nil
}

// forget deletes secrets that nothing points at any more. If that fails they are only left over.
func forget(ctx context.Context, secrets ports.SecretStore, path string, log *slog.Logger) {
	parsed, err := domain.ParseSecretPath(path)
	if err != nil { // there were none
		return
	}
	if err := secrets.Delete(context.WithoutCancel(ctx), parsed); err != nil {
		log.WarnContext(ctx, "unused secret not deleted", "path", path, "error", err)
	}
}
