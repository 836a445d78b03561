package riverjobs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

const pagesPath = "/ops/river"

// pages opens River's pages on the stage's queue.
func (s *stage) pages(t *testing.T) func(method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	h, err := s.queue.Pages(pagesPath, s.log)
	must(t, err)
	return func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, pagesPath+path, strings.NewReader(body))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
}

func TestRiversPagesShowTheQueue(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newStage(t, nothing)
	c := s.connect(t, "t1")
	ask := s.pages(t)
	page := ask(http.MethodGet, "/", "")
	is.Equal(page.Code, http.StatusOK)
	is.True(strings.Contains(page.Body.String(), `src="`+pagesPath+`/assets/`)) // what it needs is below its path
	for _, path := range []string{
		"/api/jobs?state=available", "/api/states", "/api/queues", "/api/features", "/api/health-checks/complete",
		"/api/autocomplete?facet=job_kind&match=po", "/api/autocomplete?facet=queue_name",
	} {
		if a := ask(http.MethodGet, path, ""); a.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
	var list struct {
		Data []struct {
			ID   json.RawMessage
			Kind string
			Args string
		}
	}
	is.NoErr(json.Unmarshal(ask(http.MethodGet, "/api/jobs?state=available", "").Body.Bytes(), &list))
	is.Equal(len(list.Data), 1)
	is.Equal(list.Data[0].Kind, "poll")
	var args map[string]string
	is.NoErr(json.Unmarshal([]byte(list.Data[0].Args), &args))
	is.Equal(args, map[string]string{"tenant": "t1", "connection": c.ID.String()}) // ids and nothing of anybody's
	var states map[string]struct{ Count int }
	is.NoErr(json.Unmarshal(ask(http.MethodGet, "/api/states", "").Body.Bytes(), &states))
	is.Equal(states["available"].Count, 1)
}

// What operators take away by hand comes back by the next upkeep, or at once when they resume the connection.
func TestJobsTakenAwayOnRiversPagesComeBack(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"cancel", "delete"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			s := newStage(t, nothing, func(d *app.Deps) { d.Operations = d.Repository.(ports.Operations) })
			ask := s.pages(t)
			c := s.connect(t, "t1")
			mend := map[string]func() error{
				"upkeep": func() error { _, err := s.Reschedule.Run(t.Context()); return err },
				"resume": func() error {
					_, err := s.Resume.Run(t.Context(), app.ResumeCommand{Connection: c.ID, By: "op-7"})
					return err
				},
			}
			for name, mend := range mend {
				job := s.job(t, c)
				is.Equal(job.State, ports.JobDue)
				is.Equal(ask(http.MethodPost, "/api/jobs/"+action, fmt.Sprintf(`{"ids":["%d"]}`, job.ID)).Code, http.StatusOK)
				polled, err := s.queue.Polled(t.Context(), []domain.ConnectionID{c.ID})
				is.NoErr(err)
				is.True(!polled[c.ID])
				is.NoErr(mend())
				polled, err = s.queue.Polled(t.Context(), []domain.ConnectionID{c.ID})
				is.NoErr(err)
				if !polled[c.ID] {
					t.Fatal("not mended by", name)
				}
			}
		})
	}
}

// A connection whose job was discarded is in ERROR; resumed, it has a new job that is worked.
func TestAnOperatorRevivesAConnectionWhoseJobWasDiscarded(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	polls := newCounted(nothing)
	s := newStage(t, polls, func(d *app.Deps) { d.Operations = d.Repository.(ports.Operations) })
	c := s.connect(t, "t1")
	_, err := s.db.ExecContext(t.Context(), `UPDATE river.river_job SET state = 'discarded', finalized_at = now()`)
	is.NoErr(err)
	is.NoErr(s.PollTurn.GiveUp(t.Context(), c.Tenant, c.ID))
	is.Equal(s.status(t, "t1").Status, domain.ConnectionError)
	_, err = s.Resume.Run(t.Context(), app.ResumeCommand{Connection: domain.NewID[domain.ConnectionID](), By: "op-7"})
	is.True(errors.Is(err, domain.ErrNotFound))
	_, err = s.Resume.Run(t.Context(), app.ResumeCommand{Connection: c.ID, By: "op-7"})
	is.NoErr(err)
	s.work(t)
	eventually(t, "polled", func() bool { return polls.count("t1") > 0 })
	is.Equal(s.status(t, "t1").Status, domain.ConnectionConnected)
}
