package mailtest

import (
	"io"
	"log"
	"net"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/keybuzzio/marketplaces/domain"
)

// folder is the one of the servers here. It is not INBOX, since that cannot be deleted and made again.
const folder = "Amazon"

// NewMemoryServer starts an IMAP server that keeps its mails in memory.
func NewMemoryServer(t testing.TB) *Server {
	t.Helper()
	account := imapmemserver.NewUser(user, password)
	if err := account.Create(folder, nil); err != nil {
		t.Fatal(err)
	}
	accounts := imapmemserver.New()
	accounts.AddUser(account)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return accounts.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}},
		Logger:       log.New(io.Discard, "", 0),
		InsecureAuth: true,
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
	return newServer(ln.Addr().(*net.TCPAddr).Port)
}

// newServer describes a server that listens without TLS on a port of this machine.
func newServer(port int) *Server {
	return &Server{mailbox: domain.Mailbox{
		Host: "127.0.0.1", Port: port, TLS: domain.TLSNone, User: user, Password: domain.NewSecret(password), Name: folder,
	}}
}
