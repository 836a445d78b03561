package mailserver

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// refuseTimeout is for the one line that somebody gets who is not let in. A new connection takes it at once.
const refuseTimeout = time.Second

// gate is a listener that lets in who may come, and knows who is there.
type gate struct {
	net.Listener
	o Options

	mu      sync.Mutex
	conns   map[*conn]bool
	peers   map[netip.Addr]int
	stopped bool
	left    chan struct{} // takes one when somebody leaves
}

func newGate(l net.Listener, o Options) *gate {
	return &gate{Listener: l, o: o, conns: map[*conn]bool{}, peers: map[netip.Addr]int{}, left: make(chan struct{}, 1)}
}

// Accept waits for the next who may come in. Others are told why they may not.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer, local := addrOf(c)
		if !local && !slices.ContainsFunc(g.o.Networks, func(p netip.Prefix) bool { return p.Contains(peer) }) {
			g.o.Log.Warn("mail connection refused", "peer", peer.String(), "reason", "network")
			refuse(c, "554 5.7.1 No mail is taken from your network\r\n")
			continue
		}
		if in := g.enter(c, peer); in != nil {
			return in, nil
		}
		g.o.Log.Info("mail connection refused", "peer", peer.String(), "reason", "too many")
		refuse(c, "421 4.7.0 Too many connections, try again later\r\n")
	}
}

func refuse(c net.Conn, answer string) {
	_ = c.SetWriteDeadline(time.Now().Add(refuseTimeout))
	_, _ = c.Write([]byte(answer))
	_ = c.Close()
}

// addrOf returns who is at the other end; local when it is a socket of this machine that has no addresses.
func addrOf(c net.Conn) (peer netip.Addr, local bool) {
	tcp, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, true
	}
	return tcp.AddrPort().Addr().Unmap().WithZone(""), false
}

// enter returns nil when there are too many already.
func (g *gate) enter(c net.Conn, peer netip.Addr) *conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped || len(g.conns) >= g.o.MaxConns || g.peers[peer] >= g.o.MaxConnsPerPeer {
		return nil
	}
	in := &conn{Conn: c, gate: g, peer: peer}
	g.conns[in] = true
	g.peers[peer]++
	return in
}

func (g *gate) leave(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.conns[c] {
		return
	}
	delete(g.conns, c)
	if g.peers[c.peer]--; g.peers[c.peer] == 0 {
		delete(g.peers, c.peer)
	}
	select {
	case g.left <- struct{}{}:
	default:
	}
}

// stop lets nobody in any more and ends who is not in the middle of a mail's text.
func (g *gate) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	for c := range g.conns {
		c.stop()
	}
}

// empty waits until nobody is there, and reports false if some are when the time is over.
func (g *gate) empty(timeout time.Duration) bool {
	over := time.After(timeout)
	for {
		g.mu.Lock()
		there := len(g.conns)
		g.mu.Unlock()
		if there == 0 {
			return true
		}
		select {
		case <-g.left:
		case <-over:
			return false
		}
	}
}

// closeAll closes the connections of all who are there.
func (g *gate) closeAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.conns {
		_ = c.Conn.Close()
	}
}
