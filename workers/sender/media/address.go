package media

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
)

// errAddress says that a web address leads into the own network.
var errAddress = errors.New("the address is not a public one")

// closed are the ranges of IPv4, and within the public range of IPv6, that do
// not lead to hosts of the Internet: the own machine and network, carriers'
// networks, multicast, documentation, and where clouds tell machines their
// secrets. https://www.iana.org/assignments/iana-ipv4-special-registry
var closed = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", // multicast, reserved, broadcast
	"168.63.129.16/32",           // Azure answers its own machines there
	"2001::/23",                  // protocols, among them Teredo, which holds an IPv4 address
	"2001:db8::/32", "3fff::/20", // documentation
	"2002::/16", // 6to4, which holds an IPv4 address
)

var (
	publicIPv6 = netip.MustParsePrefix("2000::/3")
	nat64      = netip.MustParsePrefix("64:ff9b::/96") // holds an IPv4 address
)

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// isPublic reports whether an address is one of the Internet.
func isPublic(addr netip.Addr) bool {
	addr = addr.WithZone("").Unmap()
	if nat64.Contains(addr) {
		bytes := addr.As16()
		addr = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	if addr.Is6() && !publicIPv6.Contains(addr) {
		return false
	}
	return addr.IsValid() && !slices.ContainsFunc(closed, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// publicOnly refuses a connection into the own network. The dialer calls it
// with the address that it is about to connect to, after names are resolved and
// for every redirect, so a name that resolves now to one and then to another
// address gains nothing.
func publicOnly(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !isPublic(to.Addr()) {
		return errAddress
	}
	return nil
}
