package domain

import "time"

// SyncStateData is the data of a SyncState.
type SyncStateData struct {
	Connection    ConnectionID
	Tenant        TenantID
	Type          MarketplaceType
	Cursor        string // the source's own mark of how far it was read; "" before the first page
	LastPolledAt  time.Time
	LastSuccessAt time.Time
	LastArrivalAt time.Time // when a message of it was last stored; zero before the first
	LastError     string    // fit for users; "" after a success
	Failures      int       // polls that failed for now since the last good one
}

// SyncState is how far a connection has been read. Its cursor moves only in the transaction that stored what it passed.
type SyncState struct{ s SyncStateData }

// NewSyncState returns the state of a connection that was never read.
func NewSyncState(c ConnectionState) *SyncState {
	return &SyncState{SyncStateData{Connection: c.ID, Tenant: c.Tenant, Type: c.Type}}
}

// RestoreSyncState loads a sync state. ErrInvalid without a connection and a tenant.
func RestoreSyncState(s SyncStateData) (*SyncState, error) {
	if s.Connection == (ConnectionID{}) || s.Tenant.IsZero() {
		return nil, Errorf(ErrInvalid, "a sync state needs a connection and a tenant")
	}
	return &SyncState{s}, nil
}

// State returns the data of the sync state.
func (s *SyncState) State() SyncStateData { return s.s }

// Advance moves the cursor from one position to the next. It is ErrConflict when the cursor is not at from: another
// poller has moved it, and what was read must be thrown away. A next of "" keeps the cursor.
func (s *SyncState) Advance(from, next string, now time.Time) error {
	if s.s.Cursor != from {
		return Errorf(ErrConflict, "another poll moved the cursor")
	}
	if next != "" {
		s.s.Cursor = next
	}
	s.s.LastPolledAt = now.UTC()
	return nil
}

// RecordArrival notes that messages were stored at now: the source works, so the failures before no longer count.
func (s *SyncState) RecordArrival(now time.Time) {
	s.s.LastArrivalAt, s.s.LastError, s.s.Failures = now.UTC(), "", 0
}

// RecordSuccess notes that a poll read the source to its end at now.
func (s *SyncState) RecordSuccess(now time.Time) {
	s.s.LastPolledAt, s.s.LastSuccessAt, s.s.LastError, s.s.Failures = now.UTC(), now.UTC(), "", 0
}

// RecordFailure notes why a poll failed. The cursor stays.
func (s *SyncState) RecordFailure(cause error, now time.Time) {
	s.s.LastPolledAt, s.s.LastError = now.UTC(), Message(cause)
	s.s.Failures++
}
