package domain

import "time"

// ConnectionStatus is the state of a Connection.
type ConnectionStatus string

// The states of a Connection. See [ConnectionState.Polled] for which of them are polled.
const (
	ConnectionPending   ConnectionStatus = "PENDING"   // wanted; no source of messages yet
	ConnectionConnected ConnectionStatus = "CONNECTED" // its source is polled, or the seller has authorized us
	ConnectionError     ConnectionStatus = "ERROR"     // its source or the marketplace refuses us; a person must act
	ConnectionDisabled  ConnectionStatus = "DISABLED"  // disconnected by the seller
)

// ParseConnectionStatus reads a status in upper case. Anything else is ErrInvalid.
func ParseConnectionStatus(s string) (ConnectionStatus, error) {
	switch t := ConnectionStatus(s); t {
	case ConnectionPending, ConnectionConnected, ConnectionError, ConnectionDisabled:
		return t, nil
	}
	return "", Errorf(ErrInvalid, "unknown connection status: use PENDING, CONNECTED, ERROR or DISABLED")
}

// Source says where a connection's messages come from. "" until it is known.
type SourceKind string

// The sources of messages.
const (
	SourceMock SourceKind = "MOCK" // invented messages, for development only
	SourceIMAP SourceKind = "IMAP" // the mailbox that Seller Central sends buyers' messages to
	SourcePush SourceKind = "PUSH" // they are sent to the connection's inbound addresses; nothing is polled
)

// ConnectionState is the data of a Connection.
type ConnectionState struct {
	ID            ConnectionID
	Tenant        TenantID
	Type          MarketplaceType
	MarketplaceID string // Amazon's id of the country's marketplace; "" when the connection serves all
	Status        ConnectionStatus
	Source        SourceKind
	DisplayName   string
	Region        string    // SP-API region; "" when not known
	VaultPath     string    // where its secrets are; "" when it has none
	LastSyncAt    time.Time // last poll that ended well; zero when there was none
	LastError     string    // why the last poll did not end well; "" when it did. Fit for users
	Authorized    bool      // at least one authorization is GRANTED: the marketplace may be asked about its orders
	Withdrawn     bool      // at least one authorization is WITHDRAWN: the seller must authorize us again
	SourceRefused bool      // in ERROR because the source of messages refused us
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
	case s.Status == ConnectionConnected && s.Source == "" && !s.Authorized:
		return nil, Errorf(ErrInvalid, "a connected connection needs a source of messages or an authorization")
	case s.Source == SourceIMAP && s.VaultPath == "" && s.Status == ConnectionConnected:
		return nil, Errorf(ErrInvalid, "a connected mailbox needs its secret's path")
	case s.Source == SourceMock && s.Status == ConnectionConnected && s.VaultPath != "":
		return nil, Errorf(ErrInvalid, "the mock has no secrets")
	}
	if _, err := ParseConnectionStatus(string(s.Status)); err != nil {
		return nil, err
	}
	return &Connection{s}, nil
}

// State returns the data of the connection.
func (c *Connection) State() ConnectionState { return c.s }

// Reopen makes a disabled connection PENDING again, without a source. Any other connection stays as it is.
func (c *Connection) Reopen(now time.Time) {
	if c.s.Status == ConnectionDisabled {
		c.s.Status, c.s.Source, c.s.LastError = ConnectionPending, "", ""
		c.s.Authorized, c.s.Withdrawn, c.s.SourceRefused = false, false, false
		c.s.UpdatedAt = now.UTC()
	}
}

// Link is what ties a connection to its source of messages.
type SourceBinding struct {
	Source      SourceKind
	DisplayName string
	Region      string
	VaultPath   string // "" for the mock
}

// Connect gives the connection its source, whatever trouble it had with one before, and makes it CONNECTED; one whose
// authorization is withdrawn stays in ERROR for that, and is polled all the same. A disabled one is ErrConflict: reopen it
// first.
func (c *Connection) Connect(l SourceBinding, now time.Time) error {
	if c.s.Status == ConnectionDisabled {
		return Errorf(ErrConflict, "the connection is disabled: connect it again first")
	}
	next := c.s
	next.SourceRefused, next.LastError, next.UpdatedAt = false, "", now.UTC()
	next.Source, next.DisplayName, next.Region, next.VaultPath = l.Source, l.DisplayName, firstOf(l.Region, next.Region), l.VaultPath
	next.Status = next.live()
	checked, err := RestoreConnection(next)
	if err != nil {
		return err
	}
	*c = *checked
	return nil
}

// ReceivePush takes notice that an inbound address of the connection was validated at now: one without a source becomes
// CONNECTED with source PUSH. One that has a source keeps it: pushed messages come beside those that are polled. It reports
// whether the connection changed.
func (c *Connection) ReceivePush(now time.Time) (bool, error) {
	if c.s.Source != "" || c.s.Status == ConnectionDisabled {
		return false, nil
	}
	return true, c.Connect(SourceBinding{Source: SourcePush, DisplayName: c.s.Type.Title() + " (mail to KeyBuzz)"}, now)
}

// Polled reports whether the connection has a source that is to be polled now.
func (s ConnectionState) Polled() bool {
	return s.Receiving() && s.Source != "" && s.Source != SourcePush
}

// Reads reports whether nothing is known to keep the connection's messages from coming. That the seller has withdrawn an
// authorization does not: buyers' mails come by another way, and must be answered within a day.
func (s ConnectionState) Receiving() bool {
	return s.Status == ConnectionConnected || s.Status == ConnectionError && s.Withdrawn && !s.SourceRefused
}

// live is the status of a connection that is neither PENDING nor DISABLED.
func (s ConnectionState) live() ConnectionStatus {
	if s.SourceRefused || s.Withdrawn {
		return ConnectionError
	}
	return ConnectionConnected
}

// Resume has a connection in ERROR polled again from the source that it has: what refused us is taken to be mended. A
// CONNECTED one stays as it is. Any other is ErrConflict: only its seller can connect it, and only its seller can give an
// authorization back that is withdrawn.
func (c *Connection) Resume(now time.Time) error {
	switch c.s.Status {
	case ConnectionConnected:
		return nil
	case ConnectionPending:
		return Errorf(ErrConflict, "the connection is PENDING: it has no source of messages yet, and only its seller can give it one")
	case ConnectionDisabled:
		return Errorf(ErrConflict, "the connection is DISABLED: its seller has disconnected, and only its seller can connect it again")
	}
	if c.s.Withdrawn && !c.s.SourceRefused {
		return Errorf(ErrConflict, "the seller has withdrawn the authorization: only the seller can give it again")
	}
	next := c.s
	next.SourceRefused, next.LastError, next.UpdatedAt = false, "", now.UTC()
	next.Status = next.live()
	checked, err := RestoreConnection(next)
	if err != nil {
		return Wrap(ErrConflict, err, "the connection cannot be polled as it is: its seller must connect it again")
	}
	*c = *checked
	return nil
}

// Reads reports whether the connection reads the very source that then describes. A poll that began with then must not act
// on what has become of the connection since.
func (c *Connection) SameSource(then ConnectionState) bool {
	return c.s.Receiving() && c.s.Source == then.Source && c.s.VaultPath == then.VaultPath
}

// RecordSync notes that a poll ended well at now.
func (c *Connection) RecordSync(now time.Time) {
	c.s.LastSyncAt, c.s.LastError, c.s.UpdatedAt = now.UTC(), "", now.UTC()
}

// RecordFailure notes why a poll failed. A temporary fault leaves the status alone; when the source refused
// (ErrRejected) the connection goes to ERROR and is not polled until a person has acted. Only a connection that reads its
// source changes status.
func (c *Connection) RecordFailure(cause error, now time.Time) {
	c.s.LastError, c.s.UpdatedAt = Message(cause), now.UTC()
	if KindOf(cause) == ErrRejected && c.s.Receiving() {
		c.s.Status, c.s.SourceRefused = ConnectionError, true
	}
}

// RecomputeStatus takes notice of all the authorizations that the connection has, after one of them has changed. A PENDING connection
// becomes CONNECTED with its first one. A withdrawn one puts it in ERROR until it is given again. A DISABLED one keeps its
// status. Weighing the same again changes nothing. It reports whether the status changed.
func (c *Connection) RecomputeStatus(all []AuthorizationState, now time.Time) (changed bool) {
	next := c.s
	next.Authorized, next.Withdrawn = false, false
	for _, a := range all {
		next.Authorized = next.Authorized || a.Status == AuthorizationGranted
		next.Withdrawn = next.Withdrawn || a.Status == AuthorizationWithdrawn
		if a.Status == AuthorizationGranted {
			next.Region = firstOf(next.Region, a.Region)
		}
	}
	switch {
	case next.Status == ConnectionDisabled, next.Status == ConnectionPending && !next.Authorized:
	case next.Source == "" && !next.Authorized && !next.Withdrawn:
		next.Status = ConnectionPending
	default:
		next.Status = next.live()
	}
	if next == c.s {
		return false
	}
	changed, next.UpdatedAt = next.Status != c.s.Status, now.UTC()
	if next.DisplayName == "" && next.Authorized {
		next.DisplayName = next.Type.Title()
	}
	c.s = next
	return changed
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
