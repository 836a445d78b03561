package porttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// SubmissionFixture is a SubmissionChecker, an account that it can log in to and others that it cannot.
type SubmissionFixture struct {
	Checker ports.SubmissionChecker
	Good    domain.Submission
	Bad     map[string]domain.Submission // by what is wrong
	Sent    func() int                   // how many messages the servers have taken
}

// TestSubmissionChecker checks a SubmissionChecker against its contract. open is called once per subtest.
func TestSubmissionChecker(t *testing.T, open func(t *testing.T) SubmissionFixture) {
	submissionRules.check(t, open)
}

// submissionRules are about ports.SubmissionChecker.
var submissionRules = rules[SubmissionFixture]{
	"an account that takes the log-in is right, and nothing is sent": func(t *testing.T, f SubmissionFixture) {
		is := is.New(t)
		is.NoErr(f.Checker.CheckSubmission(t.Context(), f.Good))
		is.NoErr(f.Checker.CheckSubmission(t.Context(), f.Good)) // it left the first time
		is.Equal(f.Sent(), 0)
	},
	"an account that does not is ErrRejected and says why, without the password": func(t *testing.T, f SubmissionFixture) {
		is := is.New(t)
		is.True(len(f.Bad) > 0)
		for fault, s := range f.Bad {
			err := f.Checker.CheckSubmission(t.Context(), s)
			if !errors.Is(err, domain.ErrRejected) || domain.Message(err) == "" {
				t.Errorf("%s: got %v, want ErrRejected with a message", fault, err)
			}
			is.True(!strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), s.Password.Reveal()))
		}
	},
	"checks at once do not disturb each other": func(t *testing.T, f SubmissionFixture) {
		is := is.New(t)
		for _, err := range together(4, func(int) error { return f.Checker.CheckSubmission(t.Context(), f.Good) }) {
			is.NoErr(err)
		}
	},
	"a cancelled context passes as it is": func(t *testing.T, f SubmissionFixture) {
		is := is.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := f.Checker.CheckSubmission(ctx, f.Good)
		is.True(errors.Is(err, context.Canceled) && !errors.Is(err, domain.ErrRejected)) // the account is not to blame
	},
}
