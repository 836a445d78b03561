package domain

import "net/netip"

// NetworkPolicy says which addresses a host named by a tenant may have. Whoever dials asks about the very address
// that the connection is about to be made to, so a name that resolves to another address a moment later gets nobody
// past it.
type NetworkPolicy struct {
	Networks []netip.Prefix // only these; none: every public address
	Loopback bool           // for development: this machine too
}

// Permits reports whether a may be called.
func (p NetworkPolicy) Permits(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if a.IsLoopback() && p.Loopback {
		return true
	}
	if len(p.Networks) == 0 {
		return isPublic(a)
	}
	for _, n := range p.Networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// special are the blocks of the IANA IPv4 and IPv6 Special-Purpose Address Registries that are not the public internet,
// and multicast.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("3fff::/20"),
}

// Blocks of IPv6 that carry an IPv4 address, and the byte at which it begins.
var (
	globalUnicast = netip.MustParsePrefix("2000::/3")
	nat64         = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour     = netip.MustParsePrefix("2002::/16")
)

// isPublic reports whether an address is on the public internet.
func isPublic(a netip.Addr) bool {
	switch {
	case a.Is6() && nat64.Contains(a):
		return isPublic(embedded(a, 12))
	case a.Is6() && sixToFour.Contains(a):
		return isPublic(embedded(a, 2))
	case a.Is6() && !globalUnicast.Contains(a), !a.IsValid():
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// embedded returns the IPv4 address at byte i of an IPv6 address.
func embedded(a netip.Addr, i int) netip.Addr {
	b := a.As16()
	return netip.AddrFrom4([4]byte(b[i : i+4]))
}
