package domain_test

import (
	"net/netip"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestNetworkPolicyPermitsPublicAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"8.8.8.8": true, "17.57.155.24": true, "2a01:7e00::f03c:91ff:fe18:1": true, "192.0.1.1": true, "172.32.0.1": true,
		"::ffff:8.8.8.8": true, "64:ff9b::808:808": true, "2002:808:808::1": true,

		"127.0.0.1": false, "::1": false, "0.0.0.0": false, "::": false, "255.255.255.255": false, "224.0.0.1": false, "ff02::1": false,
		"10.1.2.3": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "100.64.0.1": false,
		"169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": false, "fc00::1": false,
		"192.0.0.1": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.7": false, "203.0.113.9": false, "240.0.0.1": false,
		"2001:db8::1": false, "2001:2::1": false, "2001::1": false, "3fff::1": false, "5f00::1": false, "100::1": false,
		"::ffff:10.0.0.1": false, "::ffff:127.0.0.1": false, "::127.0.0.1": false, "64:ff9b::a00:1": false, "64:ff9b::7f00:1": false,
		"64:ff9b:1::808:808": false, "2002:a00:1::1": false, "2002:7f00:1::1": false,
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			is.New(t).Equal(domain.NetworkPolicy{}.Permits(netip.MustParseAddr(address)), want)
		})
	}
}

func TestNetworkPolicyPermitsItsNetworksAlone(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := domain.NetworkPolicy{Networks: []netip.Prefix{netip.MustParsePrefix("10.8.0.0/16"), netip.MustParsePrefix("fd12::/16")}}
	for address, want := range map[string]bool{
		"10.8.1.1": true, "::ffff:10.8.1.1": true, "fd12::7": true, "10.9.1.1": false, "8.8.8.8": false, "127.0.0.1": false,
	} {
		is.Equal(p.Permits(netip.MustParseAddr(address)), want)
	}
	p.Loopback = true
	is.True(p.Permits(netip.MustParseAddr("127.0.0.1")))
	is.True(!p.Permits(netip.MustParseAddr("8.8.8.8"))) // loopback beside the networks, nothing else
	is.True(!domain.NetworkPolicy{Loopback: true}.Permits(netip.MustParseAddr("10.0.0.1")))
}
