package mail_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/domain"
)

// A server that describes a mail in lists within lists, millions deep, ends its own session and not this process, whenever
// it does so and whether it was asked or not.
func TestListsWithinListsEndTheSession(t *testing.T) {
	t.Parallel()
	const greeting = "* OK [CAPABILITY IMAP4rev1] hello\r\n"
	deep := "* 1 FETCH (BODYSTRUCTURE " + strings.Repeat("(", 900_000)
	at := func(verb string) func(net.Conn, string, string) {
		return func(c net.Conn, tag, command string) {
			if strings.Contains(command, verb) {
				say(c, deep)
				return
			}
			say(c, "* SEARCH 1 2 3\r\n"+tag+" OK\r\n")
		}
	}
	for name, c := range map[string]struct {
		examined string
		script   func(conn net.Conn, tag, command string)
		check    bool // the mailbox check hears it too
	}{
		"when the folder is opened":  {deep, at("nothing"), true},
		"when it is searched":        {"* OK [UIDNEXT 4] n\r\n", at("SEARCH"), false},
		"when sizes are asked for":   {"* OK [UIDNEXT 4] n\r\n", at("FETCH"), false},
		"in what claims to be words": {"* OK hello {99999999}\r\n" + deep, at("nothing"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := serveScript(t, greeting, c.examined, c.script)
			a := newAccount(t, m)
			_, _, err := readAll(t.Context(), a.client(mail.Options{}), a.connection, "", nil)
			is.True(errors.Is(err, domain.ErrUnavailable))
			is.Equal(domain.Message(err), "the mail server's answer is nested too deeply") // what the seller is told
			if c.check {
				err := a.client(mail.Options{}).CheckMailbox(t.Context(), m)
				is.True(strings.Contains(domain.Message(err), "nested too deeply"))
			}
		})
	}
}

// A no of the moment backs off; only what is said to be for good asks the seller for his mailbox again.
func TestPassingRefusalsEndNoConnection(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]error{
		"NO [AUTHENTICATIONFAILED] Invalid credentials":                  domain.ErrRejected,
		"NO [EXPIRED] password expired":                                  domain.ErrRejected,
		"NO Authentication failed.":                                      domain.ErrRejected,
		"NO LOGIN failed":                                                domain.ErrRejected,
		"NO [UNAVAILABLE] Temporary authentication failure":              domain.ErrUnavailable,
		"NO Temporary authentication failure.":                           domain.ErrUnavailable,
		"NO [INUSE] mailbox is locked":                                   domain.ErrUnavailable,
		"NO mailbox is locked by POP server":                             domain.ErrUnavailable,
		"NO [OVERQUOTA] over quota":                                      domain.ErrUnavailable,
		"NO Request is throttled. Suggested Backoff Time: 9999":          domain.ErrUnavailable,
		"NO Server Unavailable. 15":                                      domain.ErrUnavailable,
		"BAD User is authenticated but not connected.":                   domain.ErrUnavailable,
		"NO [ALERT] Too many simultaneous connections. (Failure)":        domain.ErrUnavailable,
		"NO System Error (Failure)":                                      domain.ErrUnavailable,
		"NO please try again later":                                      domain.ErrUnavailable,
		"NO [LIMIT] account exceeded command or bandwidth limits":        domain.ErrUnavailable,
		"NO [SERVERBUG] Internal error occurred. Refer to server log":    domain.ErrUnavailable,
		"NO [CONTACTADMIN] account is locked, ask your administrator":    domain.ErrRejected,
		"NO [AUTHORIZATIONFAILED] no such authorization-ID":              domain.ErrRejected,
		"NO [AUTHENTICATIONFAILED] Too many login failures, wait a time": domain.ErrUnavailable,
	} {
		t.Run(said, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := refuseLogins(t, said)
			a := newAccount(t, m)
			_, _, err := readAll(t.Context(), a.client(mail.Options{}), a.connection, "", nil)
			is.Equal(domain.KindOf(err), want)
		})
	}
}

// refuseLogins runs a server that answers each LOGIN with what it says.
func refuseLogins(t *testing.T, said string) domain.Mailbox {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	is.New(t).NoErr(err)
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				say(conn, "* OK [CAPABILITY IMAP4rev1] hello\r\n")
				for buffer := make([]byte, 4096); ; {
					n, err := conn.Read(buffer)
					if err != nil {
						return
					}
					tag, command, _ := strings.Cut(string(buffer[:n]), " ")
					if strings.HasPrefix(command, "LOGIN") {
						say(conn, tag+" "+said+"\r\n")
					} else {
						say(conn, tag+" OK\r\n")
					}
				}
			}()
		}
	}()
	return domain.Mailbox{
		Host: "127.0.0.1", Port: ln.Addr().(*net.TCPAddr).Port, TLS: domain.TLSNone, User: "u", Password: domain.NewSecret("p"), Name: "INBOX",
	}
}
