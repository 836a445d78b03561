package mailtest

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/keybuzzio/marketplaces/domain"
)

// Server is an IMAP server on this machine with one mailbox, which ends with its test. Its methods look at the mailbox
// as another mail client would. Safe for concurrent use.
type Server struct {
	mailbox domain.Mailbox
	tls     map[domain.TLSMode]int // ports
	roots   *x509.CertPool
}

const (
	user     = "seller@inbox.example"
	password = "correct-horse-battery"
)

// Mailbox is how to reach the server's mailbox without TLS.
func (s *Server) Mailbox() domain.Mailbox { return s.mailbox }

// MailboxOver is how to reach it over TLS. ok is false when the server cannot do that.
func (s *Server) MailboxOver(mode domain.TLSMode) (m domain.Mailbox, ok bool) {
	m = s.mailbox
	m.TLS = mode
	m.Port, ok = s.tls[mode]
	return m, ok
}

// Roots vouch for the server's certificate; nil when it has none.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// window is how many mails are under way at once.
const window = 100

// Deliver appends mails in their order.
func (s *Server) Deliver(t testing.TB, mails ...Mail) {
	t.Helper()
	s.do(t, func(c *imapclient.Client) error {
		for batch := range slices.Chunk(mails, window) {
			var sent []*imapclient.AppendCommand
			for _, m := range batch {
				cmd := c.Append(s.mailbox.Name, int64(len(m.Raw)), &imap.AppendOptions{Time: m.Arrived})
				if _, err := cmd.Write(m.Raw); err != nil {
					return err
				}
				if err := cmd.Close(); err != nil {
					return err
				}
				sent = append(sent, cmd)
			}
			for _, cmd := range sent {
				if _, err := cmd.Wait(); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// DeliverRaw appends bytes as a mail that arrives now.
func (s *Server) DeliverRaw(t testing.TB, raw []byte) {
	t.Helper()
	s.Deliver(t, Mail{Raw: raw, Arrived: time.Now()})
}

// Renumber empties the mailbox, gives it another UIDVALIDITY, and puts the mails back.
func (s *Server) Renumber(t testing.TB) {
	t.Helper()
	var kept []Mail
	s.do(t, func(c *imapclient.Client) error {
		all, err := s.fetchAll(c, &imap.FetchOptions{InternalDate: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
		for _, m := range all {
			kept = append(kept, Mail{Raw: bytes.Clone(m.BodySection[0].Bytes), Arrived: m.InternalDate})
		}
		if err != nil {
			return err
		}
		if err := c.Unselect().Wait(); err != nil {
			return err
		}
		if err := c.Delete(s.mailbox.Name).Wait(); err != nil {
			return err
		}
		return c.Create(s.mailbox.Name, nil).Wait()
	})
	s.Deliver(t, kept...)
}

// Expunge removes the mails at these places, the first being 1.
func (s *Server) Expunge(t testing.TB, places ...uint32) {
	t.Helper()
	s.do(t, func(c *imapclient.Client) error {
		if err := s.flag(c, imap.FlagDeleted, places); err != nil {
			return err
		}
		return c.Expunge().Close()
	})
}

// MarkSeen marks the mails at these places as read, the first being 1.
func (s *Server) MarkSeen(t testing.TB, places ...uint32) {
	t.Helper()
	s.do(t, func(c *imapclient.Client) error { return s.flag(c, imap.FlagSeen, places) })
}

func (s *Server) flag(c *imapclient.Client, f imap.Flag, places []uint32) error {
	if _, err := c.Select(s.mailbox.Name, nil).Wait(); err != nil {
		return err
	}
	add := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{f}}
	return c.Store(imap.SeqSetNum(places...), add, nil).Close()
}

// Look returns all that a client can see of the mailbox: numbers, flags and sizes of its mails.
func (s *Server) Look(t testing.TB) string {
	t.Helper()
	var out strings.Builder
	s.do(t, func(c *imapclient.Client) error {
		all, err := s.fetchAll(c, &imap.FetchOptions{UID: true, Flags: true, RFC822Size: true})
		for _, m := range all {
			slices.Sort(m.Flags)
			fmt.Fprintln(&out, m.SeqNum, m.UID, m.RFC822Size, m.Flags)
		}
		return err
	})
	return out.String()
}

func (s *Server) fetchAll(c *imapclient.Client, o *imap.FetchOptions) ([]*imapclient.FetchMessageBuffer, error) {
	data, err := c.Select(s.mailbox.Name, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil || data.NumMessages == 0 {
		return nil, err
	}
	return c.Fetch(imap.SeqSet{{Start: 1, Stop: data.NumMessages}}, o).Collect()
}

// do runs f as another client of the mailbox.
func (s *Server) do(t testing.TB, f func(c *imapclient.Client) error) {
	t.Helper()
	c, err := imapclient.DialInsecure(s.mailbox.Address(), nil)
	if err == nil {
		defer func() { _ = c.Close() }()
		err = c.Login(user, password).Wait()
	}
	if err == nil {
		err = f(c)
	}
	if err != nil {
		t.Fatalf("mail server: %v", err)
	}
}
