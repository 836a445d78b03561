package porttest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// SurveyFixture is a Repository and the FleetStats of ports.Operations over the same rows, empty.
type SurveyFixture struct {
	Repository ports.Repository
	Survey     func(context.Context) (ports.FleetStats, error)
}

// TestSurvey checks the FleetStats of a ports.Operations against its contract. open is called once per subtest.
func TestSurvey(t *testing.T, open func(t *testing.T) SurveyFixture) {
	surveyRules.check(t, open)
}

// surveyRules are about FleetStats of ports.Operations.
var surveyRules = rules[SurveyFixture]{
	"of nothing all is zero": func(t *testing.T, f SurveyFixture) {
		is, s := is.New(t), f.look(t)
		is.Equal(len(s.Connections), 0)
		is.Equal(s.WorstPollLag, time.Duration(0))
		is.Equal(s.P99PollLag, time.Duration(0))
		is.True(s.LastMessage.IsZero())
		is.Equal(s.Rejected, 0)
		is.Equal(s.Expiring, map[int]int{60: 0, 30: 0, 7: 0, 0: 0})
		is.Equal(s.Withdrawn, 0)
	},
	"connections of all tenants are counted by marketplace and status": func(t *testing.T, f SurveyFixture) {
		is := is.New(t)
		for _, name := range []string{"t1", "t2"} {
			f.rows().connect(t, tenant(t, name), domain.Amazon, connected)
			f.rows().connect(t, tenant(t, name), domain.Fnac)
		}
		f.rows().connect(t, tenant(t, "t3"), domain.Amazon, connected, inStatus(domain.ConnectionError))
		f.rows().connect(t, tenant(t, "t4"), domain.Amazon, connected, inStatus(domain.ConnectionDisabled))
		is.Equal(f.look(t).Connections, map[ports.ConnectionClass]int{
			{Type: domain.Amazon, Status: domain.ConnectionConnected}: 2,
			{Type: domain.Fnac, Status: domain.ConnectionPending}:     2,
			{Type: domain.Amazon, Status: domain.ConnectionError}:     1,
			{Type: domain.Amazon, Status: domain.ConnectionDisabled}:  1,
		})
	},
	"silence is counted from the last good poll, or from the making of a connection that had none": func(t *testing.T, f SurveyFixture) {
		is := is.New(t)
		old := f.rows().connect(t, tenant(t, "t1"), domain.Amazon, connected, madeAgo(48*time.Hour))
		is.True(silentFor(f.look(t).WorstPollLag, 48*time.Hour))
		f.polled(t, old, time.Now().Add(-3*time.Hour))
		is.True(silentFor(f.look(t).WorstPollLag, 3*time.Hour))
		f.rows().connect(t, tenant(t, "t2"), domain.Amazon, connected, madeAgo(5*time.Hour))
		is.True(silentFor(f.look(t).WorstPollLag, 5*time.Hour))
	},
	"only CONNECTED connections are silent": func(t *testing.T, f SurveyFixture) {
		is := is.New(t)
		for _, status := range []domain.ConnectionStatus{domain.ConnectionPending, domain.ConnectionError, domain.ConnectionDisabled} {
			f.rows().connect(t, tenant(t, string(status)), domain.Amazon, connected, inStatus(status), madeAgo(48*time.Hour))
		}
		is.Equal(f.look(t).WorstPollLag, time.Duration(0))
		f.rows().connect(t, tenant(t, "t1"), domain.Amazon, connected, madeAgo(time.Hour))
		is.True(silentFor(f.look(t).WorstPollLag, time.Hour))
		is.True(silentFor(f.look(t).P99PollLag, time.Hour))
	},
	"a connection that messages are pushed to is not silent: nobody polls it": func(t *testing.T, f SurveyFixture) {
		is := is.New(t)
		pushed := func(s *domain.ConnectionState) { s.Source = domain.SourcePush }
		f.rows().connect(t, tenant(t, "t1"), domain.Amazon, connected, pushed, madeAgo(48*time.Hour))
		s := f.look(t)
		is.Equal(s.WorstPollLag, time.Duration(0))
		is.Equal(s.P99PollLag, time.Duration(0))
		is.Equal(s.Connections[ports.ConnectionClass{Type: domain.Amazon, Status: domain.ConnectionConnected}], 1)
	},
	"silent is what is polled, whatever the flags": func(t *testing.T, f SurveyFixture) {
		is := is.New(t)
		silent := 0
		for _, s := range f.rows().everyStanding(t) {
			if s.Polled() {
				silent++
				f.polled(t, s, time.Now().Add(-time.Duration(silent)*time.Hour))
			} else {
				f.polled(t, s, time.Now().Add(-1000*time.Hour))
			}
		}
		is.True(silentFor(f.look(t).WorstPollLag, time.Duration(silent)*time.Hour))
	},
	"a good poll that a clock in advance noted is no silence below zero": func(t *testing.T, f SurveyFixture) {
		is := is.New(t)
		f.polled(t, f.rows().connect(t, tenant(t, "t1"), domain.Amazon, connected), time.Now().Add(time.Hour))
		is.Equal(f.look(t).WorstPollLag, time.Duration(0))
	},
	"the longest but for one in a hundred leaves out one of a hundred and two of two hundred": func(t *testing.T, f SurveyFixture) {
		is := is.New(t)
		for n := 1; n <= 201; n++ {
			f.rows().connect(t, tenant(t, fmt.Sprint("t", n)), domain.Amazon, connected, madeAgo(time.Duration(n)*time.Hour))
			want := map[int]int{1: 1, 99: 99, 100: 99, 101: 100, 199: 198, 200: 198, 201: 199}[n]
			if want == 0 {
				continue
			}
			s := f.look(t)
			is.True(silentFor(s.WorstPollLag, time.Duration(n)*time.Hour))
			is.True(silentFor(s.P99PollLag, time.Duration(want)*time.Hour))
		}
	},
	"the last message is the newest of any connection, also of one that is polled no more": func(t *testing.T, f SurveyFixture) {
		is := is.New(t)
		f.arrived(t, f.rows().connect(t, tenant(t, "t1"), domain.Amazon, connected), minute(1))
		f.arrived(t, f.rows().connect(t, tenant(t, "t2"), domain.Amazon, connected, inStatus(domain.ConnectionError)), minute(7))
		f.arrived(t, f.rows().connect(t, tenant(t, "t3"), domain.Amazon, connected), minute(3))
		is.Equal(f.look(t).LastMessage, minute(7))
	},
	"rejected messages of all tenants are counted until they are replayed": func(t *testing.T, f SurveyFixture) {
		is := is.New(t)
		var last domain.PageWrite
		for _, name := range []string{"t1", "t2"} {
			c := f.rows().connect(t, tenant(t, name), domain.Amazon, connected)
			last = f.rows().ingest(t, c, inbound("good", "", "", start), domain.InboundMessage{Source: domain.Source{Bytes: []byte("no id")}},
				domain.InboundMessage{Source: domain.Source{Bytes: []byte("none either")}})
			is.Equal(len(last.Rejected), 2)
		}
		is.Equal(f.look(t).Rejected, 4)
		f.rows().update(t, tenant(t, "t2"), func(ctx context.Context, tx ports.Tx) error {
			return tx.DeadLetters.MarkReplayed(ctx, last.Rejected[0].ID, later)
		})
		is.Equal(f.look(t).Rejected, 3)
	},
	"GRANTED authorizations are counted by how soon they end, WITHDRAWN ones for themselves": func(t *testing.T, f SurveyFixture) {
		is := is.New(t)
		for i, days := range []float64{-400, -0.01, 0.01, 6.99, 7.01, 29.99, 30.01, 59.99, 60.01, 365} {
			for _, status := range []domain.AuthorizationStatus{domain.AuthorizationGranted, domain.AuthorizationEnded, domain.AuthorizationWithdrawn} {
				c := f.rows().connect(t, tenant(t, fmt.Sprint(status, i)), domain.Amazon)
				f.rows().authorized(t, c, "EU", func(s *domain.AuthorizationState) {
					s.Status, s.ExpiresAt = status, time.Now().Add(time.Duration(days*float64(24*time.Hour)))
					s.GrantedAt = s.ExpiresAt.Add(-domain.AuthorizationLife)
				})
			}
		}
		s := f.look(t)
		is.Equal(s.Expiring, map[int]int{60: 8, 30: 6, 7: 4, 0: 2})
		is.Equal(s.Withdrawn, 10)
	},
	"a cancelled context passes as it is": func(t *testing.T, f SurveyFixture) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := f.Survey(ctx)
		is.New(t).True(errors.Is(err, context.Canceled))
	},
}

// rows is the fixture for what fills the repository.
func (f SurveyFixture) rows() RepositoryFixture { return RepositoryFixture{Repository: f.Repository} }

func (f SurveyFixture) look(t *testing.T) ports.FleetStats {
	t.Helper()
	s, err := f.Survey(t.Context())
	is.New(t).NoErr(err)
	return s
}

// polled notes a good poll of c at a time.
func (f SurveyFixture) polled(t *testing.T, c domain.ConnectionState, at time.Time) {
	t.Helper()
	f.record(t, c, func(conn *domain.Connection, s *domain.SyncState) {
		conn.RecordSync(at)
		s.RecordSuccess(at)
	})
}

// arrived notes that a message of c was stored at a time.
func (f SurveyFixture) arrived(t *testing.T, c domain.ConnectionState, at time.Time) {
	t.Helper()
	f.record(t, c, func(_ *domain.Connection, s *domain.SyncState) { s.RecordArrival(at) })
}

func (f SurveyFixture) record(t *testing.T, c domain.ConnectionState, change func(*domain.Connection, *domain.SyncState)) {
	t.Helper()
	f.rows().update(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		conn, s, err := tx.Polls.Lock(ctx, c.ID)
		if err != nil {
			return err
		}
		change(conn, s)
		return tx.Polls.Save(ctx, conn, s)
	})
}

func inStatus(status domain.ConnectionStatus) func(*domain.ConnectionState) {
	return func(s *domain.ConnectionState) { s.Status = status }
}

func madeAgo(d time.Duration) func(*domain.ConnectionState) {
	return func(s *domain.ConnectionState) { s.CreatedAt = time.Now().Add(-d) }
}

// silentFor allows for the time that the test itself takes.
func silentFor(got, want time.Duration) bool {
	return got > want-time.Second && got < want+30*time.Minute
}
