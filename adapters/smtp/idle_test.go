package smtp_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestRelayKeepsAConnection(t *testing.T) {
	t.Parallel()
	certified()
	for name, c := range map[string]struct {
		between func(s *script) // two messages
		opened  int
		kind    error // of the second attempt
	}{
		"the next message leaves by it":                   {func(*script) {}, 1, nil},
		"until it was idle for long":                      {func(*script) { time.Sleep(time.Minute) }, 2, nil},
		"a dead one is replaced":                          {func(s *script) { s.drop() }, 2, nil},
		"one that says 421 is replaced":                   {func(s *script) { s.once(stepMAIL, "421 4.7.0 enough for one connection") }, 2, nil},
		"one that breaks at MAIL is replaced":             {func(s *script) { s.once(stepMAIL, cut) }, 2, nil},
		"a refusal is one, whichever connection heard it": {func(s *script) { s.once(stepMAIL, "550 5.7.1 no") }, 1, domain.ErrRejected},
		"a busy server is not asked twice":                {func(s *script) { s.once(stepMAIL, "451 4.3.0 later") }, 1, domain.ErrUnavailable},
		"nor is a recipient":                              {func(s *script) { s.once(stepRCPT, "450 4.2.0 greylisted") }, 1, domain.ErrUnavailable},
		"what breaks after the text is not repeated":      {func(s *script) { s.once(stepDot, lost) }, 1, domain.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				s := newScript(true)
				sender, connection := newSender(t, s, true)
				m := answer()
				m.Connection = connection
				_, _, err := send(t.Context(), sender, m)
				is.NoErr(err)
				c.between(s)
				synctest.Wait()
				_, _, err = send(t.Context(), sender, m)
				is.Equal(domain.KindOf(err), c.kind)
				is.Equal(s.opened, c.opened)
				sender.Close()
				synctest.Wait()
				is.Equal(len(s.ended), s.opened) // nothing is left open
			})
		})
	}
}

func TestMailboxKeepsNoConnection(t *testing.T) {
	t.Parallel()
	certified()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		s := newScript(true)
		sender, c := newSender(t, s, false)
		m := answer()
		m.Connection = c
		for range 3 {
			_, _, err := send(t.Context(), sender, m)
			is.NoErr(err)
		}
		synctest.Wait()
		is.Equal(s.opened, 3)
		is.Equal(len(s.ended), 3)
		is.Equal(s.commands[len(s.commands)-1], "QUIT") // an orderly good-bye
	})
}
