package mail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// account is a connection whose mailbox is set.
type account struct {
	secrets    *memory.SecretStore
	connection domain.ConnectionState
}

func newAccount(t testing.TB, m domain.Mailbox) *account {
	t.Helper()
	tenant, err := domain.ParseTenantID("t1")
	if err != nil {
		t.Fatal(err)
	}
	c := domain.ConnectionState{
		ID: domain.NewID[domain.ConnectionID](), Tenant: tenant, Type: domain.Amazon, Status: domain.ConnectionConnected,
		Source: domain.SourceIMAP,
	}
	path := domain.NewSecretPath(c)
	c.VaultPath = path.String()
	a := &account{memory.NewSecretStore(), c}
	a.set(t, m)
	return a
}

// set stores another mailbox for the connection.
func (a *account) set(t testing.TB, m domain.Mailbox) {
	t.Helper()
	path, err := domain.ParseSecretPath(a.connection.VaultPath)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.secrets.Put(t.Context(), path, m.SecretData()); err != nil {
		t.Fatal(err)
	}
}

func (a *account) client(o mail.Options) *mail.Client {
	o.Loopback = true
	return mail.NewClient(a.secrets, o)
}

// readAll reads to the end and returns the messages, and the cursor behind them.
func readAll(ctx context.Context, c ports.MarketplaceClient, conn domain.ConnectionState, from string, each func(ports.Page)) ([]domain.InboundMessage, string, error) {
	var messages []domain.InboundMessage
	for page, err := range c.Pages(ctx, conn, from) {
		if err != nil {
			return messages, from, err
		}
		messages = append(messages, page.Messages...)
		if page.Next != "" {
			from = page.Next
		}
		if each != nil {
			each(page)
		}
	}
	return messages, from, nil
}

// servers are what the client has to get on with.
var servers = map[string]func(testing.TB) *mailtest.Server{
	"memory": mailtest.NewMemoryServer, "dovecot": mailtest.NewDovecot,
}

// onServers runs a test against each server.
func onServers(t *testing.T, test func(t *testing.T, s *mailtest.Server)) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t))
		})
	}
}

func TestReadMailbox(t *testing.T) {
	onServers(t, func(t *testing.T, s *mailtest.Server) {
		is := is.New(t)
		mails := slices.DeleteFunc(mailtest.Mails(11, 250), func(m mailtest.Mail) bool {
			return bytes.ContainsRune(m.Raw, 0) // Dovecot makes it another byte
		})
		s.Deliver(t, mails...)
		before := s.Look(t)
		a := newAccount(t, s.Mailbox())
		c := a.client(mail.Options{PageBytes: 100 << 10})

		pages := 0
		got, cursor, err := readAll(t.Context(), c, a.connection, "", func(ports.Page) { pages++ })
		is.NoErr(err)
		is.Equal(len(got), len(mails))
		is.True(pages > 3)
		byID := map[string]domain.InboundMessage{}
		for i, m := range mails {
			want := mail.Interpreter{}.Parse(m.Raw, m.Arrived)
			is.Equal(string(got[i].Source.Bytes), string(m.Raw)) // byte for byte, in the order of arrival
			is.Equal(got[i].ExternalID, want.ExternalID)
			is.Equal(got[i].Kind, m.Want.Kind)
			if got[i].Kind == domain.KindBuyerMessage {
				byID[got[i].ExternalID] = got[i]
			}
		}
		is.Equal(len(byID), len(mailtest.Buyers(mails))) // copies of a message have its id

		again, same, err := readAll(t.Context(), c, a.connection, cursor, func(ports.Page) { t.Error("a page with nothing new") })
		is.NoErr(err)
		is.Equal(len(again), 0)
		is.Equal(same, cursor)
		is.Equal(s.Look(t), before) // nothing is marked as seen

		s.MarkSeen(t, 1, 2) // the seller reads his mail
		again, cursor, err = readAll(t.Context(), c, a.connection, cursor, nil)
		is.NoErr(err)
		is.Equal(len(again), 0)
		_, same, err = readAll(t.Context(), c, a.connection, cursor, func(ports.Page) { t.Error("a page with nothing new") })
		is.NoErr(err)
		is.Equal(same, cursor)
		s.Deliver(t, mails[0])
		again, _, err = readAll(t.Context(), c, a.connection, cursor, nil)
		is.NoErr(err)
		is.Equal(len(again), 1)
	})
}

func TestReadWhileMailArrives(t *testing.T) {
	onServers(t, func(t *testing.T, s *mailtest.Server) {
		is := is.New(t)
		mails := mailtest.Buyers(mailtest.Mails(12, 700))[:200]
		s.Deliver(t, mails[:100]...)
		a := newAccount(t, s.Mailbox())
		c := a.client(mail.Options{PageBytes: 50 << 10})
		var delivered sync.WaitGroup
		var once sync.Once
		got, cursor, err := readAll(t.Context(), c, a.connection, "", func(ports.Page) {
			once.Do(func() { delivered.Go(func() { s.Deliver(t, mails[100:]...) }) })
		})
		is.NoErr(err)
		delivered.Wait()
		rest, _, err := readAll(t.Context(), c, a.connection, cursor, nil)
		is.NoErr(err)
		times := map[string]int{}
		for _, m := range append(got, rest...) {
			times[m.ExternalID]++
		}
		is.Equal(len(times), len(mails))
		for _, m := range mails {
			is.Equal(times[mail.Interpreter{}.Parse(m.Raw, m.Arrived).ExternalID], 1)
		}
	})
}

func TestReadRenumberedMailbox(t *testing.T) {
	onServers(t, func(t *testing.T, s *mailtest.Server) {
		is := is.New(t)
		mails := mailtest.Mails(13, 20)
		s.Deliver(t, mails...)
		a := newAccount(t, s.Mailbox())
		c := a.client(mail.Options{})
		first, cursor, err := readAll(t.Context(), c, a.connection, "", nil)
		is.NoErr(err)
		s.Renumber(t)
		second, _, err := readAll(t.Context(), c, a.connection, cursor, nil)
		is.NoErr(err)
		is.Equal(len(second), len(mails)) // from the beginning
		for i := range second {
			is.Equal(second[i].ExternalID, first[i].ExternalID) // and with the ids that are known
		}
	})
}

func TestReadAnotherMailbox(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	one, two := mailtest.NewMemoryServer(t), mailtest.NewMemoryServer(t)
	mails := mailtest.Mails(14, 20)
	one.Deliver(t, mails[:10]...)
	two.Deliver(t, mails[10:]...) // with the same UIDVALIDITY and the same UIDs
	a := newAccount(t, one.Mailbox())
	c := a.client(mail.Options{})
	_, cursor, err := readAll(t.Context(), c, a.connection, "", nil)
	is.NoErr(err)
	a.set(t, two.Mailbox())
	got, _, err := readAll(t.Context(), c, a.connection, cursor, nil)
	is.NoErr(err)
	is.Equal(len(got), 10)
}

func TestReadExpunged(t *testing.T) {
	onServers(t, func(t *testing.T, s *mailtest.Server) {
		is := is.New(t)
		mails := mailtest.Mails(15, 12)
		s.Deliver(t, mails...)
		a := newAccount(t, s.Mailbox())
		c := a.client(mail.Options{PageBytes: 1})
		read := 0
		got, cursor, err := readAll(t.Context(), c, a.connection, "", func(ports.Page) {
			if read++; read == 3 {
				s.Expunge(t, 1, 5, 12) // one that was read, one that is listed, and the last
			}
		})
		is.NoErr(err)
		is.True(len(got) >= 10) // a server may hand out what another client has just removed
		is.True(len(got) <= 12)
		s.Deliver(t, mails[0])
		got, _, err = readAll(t.Context(), c, a.connection, cursor, nil)
		is.NoErr(err)
		is.Equal(len(got), 1)
	})
}

func TestReadCutAnywhere(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := mailtest.NewMemoryServer(t)
	mails := mailtest.Buyers(mailtest.Mails(16, 60))[:30]
	s.Deliver(t, mails...)
	p := mailtest.NewProxy(t, s.Mailbox())
	a := newAccount(t, p.Mailbox())
	c := a.client(mail.Options{PageBytes: 20 << 10})
	for cut := int64(1); cut < 160<<10; cut = cut*9/8 + 7 {
		p.CutAfter(cut)
		broken, cursor, err := readAll(t.Context(), c, a.connection, "", nil)
		if err == nil {
			break // the whole read is shorter
		}
		is.True(errors.Is(err, domain.ErrUnavailable))
		rest, _, err := readAll(t.Context(), c, a.connection, cursor, nil)
		is.NoErr(err)
		all := append(broken, rest...)
		is.Equal(len(all), len(mails)) // none lost, none twice
		for i, m := range all {
			is.Equal(string(m.Source.Bytes), string(mails[i].Raw)) // and none cut short
		}
		is.Equal(p.Held(), 0)
	}
}

func TestReadLargeMail(t *testing.T) {
	onServers(t, func(t *testing.T, s *mailtest.Server) {
		is := is.New(t)
		small := mailtest.Mails(17, 2)
		large := mailtest.Mail{Raw: append([]byte("From: a1b2c3d4e5f6@marketplace.amazon.fr\r\nMessage-ID: <large@x>\r\n\r\n"), make([]byte, 400<<10)...), Arrived: time.Now()}
		for i := len(large.Raw) - 400<<10; i < len(large.Raw); i++ {
			large.Raw[i] = 'a'
			if i%70 == 0 {
				large.Raw[i-1], large.Raw[i] = '\r', '\n'
			}
		}
		s.Deliver(t, small[0], large, small[1])
		a := newAccount(t, s.Mailbox())
		got, _, err := readAll(t.Context(), a.client(mail.Options{MaxMail: 300 << 10}), a.connection, "", nil)
		is.NoErr(err)
		is.Equal(len(got), 3)
		is.True(got[1].Unreadable != "")
		is.Equal(string(got[1].Source.Bytes), string(large.Raw[:256<<10]))
		is.Equal(got[0].Unreadable+got[2].Unreadable, "")
		is.True(mail.Interpreter{}.Interpret(got[1].Source, got[1].ReceivedAt).Unreadable != "") // a beginning is not taken for the whole later
		before := domain.Source{MediaType: mail.MediaType, Bytes: got[1].Source.Bytes}
		is.True(mail.Interpreter{}.Interpret(before, got[1].ReceivedAt).Unreadable != "") // nor one that was stored without saying so

		got, _, err = readAll(t.Context(), a.client(mail.Options{}), a.connection, "", nil)
		is.NoErr(err)
		is.Equal(string(got[1].Source.Bytes), string(large.Raw))
	})
}

func TestMailboxRefused(t *testing.T) {
	onServers(t, func(t *testing.T, s *mailtest.Server) {
		for name, change := range map[string]func(*domain.Mailbox){
			"password": func(m *domain.Mailbox) { m.Password = domain.NewSecret("hunter22") },
			"user":     func(m *domain.Mailbox) { m.User = "some body \"else\\" },
			"folder":   func(m *domain.Mailbox) { m.Name = "Nowhere/Ünder" },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				if name == "user" && s.Roots() != nil {
					return // that Dovecot takes every name
				}
				is := is.New(t)
				m := s.Mailbox()
				change(&m)
				a := newAccount(t, m)
				c := a.client(mail.Options{})
				_, _, err := readAll(t.Context(), c, a.connection, "", nil)
				is.True(errors.Is(err, domain.ErrRejected))
				err = c.CheckMailbox(t.Context(), m)
				is.True(errors.Is(err, domain.ErrRejected))
				is.True(!containsSecret(fmt.Sprintf("%v %+v %#v", err, err, err), m))
			})
		}
		t.Run("nothing", func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			is.NoErr(newAccount(t, s.Mailbox()).client(mail.Options{}).CheckMailbox(t.Context(), s.Mailbox()))
		})
	})
}
