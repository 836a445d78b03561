package httpapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

const (
	opsJobs        = "/api/v1/ops/jobs"
	opsConnections = "/api/v1/ops/connections"
	opsRejected    = "/api/v1/ops/rejected"
	session        = "/api/v1/ops/session"
)

// claiming sends a good token with other claims.
func claiming(t testing.TB, change jwt.MapClaims) func(*http.Request) {
	t.Helper()
	return bearer(sign(t, jwt.SigningMethodHS256, []byte(secret.Reveal()), claims(change)))
}

// operator is one whose tenant has nothing to do with what is looked at.
func operator(t testing.TB) func(*http.Request) {
	return claiming(t, jwt.MapClaims{"sub": "op-7", "tenantId": "keybuzz", "role": "super_admin"})
}

// opsRoutes are the routes for operators.
func opsRoutes(t *testing.T, s *stage) (all []operation) {
	t.Helper()
	for _, o := range operations(t, s) {
		if strings.HasPrefix(o.Path, "/api/v1/ops/") {
			all = append(all, o)
		}
	}
	is.New(t).Equal(len(all), 6)
	return all
}

func TestOnlyOperatorsGetToTheirRoutes(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for name, who := range map[string]struct {
		claims jwt.MapClaims
		want   int
	}{
		"a tenant's agent":         {jwt.MapClaims{}, http.StatusForbidden},
		"a tenant's admin":         {jwt.MapClaims{"role": "admin"}, http.StatusForbidden},
		"no role":                  {jwt.MapClaims{"role": nil}, http.StatusForbidden},
		"another spelling":         {jwt.MapClaims{"role": "SUPER_ADMIN"}, http.StatusForbidden},
		"the role in a list":       {jwt.MapClaims{"role": []string{"super_admin"}}, http.StatusForbidden},
		"the role under a name":    {jwt.MapClaims{"role": "agent", "Role": "super_admin", "roles": "super_admin"}, http.StatusForbidden},
		"an operator without name": {jwt.MapClaims{"role": "super_admin", "sub": nil}, http.StatusForbidden},
		"a name no log can hold":   {jwt.MapClaims{"role": "super_admin", "sub": "a\x00b"}, http.StatusForbidden},
		"a name without end":       {jwt.MapClaims{"role": "super_admin", "sub": strings.Repeat("x", 256)}, http.StatusForbidden},
		"no tenant":                {jwt.MapClaims{"role": "super_admin", "tenantId": nil}, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			for _, o := range opsRoutes(t, s) {
				a := s.call(t, o.Method, concrete.Replace(o.Path), "", claiming(t, who.claims))
				is.Equal(a.Code, who.want)
				is.Equal(a.Header().Get("Set-Cookie"), "")
			}
		})
	}
}

// fill stores a connection of a tenant in a status, with its job and a rejected message, and returns it.
func (s *stage) fill(t *testing.T, name string, change func(*domain.ConnectionState)) domain.ConnectionState {
	t.Helper()
	is := is.New(t)
	c, err := domain.NewConnection(tenant(t, name), domain.Amazon, noon)
	is.NoErr(err)
	state := c.State()
	state.Status, state.Source, state.DisplayName = domain.ConnectionConnected, domain.SourceMock, "Shop "+name
	change(&state)
	c, err = domain.RestoreConnection(state)
	is.NoErr(err)
	bad := domain.Screen(state, []domain.InboundMessage{{Body: "Buyer's words", ReceivedAt: noon, Source: domain.Source{Bytes: []byte("raw of " + name)}}})
	is.NoErr(s.store.Update(t.Context(), state.Tenant, func(ctx context.Context, tx ports.Tx) error {
		is.NoErr(tx.Connections.Insert(ctx, c))
		is.NoErr(tx.Jobs.Schedule(ctx, ports.JobPoll, state.ID, time.Time{}))
		return tx.Pages.Store(ctx, domain.PageWrite{Rejected: bad.Rejected})
	}))
	return state
}

func connectionOK(*domain.ConnectionState) {}

func connectionFailed(c *domain.ConnectionState) {
	c.Status, c.LastError = domain.ConnectionError, "the mailbox does not accept the password"
}

func TestAnOperatorSeesAllTenants(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	a, b := s.fill(t, "t1", connectionOK), s.fill(t, "t2", connectionFailed)

	jobs := s.get(t, opsJobs, operator(t)).data()
	is.Equal(len(jobs), 2)
	is.Equal(jobs[0]["tenantId"], "t2") // the newest first
	is.Equal(jobs[0]["connectionId"], b.ID.String())
	is.Equal(jobs[0]["state"], "DUE")
	is.Equal(jobs[0]["worker"], nil)
	is.Equal(len(s.get(t, opsJobs+"?state=RUNNING", operator(t)).data()), 0)
	is.Equal(s.get(t, opsJobs+"?connection="+a.ID.String(), operator(t)).data()[0]["tenantId"], "t1")

	is.Equal(len(s.get(t, opsConnections, operator(t)).data()), 2)
	failed := s.get(t, opsConnections+"?status=ERROR", operator(t))
	is.Equal(len(failed.data()), 1)
	is.Equal(failed.data()[0]["id"], b.ID.String())
	is.Equal(failed.data()[0]["tenantId"], "t2")
	is.Equal(failed.data()[0]["lastError"], "the mailbox does not accept the password")
	is.Equal(failed.data()[0]["withdrawn"], false)

	rejected := s.get(t, opsRejected, operator(t))
	is.Equal(len(rejected.data()), 2)
	is.Equal(rejected.data()[1]["tenantId"], "t1")
	is.Equal(rejected.data()[1]["connectionId"], a.ID.String())
	is.Equal(rejected.data()[1]["reason"], "missing_id")
	is.Equal(rejected.data()[1]["bytes"], float64(len("raw of t1")))
	is.True(!strings.Contains(rejected.Body.String(), "words") && !strings.Contains(rejected.Body.String(), "raw of"))

	is.Equal(len(s.get(t, "/api/v1/tickets", operator(t)).data()), 0) // and elsewhere what everybody of the tenant sees

	s.fill(t, "t3", func(c *domain.ConnectionState) { c.Status, c.Withdrawn = domain.ConnectionError, true })
	failed = s.get(t, opsConnections+"?status=ERROR", operator(t))
	is.Equal(failed.data()[0]["withdrawn"], true) // the newest first
	is.Equal(failed.data()[1]["withdrawn"], false)
}

func TestOperatorsListsComeInPages(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, name := range []string{"t1", "t2", "t3", "t4", "t5"} {
		s.fill(t, name, connectionFailed)
	}
	for _, path := range []string{opsJobs + "?state=DUE", opsConnections + "?status=ERROR", opsRejected + "?replayed=true"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			var seen []string
			for next := ""; ; {
				a := s.get(t, path+"&limit=2&cursor="+next, operator(t))
				for _, row := range a.data() {
					seen = append(seen, row["tenantId"].(string))
				}
				more, ok := a.json()["nextCursor"].(string)
				if !ok {
					break
				}
				next = more
			}
			is.Equal(seen, []string{"t5", "t4", "t3", "t2", "t1"})
		})
	}
}

func TestOperatorsParametersThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.fill(t, "t1", connectionOK)
	s.fill(t, "t2", connectionOK)
	cursor := s.get(t, opsConnections+"?limit=1", operator(t)).json()["nextCursor"].(string)
	for path, field := range map[string]string{
		opsJobs + "?state=due":                    "state",
		opsJobs + "?connection=1":                 "connection",
		opsJobs + "?limit=201":                    "limit",
		opsJobs + "?cursor=0":                     "cursor",
		opsJobs + "?cursor=-1":                    "cursor",
		opsJobs + "?cursor=" + cursor:             "cursor",
		opsJobs + "?cursor=99999999999999999999":  "cursor",
		opsConnections + "?status=DISCONNECTED":   "status",
		opsConnections + "?limit=0":               "limit",
		opsConnections + "?cursor=12":             "cursor",
		opsRejected + "?replayed=perhaps":         "replayed",
		opsRejected + "?cursor=" + cursor:         "cursor", // of another list
		opsRejected + "?limit=1&limit=2":          "limit",
		opsConnections + "?status=ERROR&status=A": "status",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			a := s.get(t, path, operator(t))
			is.Equal(a.Code, http.StatusBadRequest)
			is.Equal(a.json()["errors"].([]any)[0].(map[string]any)["field"], field)
		})
	}
}

func TestAnOperatorResumesAConnection(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	c := s.fill(t, "t1", connectionFailed)
	path := opsConnections + "/" + c.ID.String() + "/resume"
	for range 2 { // the second time it is polled at once, no more
		a := s.post(t, path, operator(t))
		is.Equal(a.Code, http.StatusOK)
		is.Equal(a.json()["status"], "CONNECTED")
		is.Equal(a.json()["lastError"], nil)
	}
	is.Equal(len(s.get(t, opsJobs, operator(t)).data()), 1)
	trail := s.audit(t, "t1", c.ID.String())
	is.Equal(len(trail), 2)
	is.Equal(trail[0].Action, domain.AuditResumed)
	is.Equal(trail[0].ActorID, "op-7")
	is.Equal(trail[1].Cause, "was in ERROR: the mailbox does not accept the password")
	is.Equal(len(s.audit(t, "keybuzz", "")), 0) // the record is that of the connection's tenant

	is.Equal(s.post(t, opsConnections+"/"+uuid.NewString()+"/resume", operator(t)).Code, http.StatusNotFound)
	is.Equal(s.post(t, opsConnections+"/x/resume", operator(t)).Code, http.StatusNotFound)
	is.Equal(s.call(t, http.MethodPost, path, `{"force":true}`, operator(t)).Code, http.StatusBadRequest)
}

func TestOnlyTheSellerRevivesWhatIsNotConnected(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	for name, status := range map[string]domain.ConnectionStatus{"t1": domain.ConnectionPending, "t2": domain.ConnectionDisabled} {
		c := s.fill(t, name, func(c *domain.ConnectionState) { c.Status, c.Source = status, "" })
		a := s.post(t, opsConnections+"/"+c.ID.String()+"/resume", operator(t))
		is.Equal(a.Code, http.StatusConflict)
		is.True(strings.Contains(a.json()["detail"].(string), string(status)))
		is.Equal(len(s.audit(t, name, "")), 0) // nothing was done
	}
}

func TestAnOperatorTriesARejectedMessageAgain(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	s.fill(t, "t1", connectionOK)
	id := s.get(t, opsRejected, operator(t)).data()[0]["id"].(string)
	for _, outcome := range []string{"STORED", "DUPLICATE"} {
		a := s.post(t, opsRejected+"/"+id+"/replay", operator(t))
		is.Equal(a.Code, http.StatusOK)
		is.Equal(a.json()["outcome"], outcome)
		is.True(strings.HasPrefix(a.json()["detail"].(string), "status: rejected as missing_id → stored"))
	}
	is.Equal(len(s.get(t, "/api/v1/tickets", as(t, "t1")).data()), 1) // once
	is.Equal(len(s.get(t, opsRejected, operator(t)).data()), 0)
	is.True(s.get(t, opsRejected+"?replayed=true", operator(t)).data()[0]["replayedAt"] != nil)
	trail := s.audit(t, "t1", id)
	is.Equal(len(trail), 2)
	is.Equal(trail[0].Action, domain.AuditReplayed)
	is.Equal(trail[0].ActorID, "op-7")

	is.Equal(s.post(t, opsRejected+"/"+uuid.NewString()+"/replay", operator(t)).Code, http.StatusNotFound)
	is.Equal(s.post(t, opsRejected+"/x/replay", operator(t)).Code, http.StatusNotFound)
}

func TestWithoutQueueAndOperationsNothingIsShown(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newStage(t, func(u *setup) { u.operations, u.queue, u.river = nil, nil, nil })
	for _, o := range opsRoutes(t, s) {
		a := s.call(t, o.Method, concrete.Replace(o.Path), "", operator(t))
		is.Equal(a.Code, http.StatusForbidden)
		is.Equal(a.json()["detail"], "not available on this installation")
	}
}

func TestWhoOfTheOperatorsLookedAtWhatIsLogged(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	c := s.fill(t, "t1", connectionFailed)
	s.get(t, opsConnections+"?status=ERROR&limit=7", operator(t), header("X-Request-Id", "call-1"))
	s.post(t, opsConnections+"/"+c.ID.String()+"/resume", operator(t))
	s.get(t, opsJobs, claiming(t, jwt.MapClaims{"sub": "u1", "role": "admin"}))
	lines := s.log.lines(t, "operator request")
	is.Equal(len(lines), 3)
	delete(lines[0], "time")
	is.Equal(lines[0], map[string]any{
		"level": "INFO", "msg": "operator request", "operator": "op-7", "allowed": true, "method": "GET",
		"route": "/api/v1/ops/connections", "request_id": "call-1",
	})
	is.Equal(lines[1]["id"], c.ID.String())
	is.Equal(lines[1]["route"], "/api/v1/ops/connections/{id}/resume")
	is.Equal(lines[2]["level"], "WARN")
	is.Equal(lines[2]["operator"], "u1")
	is.Equal(lines[2]["allowed"], false)
	is.True(!strings.Contains(s.log.String(), "does not accept"))
}

// audit is what a tenant's audit has about a subject, the newest first.
func (s *stage) audit(t *testing.T, name, subject string) (trail []domain.AuditEntry) {
	t.Helper()
	is.New(t).NoErr(s.store.View(t.Context(), tenant(t, name), func(ctx context.Context, tx ports.Tx) (err error) {
		trail, err = tx.Audit.List(ctx, subject, ports.Position{}, 100)
		return err
	}))
	return trail
}

// What a seller's people do is recorded with their names too.
func TestWhoConnectedIsRecorded(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	agent := claiming(t, jwt.MapClaims{"sub": "agent-3"})
	s.call(t, http.MethodPut, mailbox, goodMailbox, agent)
	s.post(t, disconnect, agent)
	s.post(t, connect, agent)
	s.post(t, mock, agent)
	var actions []domain.AuditAction
	for _, e := range s.audit(t, "t1", "") {
		is.Equal(e.ActorID, "agent-3")
		is.Equal(e.Actor, domain.ActorAgent)
		actions = append(actions, e.Action)
	}
	is.Equal(actions, []domain.AuditAction{
		domain.AuditConnected, domain.AuditPending, domain.AuditDisconnected, domain.AuditConnected, domain.AuditPending,
	})
}
