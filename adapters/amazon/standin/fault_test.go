package standin_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	s := set(t)
	for name, c := range map[string]struct {
		fault        standin.Fault
		status       int
		kind, begins string
	}{
		"an error":      {standin.Fault{Status: 500}, 500, "application/json", `{"errors":[{"code":"InternalFailure"`},
		"unavailable":   {standin.Fault{Status: 503}, 503, "application/json", `{"errors":[{"code":"ServiceUnavailable"`},
		"throttled":     {standin.Fault{Status: 429}, 429, "application/json", `{"errors":[{"code":"QuotaExceeded"`},
		"a page":        {standin.Fault{Status: 502, Body: standin.BodyHTML}, 502, "text/html", "<html>"},
		"nothing":       {standin.Fault{Status: 504, Body: standin.BodyEmpty}, 504, "", ""},
		"page with 200": {standin.Fault{Status: 200, Body: standin.BodyHTML}, 200, "text/html", "<html>"},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			s.clock.pass(time.Hour) // of the bucket
			token := s.access(demo, "EU")
			mend := s.Break(c.fault)
			a := s.get(token, participations)
			is.Equal(a.status, c.status)
			is.Equal(a.header.Get("Content-Type"), c.kind)
			is.True(strings.HasPrefix(a.text, c.begins))
			is.Equal(a.header.Get("x-amzn-RateLimit-Limit"), "")
			mend()
			mend()
			is.Equal(s.get(token, participations).status, http.StatusOK)
			is.Equal(s.Refused("", ""), 0) // it was not the bucket
		})
	}
}

func TestFaultsOfSomeCalls(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t, func(o *standin.Options) { o.More = standin.Crowd(1, start) })
	token, other := s.access(demo, "EU"), s.access(standin.CrowdSeller(0), "EU")
	statuses := func(token string, n int) (all []int) {
		for range n {
			all = append(all, s.get(token, orders+"/"+frenchOrder).status)
		}
		return all
	}
	s.Break(standin.Fault{Status: 429, Every: 2, Seller: demo})
	is.Equal(statuses(token, 4), []int{200, 429, 200, 429})
	is.Equal(statuses(other, 2), []int{404, 404}) // another seller is not met
	s.Mend()
	s.Break(standin.Fault{Status: 503, Times: 2, Operation: "getOrder"})
	is.Equal(s.get(token, participations).status, 200) // another operation neither
	is.Equal(statuses(token, 3), []int{503, 503, 200})
	s.Break(standin.Fault{Status: 500, Times: 1})
	s.Break(standin.Fault{Status: 502, Times: 1})
	is.Equal(statuses(token, 3), []int{500, 502, 200}) // one after the other
	is.Equal(s.Calls("getOrder", demo), 10)            // those that failed are calls as well
}

func TestLoginIsDown(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	token := s.access(demo, "EU")
	mend := s.Break(standin.Fault{Operation: standin.OperationToken, Status: 503})
	a := s.login("grant_type", "refresh_token", "refresh_token", s.RefreshToken(demo, "EU"))
	is.Equal(a.status, 503)
	is.Equal(a.at(t, "error"), "temporarily_unavailable")
	is.Equal(s.get(token, participations).status, http.StatusOK) // the API is not
	mend()
	is.Equal(s.login("grant_type", "refresh_token", "refresh_token", s.RefreshToken(demo, "EU")).status, http.StatusOK)
	s.Break(standin.Fault{Status: 500})
	is.Equal(s.login("grant_type", "refresh_token", "refresh_token", s.RefreshToken(demo, "EU")).status, http.StatusOK) // nor the other way
}

func TestConnectionsBreak(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	send := func() error {
		r := s.signed(s.access(demo, "EU"), http.MethodPost, s.APIURL("EU")+messaging+frenchOrder+"/messages/unexpectedProblem?marketplaceIds="+fr, `{"text":"hello"}`)
		a, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
		if err == nil {
			_, err = io.ReadAll(a.Body)
			_ = a.Body.Close()
		}
		return err
	}
	s.Break(standin.Fault{Reset: standin.ResetBefore, Times: 1, Operation: "createUnexpectedProblem"})
	is.True(send() != nil)
	is.Equal(len(s.Messages()), 0) // nothing was done
	s.Break(standin.Fault{Reset: standin.ResetAfter, Times: 1, Operation: "createUnexpectedProblem"})
	is.True(send() != nil)
	is.Equal(len(s.Messages()), 1) // it was sent, and nobody heard of it
	s.Break(standin.Fault{Status: 200, Body: standin.BodyTruncated, Times: 1})
	is.True(errors.Is(send(), io.ErrUnexpectedEOF))
	is.NoErr(send())
	is.Equal(s.Posts(demo), 4)
}

func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	token := s.access(demo, "EU")
	s.Break(standin.Fault{Delay: time.Hour, Times: 1})
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	_, err := http.DefaultClient.Do(s.signed(token, http.MethodGet, s.APIURL("EU")+participations, "").WithContext(ctx))
	is.True(errors.Is(err, context.DeadlineExceeded))
	s.Break(standin.Fault{Delay: time.Millisecond, Times: 1})
	is.Equal(s.get(token, participations).status, http.StatusOK) // late, and as always
}

func TestSkew(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), set(t)
	token := s.access(demo, "EU")
	s.Skew(2 * time.Hour)
	a := s.get(token, participations)
	is.Equal(a.at(t, "errors", 0, "details"), "The access token you provided has expired.") // earlier than it was said
	is.Equal(a.header.Get("Date"), start.Add(2*time.Hour).Format(http.TimeFormat))
	s.Skew(0)
	is.Equal(s.get(token, participations).status, http.StatusOK)
}
