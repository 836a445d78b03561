package mail_test

import (
	"errors"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/domain"
)

func TestAwkwardServers(t *testing.T) {
	t.Parallel()
	const next = "* OK [UIDNEXT 4] n\r\n"
	for name, c := range map[string]struct {
		server                 *awkward
		capabilities, examined string
		want, unreadable       int
	}{
		"UID behind the text":      {&awkward{uidLast: true}, "", next, 3, 0},
		"one mail is not had":      {&awkward{refused: map[int]bool{2: true}}, "", next, 3, 1},
		"one mail is gone":         {&awkward{gone: map[int]bool{2: true}}, "", next, 2, 0},
		"no UIDNEXT":               {&awkward{}, "", "", 3, 0},
		"no UIDNEXT but CONDSTORE": {&awkward{}, " CONDSTORE", "* OK [HIGHESTMODSEQ 9] m\r\n", 3, 0},
		"CONDSTORE in name only":   {&awkward{}, " CONDSTORE BROKEN", next, 3, 0},
		"UIDNEXT that lags behind": {&awkward{}, " CONDSTORE", "* OK [UIDNEXT 1] n\r\n* OK [HIGHESTMODSEQ 9] m\r\n", 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := serveScript(t, "* OK [CAPABILITY IMAP4rev1"+c.capabilities+"] hello\r\n", c.examined, c.server.answer)
			a := newAccount(t, m)
			client := a.client(mail.Options{})
			got, cursor, err := readAll(t.Context(), client, a.connection, "", nil)
			is.NoErr(err)
			is.Equal(len(got), c.want)
			unreadable := 0
			for _, m := range got {
				if m.Unreadable != "" {
					unreadable++
					is.True(m.ExternalID != "") // it can be told which it is
				}
			}
			is.Equal(unreadable, c.unreadable)
			got, _, err = readAll(t.Context(), client, a.connection, cursor, nil)
			is.NoErr(err)
			is.Equal(len(got), 0)
		})
	}
	t.Run("no passwords in clear", func(t *testing.T) {
		t.Parallel()
		is := is.New(t)
		s := &awkward{}
		a := newAccount(t, serveScript(t, "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hello\r\n", next, s.answer))
		_, _, err := readAll(t.Context(), a.client(mail.Options{}), a.connection, "", nil)
		is.True(errors.Is(err, domain.ErrRejected)) // and none was given
	})
	t.Run("no mail is had", func(t *testing.T) {
		t.Parallel()
		is := is.New(t)
		s := &awkward{refused: map[int]bool{1: true, 2: true, 3: true}}
		a := newAccount(t, serveScript(t, "* OK [CAPABILITY IMAP4rev1] hello\r\n", next, s.answer))
		_, _, err := readAll(t.Context(), a.client(mail.Options{}), a.connection, "", nil)
		is.True(errors.Is(err, domain.ErrUnavailable)) // the server's fault, and no mail is given up
	})
}

func TestUnchangedMailboxCostsNoCommand(t *testing.T) {
	t.Parallel()
	for name, examined := range map[string]string{
		"by UIDNEXT":                  "* OK [UIDNEXT 4] n\r\n",
		"by UIDNEXT and by CONDSTORE": "* OK [UIDNEXT 4] n\r\n* OK [HIGHESTMODSEQ 12] m\r\n",
		"by CONDSTORE alone":          "* OK [HIGHESTMODSEQ 12] m\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			s := &awkward{}
			a := newAccount(t, serveScript(t, "* OK [CAPABILITY IMAP4rev1 CONDSTORE] hello\r\n", examined, s.answer))
			c := a.client(mail.Options{})
			_, cursor, err := readAll(t.Context(), c, a.connection, "", nil)
			is.NoErr(err)
			is.True(s.count() > 0)
			_, same, err := readAll(t.Context(), c, a.connection, cursor, nil)
			is.NoErr(err)
			is.Equal(same, cursor)
			is.Equal(s.count(), 0) // but log-in, EXAMINE and log-out
		})
	}
}
