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

// MailboxFixture is a MailboxChecker, a mailbox that it can read and others that it cannot.
type MailboxFixture struct {
	Checker ports.MailboxChecker
	Good    domain.Mailbox
	Bad     map[string]domain.Mailbox         // by what is wrong: the name, the policy, the line, the password, the folder
	Held    func() int                        // optional: how many network connections the checker holds now
	Look    func(t *testing.T) (state string) // optional: all that another reader of the good mailbox can see of it
}

// TestMailboxChecker checks a MailboxChecker against its contract. open is called once per subtest.
func TestMailboxChecker(t *testing.T, open func(t *testing.T) MailboxFixture) {
	mailboxRules.check(t, open)
}

// mailboxRules are about ports.MailboxChecker.
var mailboxRules = rules[MailboxFixture]{
	"a mailbox that can be read is right": func(t *testing.T, f MailboxFixture) {
		is := is.New(t)
		is.NoErr(f.Checker.CheckMailbox(t.Context(), f.Good))
		is.NoErr(f.Checker.CheckMailbox(t.Context(), f.Good)) // it left the first time
	},
	"one that cannot be read is ErrRejected, each fault with its own words": func(t *testing.T, f MailboxFixture) {
		is := is.New(t)
		is.True(len(f.Bad) > 0)
		said := map[string]string{}
		for fault, m := range f.Bad {
			err := f.Checker.CheckMailbox(t.Context(), m)
			is.True(errors.Is(err, domain.ErrRejected))
			words := domain.Message(err)
			is.Equal(said[words], "") // another fault said the same
			said[words] = fault
		}
	},
	"no error quotes the password": func(t *testing.T, f MailboxFixture) {
		is := is.New(t)
		for _, m := range f.Bad {
			err := f.Checker.CheckMailbox(t.Context(), m)
			is.True(!strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), m.Password.Reveal()))
		}
	},
	"a check changes nothing": func(t *testing.T, f MailboxFixture) {
		if f.Look == nil {
			return
		}
		is := is.New(t)
		before := f.Look(t)
		is.NoErr(f.Checker.CheckMailbox(t.Context(), f.Good))
		is.Equal(f.Look(t), before)
	},
	"a check holds nothing when it is over": func(t *testing.T, f MailboxFixture) {
		if f.Held == nil {
			return
		}
		is := is.New(t)
		is.NoErr(f.Checker.CheckMailbox(t.Context(), f.Good))
		is.Equal(f.Held(), 0)
		for _, m := range f.Bad {
			is.True(f.Checker.CheckMailbox(t.Context(), m) != nil)
			is.Equal(f.Held(), 0)
		}
	},
	"checks at once do not disturb each other": func(t *testing.T, f MailboxFixture) {
		is := is.New(t)
		for _, err := range together(4, func(int) error { return f.Checker.CheckMailbox(t.Context(), f.Good) }) {
			is.NoErr(err)
		}
	},
	"a cancelled context passes as it is": func(t *testing.T, f MailboxFixture) {
		is := is.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := f.Checker.CheckMailbox(ctx, f.Good)
		is.True(errors.Is(err, context.Canceled) && !errors.Is(err, domain.ErrRejected)) // the mailbox is not to blame
	},
}
