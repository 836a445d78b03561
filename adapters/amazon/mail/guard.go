package mail

import (
	"errors"
	"net"
	"net/netip"
	"syscall"

	"github.com/keybuzzio/marketplaces/domain"
)

// errForbiddenAddress is what a dial fails with that the network policy stopped.
var errForbiddenAddress = errors.New("the address is not in a network that may be called")

// control is for net.Dialer.Control: it holds a connection to the policy.
func control(p domain.NetworkPolicy) func(network, address string, c syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !p.Permits(to.Addr()) {
			return errForbiddenAddress
		}
		return nil
	}
}

// isLoopback reports whether a connection ends on this machine.
func isLoopback(conn net.Conn) bool {
	to, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	return err == nil && to.Addr().Unmap().IsLoopback()
}
