package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"iter"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Options tune a Client. The zero value is fit for production.
type Options struct {
	Networks []netip.Prefix // where sellers' mail servers may be; none: every public address, and no other
	Loopback bool           // for development: this machine too, and there also without TLS

	RootCAs  *x509.CertPool // who vouches for mail servers; nil: the system's
	Resolver *net.Resolver  // nil: the system's

	Timeout   time.Duration // how long a server may take to begin an answer; 30 s if 0
	PageBytes int           // a page's mails are no larger together, but for a single mail; 2 MiB if 0
	MaxMail   int           // a larger mail is not read: it comes as unreadable; 16 MiB if 0, which 10 MB of files fit in
	HeldBytes int           // of the pages that all callers have in hand; a larger mail goes alone; 12 MiB if 0

	// PerHost is how many connections to one mail server (name and port) there are at once; 32 if 0. It holds for this
	// client: a server sees as many from each process that reads, and none of a process that has just started. It should be
	// well below the number of reads that a process has going on, else one slow server can take them all.
	PerHost int

	// Patience is how long a read waits for a place at a server that has PerHost connections; 0: it does not wait, because
	// its caller has a queue. A check, which a person waits for, waits 5 s at least.
	Patience time.Duration

	// Renewal is how long a watcher waits for mail before it asks anew; 9 min if 0, less than any server's patience (RFC 2177
	// knows 29 min) and most firewalls'.
	Renewal time.Duration

	// AuthServer is that of the Interpreter by which mails are read.
	AuthServer string

	Observer ports.Observer // told of the calls that PerHost puts off, as imap.connect; nil: nobody is
}

const (
	defaultPerHost = 32
	checkPatience  = 5 * time.Second
	connecting     = "imap.connect" // to the Observer
)

func (o Options) withDefaults() Options {
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.PageBytes == 0 {
		o.PageBytes = 2 << 20
	}
	if o.MaxMail == 0 {
		o.MaxMail = 16 << 20
	}
	if o.HeldBytes == 0 {
		o.HeldBytes = 12 << 20
	}
	if o.PerHost == 0 {
		o.PerHost = defaultPerHost
	}
	if o.Renewal == 0 {
		o.Renewal = 9 * time.Minute
	}
	if o.Observer == nil {
		o.Observer = ports.NoObserver{}
	}
	return o
}

func (o Options) tls(m domain.Mailbox) *tls.Config {
	return &tls.Config{ServerName: m.Host, RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12}
}

// Client reads sellers' mailboxes over IMAP (RFC 3501, RFC 9051). It implements ports.MarketplaceClient for connections
// whose source is domain.SourceIMAP, ports.MailboxChecker and ports.MailboxWatcher. Safe for concurrent use; it keeps no
// connection open but those of its watchers.
type Client struct {
	secrets ports.SecretStore
	options Options
	held    *semaphore.Weighted // bytes
	hosts   *hosts
}

var (
	_ ports.MarketplaceClient = (*Client)(nil)
	_ ports.MailboxChecker    = (*Client)(nil)
)

// NewClient returns a client that finds the mailbox of a connection, password included, in secrets.
func NewClient(secrets ports.SecretStore, o Options) *Client {
	o = o.withDefaults()
	return &Client{secrets, o, semaphore.NewWeighted(int64(o.HeldBytes)), newHosts(o.PerHost)}
}

// CheckMailbox implements ports.MailboxChecker. At a mail server that has Options.PerHost connections it waits for some
// seconds before it is domain.ErrThrottled.
func (c *Client) CheckMailbox(ctx context.Context, m domain.Mailbox) error {
	leave, err := c.enter(ctx, m, max(checkPatience, c.options.Patience))
	if err != nil {
		return err
	}
	defer leave()
	s, err := c.open(ctx, m)
	if err == nil {
		s.close()
		return nil
	}
	if errors.Is(err, domain.ErrUnavailable) { // the seller is there and can look for himself
		return domain.Wrap(domain.ErrRejected, errors.New(err.Error()), "%s", domain.Message(err))
	}
	return err
}

// Pages implements ports.MarketplaceClient. A mailbox with nothing new costs a log-in and one EXAMINE.
//
// The mails are read by rising UID, which is the order of their arrival. A mailbox whose server has renumbered it
// (another UIDVALIDITY), or that the seller has replaced by another, is read from the beginning. A mail that is too
// large, or that its server lists but does not hand out while it hands out others, is yielded as unreadable.
//
// However many read at once, their pages in hand together stay within Options.HeldBytes: a read waits for others to
// take their next page or leave. Of a mail server that has Options.PerHost connections nothing is read: that is
// domain.ErrThrottled, once Options.Patience is over.
func (c *Client) Pages(ctx context.Context, conn domain.ConnectionState, from string) iter.Seq2[ports.Page, error] {
	return func(yield func(ports.Page, error) bool) {
		if err := c.read(ctx, conn, from, func(p ports.Page) bool { return yield(p, nil) }); err != nil {
			yield(ports.Page{}, err)
		}
	}
}

// read yields the pages behind from, until there are no more or yield has enough.
func (c *Client) read(ctx context.Context, conn domain.ConnectionState, from string, yield func(ports.Page) bool) error {
	m, err := c.mailbox(ctx, conn)
	if err != nil {
		return err
	}
	leave, err := c.enter(ctx, m, c.options.Patience)
	if err != nil {
		return err
	}
	defer leave()
	s, err := c.open(ctx, m)
	if err != nil {
		return err
	}
	defer s.close()
	r := reader{session: s, options: c.options, held: c.held, yield: yield, next: from}
	r.at = parseCursor(from, s.folder.UIDValidity, fingerprint(m))
	return r.run(ctx)
}

// enter takes one of the places at a mailbox's server.
func (c *Client) enter(ctx context.Context, m domain.Mailbox, patience time.Duration) (leave func(), err error) {
	leave, err = c.hosts.enter(ctx, key(m), patience)
	var told *domain.Error
	if errors.As(err, &told) {
		c.options.Observer.Throttled(connecting, told.RetryAfter)
	}
	return leave, err
}

// mailbox returns the mailbox of a connection.
func (c *Client) mailbox(ctx context.Context, conn domain.ConnectionState) (domain.Mailbox, error) {
	if conn.Source != domain.SourceIMAP {
		return domain.Mailbox{}, domain.Errorf(domain.ErrRejected, "the connection has no mailbox: set it")
	}
	path, err := domain.ParseSecretPath(conn.VaultPath)
	if err != nil {
		return domain.Mailbox{}, domain.Wrap(domain.ErrRejected, err, "the connection has no mailbox: set it again")
	}
	data, err := c.secrets.Get(ctx, path)
	if errors.Is(err, domain.ErrNotFound) {
		return domain.Mailbox{}, domain.Wrap(domain.ErrRejected, err, "the mailbox's password is not stored: set the mailbox again")
	}
	if err != nil {
		return domain.Mailbox{}, err
	}
	m, err := domain.MailboxOf(data)
	if err != nil {
		return domain.Mailbox{}, domain.Wrap(domain.ErrRejected, err, "the stored mailbox cannot be used: set the mailbox again")
	}
	return m, nil
}
