package domain

import "time"

// ConnectionStatus is the state of a Connection.
type ConnectionStatus string

// The states of a Connection. Only a CONNECTED one is polled.
const (
	ConnectionPending   ConnectionStatus = "PENDING"   // wanted; no source of messages yet
	ConnectionConnected ConnectionStatus = "CONNECTED" // polled
	ConnectionError     ConnectionStatus = "ERROR"     // its source refused us; a person must act
	ConnectionDisabled  ConnectionStatus = "DISABLED"  // disconnected by the seller
)

// Source says where a connection's messages come from. "" until it is known.
type Source string

// The sources of messages.
const (
	SourceMock Source = "MOCK" // invented messages, for development only
	SourceIMAP Source = "IMAP" // the mailbox that Seller Central sends buyers' messages to
)

// ConnectionState is the data of a Connection.
type ConnectionState struct {
	ID            ConnectionID
	Tenant        TenantID
	Type          MarketplaceType
	MarketplaceID string // Amazon's id of the country's marketplace; "" when the connection serves all
	Status        ConnectionStatus
	Source        Source
	DisplayName   string
	Region        string    // SP-API region; "" when not known
	VaultPath     string    // where its secrets are; "" when it has none
	LastSyncAt    time.Time // last poll that ended well; zero when there was none
	LastError     string    // why the last poll did not end well; "" when it did. Fit for users
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// Connection is a seller's account on a marketplace. A tenant has at most one that is not disabled per marketplace
// type and MarketplaceID. It keeps its identity when it is disconnected and connected again, so that the messages
// already read stay known.
type Connection struct{ s ConnectionState }

// NewConnection returns a PENDING connection.
func NewConnection(tenant TenantID, t MarketplaceType, now time.Time) (*Connection, error) {
	return RestoreConnection(ConnectionState{
		ID: NewID[ConnectionID](), Tenant: tenant, Type: t, Status: ConnectionPending,
		CreatedAt: now.UTC(), UpdatedAt: now.UTC(),
	})
}

// RestoreConnection loads a connection. ErrInvalid if s breaks a rule of connections.
func RestoreConnection(s ConnectionState) (*Connection, error) {
	switch {
	case s.ID == ConnectionID{}, s.Tenant.IsZero(), s.Type == "":
		return nil, Errorf(ErrInvalid, "a connection needs an id, a tenant and a marketplace")
	case s.Status == ConnectionConnected && s.Source == "":
		return nil, Errorf(ErrInvalid, "a connected connection needs a source")
	case s.Source == SourceIMAP && s.VaultPath == "" && s.Status == ConnectionConnected:
		return nil, Errorf(ErrInvalid, "a connected mailbox needs its secret's path")
	case s.Source == SourceMock && s.Status == ConnectionConnected && s.VaultPath != "":
		return nil, Errorf(ErrInvalid, "the mock has no secrets")
	}
	switch s.Status {
	case ConnectionPending, ConnectionConnected, ConnectionError, ConnectionDisabled:
		return &Connection{s}, nil
	}
	return nil, Errorf(ErrInvalid, "unknown connection status %q", s.Status)
}

// State returns the data of the connection.
func (c *Connection) State() ConnectionState { return c.s }

// Reopen makes a disabled connection PENDING again, without a source. Any other connection stays as it is.
func (c *Connection) Reopen(now time.Time) {
	if c.s.Status == ConnectionDisabled {
		c.s.Status, c.s.Source, c.s.LastError = ConnectionPending, "", ""
		c.s.UpdatedAt = now.UTC()
	}
}

// Link is what ties a connection to its source of messages.
type Link struct {
	Source      Source
	DisplayName string
	Region      string
	VaultPath   string // "" for the mock
}

// Connect gives the connection its source and makes it CONNECTED, whatever trouble it had before. A disabled one is
// ErrConflict: reopen it first.
func (c *Connection) Connect(l Link, now time.Time) error {
	if c.s.Status == ConnectionDisabled {
		return Errorf(ErrConflict, "the connection is disabled: connect it again first")
	}
	next := c.s
	next.Status, next.LastError, next.UpdatedAt = ConnectionConnected, "", now.UTC()
	next.Source, next.DisplayName, next.Region, next.VaultPath = l.Source, l.DisplayName, l.Region, l.VaultPath
	checked, err := RestoreConnection(next)
	if err != nil {
		return err
	}
	*c = *checked
	return nil
}

// Reads reports whether the connection is CONNECTED to the very source that then describes. A poll that began with then
// must not act on what has become of the connection since.
func (c *Connection) Reads(then ConnectionState) bool {
	return c.s.Status == ConnectionConnected && c.s.Source == then.Source && c.s.VaultPath == then.VaultPath
}

// RecordSync notes that a poll ended well at now.
func (c *Connection) RecordSync(now time.Time) {
	c.s.LastSyncAt, c.s.LastError, c.s.UpdatedAt = now.UTC(), "", now.UTC()
}

// RecordFailure notes why a poll failed. A temporary fault leaves the status alone; when the source refused
// (ErrRejected) the connection goes to ERROR and is not polled until a person has acted. Only a CONNECTED connection
// changes status.
func (c *Connection) RecordFailure(cause error, now time.Time) {
	c.s.LastError, c.s.UpdatedAt = Message(cause), now.UTC()
	if KindOf(cause) == ErrRejected && c.s.Status == ConnectionConnected {
		c.s.Status = ConnectionError
	}
}

// Disable disconnects: the connection is not polled any more. It keeps where its secrets are until they are deleted.
// Disabling twice is harmless.
func (c *Connection) Disable(now time.Time) {
	if c.s.Status != ConnectionDisabled {
		c.s.Status, c.s.UpdatedAt = ConnectionDisabled, now.UTC()
	}
}

// ForgetSecrets notes that the secrets at path are deleted. It does nothing if the connection is not disabled or its
// secrets are elsewhere by now.
func (c *Connection) ForgetSecrets(path string, now time.Time) {
	if c.s.Status == ConnectionDisabled && c.s.VaultPath == path {
		c.s.VaultPath, c.s.UpdatedAt = "", now.UTC()
	}
}
