package domain_test

import (
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestConnectionLife(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, err := domain.RestoreConnection(connection(t))
	is.NoErr(err)
	is.Equal(c.State().Status, domain.ConnectionPending)
	path := domain.NewSecretPath(c.State()).String()

	is.NoErr(c.Connect(domain.SourceBinding{Source: domain.SourceIMAP, VaultPath: path}, noon))
	is.Equal(c.State().Status, domain.ConnectionConnected)

	c.RecordFailure(domain.Errorf(domain.ErrUnavailable, "no answer"), noon)
	is.Equal(c.State().Status, domain.ConnectionConnected) // a temporary fault changes no status
	is.Equal(c.State().LastError, "no answer")

	c.RecordSync(noon)
	is.Equal(c.State().LastError, "") // mended
	is.Equal(c.State().LastSyncAt, noon)

	c.RecordFailure(domain.Errorf(domain.ErrRejected, "wrong password"), noon)
	is.Equal(c.State().Status, domain.ConnectionError)

	is.NoErr(c.Connect(domain.SourceBinding{Source: domain.SourceIMAP, VaultPath: path}, noon)) // the seller mended it
	is.Equal(c.State().LastError, "")

	c.Disable(noon.Add(time.Hour))
	is.Equal(c.State().Status, domain.ConnectionDisabled)
	is.Equal(c.State().VaultPath, path) // until they are deleted
	c.ForgetSecrets("elsewhere", noon)
	is.Equal(c.State().VaultPath, path)
	c.ForgetSecrets(path, noon)
	is.Equal(c.State().VaultPath, "")
	is.True(errors.Is(c.Connect(domain.SourceBinding{Source: domain.SourceMock}, noon), domain.ErrConflict))
	c.RecordFailure(domain.Errorf(domain.ErrRejected, "late"), noon)
	is.Equal(c.State().Status, domain.ConnectionDisabled) // a late poll does not revive it

	id := c.State().ID
	c.Reopen(noon)
	is.Equal(c.State().Status, domain.ConnectionPending)
	is.Equal(c.State().ID, id) // the same connection, so that what was read stays known
}

func TestConnectionRefuses(t *testing.T) {
	t.Parallel()
	sound := connection(t)
	tests := map[string]func(*domain.ConnectionState){
		"no id":                    func(s *domain.ConnectionState) { s.ID = domain.ConnectionID{} },
		"no tenant":                func(s *domain.ConnectionState) { s.Tenant = domain.TenantID{} },
		"no marketplace":           func(s *domain.ConnectionState) { s.Type = "" },
		"unknown status":           func(s *domain.ConnectionState) { s.Status = "BROKEN" },
		"connected to nothing":     func(s *domain.ConnectionState) { s.Status = domain.ConnectionConnected },
		"a mailbox without secret": func(s *domain.ConnectionState) { s.Status, s.Source = domain.ConnectionConnected, domain.SourceIMAP },
		"a mock with a secret": func(s *domain.ConnectionState) {
			s.Status, s.Source, s.VaultPath = domain.ConnectionConnected, domain.SourceMock, "secret/x"
		},
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sound
			spoil(&s)
			_, err := domain.RestoreConnection(s)
			is.New(t).True(errors.Is(err, domain.ErrInvalid))
		})
	}
}

func TestSyncStateMovesOnlyFromWhereItIs(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := domain.NewSyncState(connection(t))
	is.NoErr(s.Advance("", "c1", noon))
	is.True(errors.Is(s.Advance("", "c1", noon), domain.ErrConflict)) // another poller was here
	is.Equal(s.State().Cursor, "c1")
	is.NoErr(s.Advance("c1", "", noon))
	is.Equal(s.State().Cursor, "c1") // a last page without a next cursor keeps the cursor
	s.RecordFailure(domain.Errorf(domain.ErrUnavailable, "no answer"), noon)
	is.Equal(s.State().Cursor, "c1") // as does a failure
	is.Equal(s.State().LastError, "no answer")
	s.RecordSuccess(noon)
	is.Equal(s.State().LastError, "")
}

func TestOnlyAConnectionInErrorIsResumed(t *testing.T) {
	t.Parallel()
	path := "secret/keybuzz/tenants/t1/amazon/x"
	for name, c := range map[string]struct {
		status domain.ConnectionStatus
		change func(*domain.ConnectionState)
		want   domain.ConnectionStatus // "" if it is refused
	}{
		"in error":                {domain.ConnectionError, func(*domain.ConnectionState) {}, domain.ConnectionConnected},
		"connected":               {domain.ConnectionConnected, func(*domain.ConnectionState) {}, domain.ConnectionConnected},
		"pending":                 {domain.ConnectionPending, func(s *domain.ConnectionState) { s.Source = "" }, ""},
		"disabled":                {domain.ConnectionDisabled, func(*domain.ConnectionState) {}, ""},
		"in error without source": {domain.ConnectionError, func(s *domain.ConnectionState) { s.Source = "" }, ""},
		"in error without secret": {domain.ConnectionError, func(s *domain.ConnectionState) { s.VaultPath = "" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			s := connection(t)
			s.Status, s.Source, s.VaultPath, s.LastError = c.status, domain.SourceIMAP, path, "refused"
			c.change(&s)
			conn, err := domain.RestoreConnection(s)
			is.NoErr(err)
			err = conn.Resume(noon.Add(time.Hour))
			if c.want == "" {
				is.True(errors.Is(err, domain.ErrConflict))
				is.Equal(conn.State(), s) // unchanged
				return
			}
			is.NoErr(err)
			is.Equal(conn.State().Status, c.want)
			is.Equal(conn.State().VaultPath, path)
			is.Equal(conn.State().LastError == "", c.status == domain.ConnectionError)
		})
	}
}
