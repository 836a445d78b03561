package mailtest

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// Proxy stands between a client and a mail server, counts connections and makes trouble on cue. Safe for concurrent
// use.
type Proxy struct {
	listener net.Listener
	server   domain.Mailbox

	mu    sync.Mutex
	idle  *sync.Cond // signalled when open falls to 0
	open  int
	most  int   // the largest open has been
	after int64 // bytes until the next connection is cut; -1 never
	down  bool
}

// NewProxy starts a proxy for a mailbox. It ends with the test.
func NewProxy(t testing.TB, server domain.Mailbox) *Proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: ln, server: server, after: -1}
	p.idle = sync.NewCond(&p.mu)
	go p.serve()
	t.Cleanup(func() { _ = ln.Close() })
	return p
}

// Mailbox is how to reach the server's mailbox through the proxy.
func (p *Proxy) Mailbox() domain.Mailbox {
	m := p.server
	m.Host, m.Port = "127.0.0.1", p.listener.Addr().(*net.TCPAddr).Port
	return m
}

// CutAfter cuts the next connection, once, when the server has said so many bytes.
func (p *Proxy) CutAfter(bytes int64) { p.set(func() { p.after = bytes }) }

// Down lets no connection through any more: each is closed at once.
func (p *Proxy) Down() { p.set(func() { p.down = true }) }

// patience is how long clients may take to let go of their connections.
const patience = 2 * time.Minute

// Held returns how many connections clients hold, once they have let go of all or patience is over.
func (p *Proxy) Held() int {
	over := false
	timer := time.AfterFunc(patience, func() {
		p.set(func() { over = true })
		p.idle.Broadcast()
	})
	defer timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.open > 0 && !over {
		p.idle.Wait()
	}
	return p.open
}

// Most returns how many connections clients held at once at most.
func (p *Proxy) Most() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.most
}

func (p *Proxy) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *Proxy) serve() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.set(func() {
			p.open++
			p.most = max(p.most, p.open)
		})
		go p.relay(conn)
	}
}

// relay carries one connection until either side ends it.
func (p *Proxy) relay(client net.Conn) {
	defer p.set(func() {
		if p.open--; p.open == 0 {
			p.idle.Broadcast()
		}
	})
	defer func() { _ = client.Close() }()
	var after int64
	var down bool
	p.set(func() { after, down, p.after = p.after, p.down, -1 })
	if down {
		return
	}
	server, err := net.Dial("tcp", p.server.Address())
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() {
		if after < 0 {
			_, _ = io.Copy(client, server)
		} else {
			_, _ = io.CopyN(client, server, after)
		}
		_ = client.Close()
	}()
	_, _ = io.Copy(server, client)
}
