package ports

import "context"

// ObjectStore keeps sealed raws outside the database. Names hold letters, digits, '-', '_', '.' and '/', and none is the
// folder of another ("a" beside "a/b"). Safe for concurrent use. domain.ErrUnavailable when it cannot be reached,
// domain.ErrRejected when it does not let us in; no error holds a credential.
type ObjectStore interface {
	// Put stores content under a name and replaces what was there. When it returns nil the store has taken all of it.
	Put(ctx context.Context, name string, content []byte) error

	// Get returns what is stored under a name. domain.ErrNotFound if there is nothing.
	Get(ctx context.Context, name string) ([]byte, error)

	// Delete removes a name. What is not there is no error.
	Delete(ctx context.Context, name string) error
}
