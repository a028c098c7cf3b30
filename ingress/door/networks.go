package door

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Networks are blocks of addresses; a single address is a block of one. An
// IPv4 address that is written as IPv6 (::ffff:192.0.2.1) is the IPv4 address.
type Networks []netip.Prefix

// Decode implements envconfig.Decoder. It reads a comma list of addresses and
// CIDR blocks; its error joins all faults.
func (n *Networks) Decode(text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	var blocks Networks
	var faults []string
	for entry := range strings.SplitSeq(text, ",") {
		entry = strings.TrimSpace(entry)
		block, err := parseNetwork(entry)
		if err != nil {
			faults = append(faults, fmt.Sprintf("%q", entry))
			continue
		}
		blocks = append(blocks, block)
	}
	if len(faults) > 0 {
		return errors.New("want addresses and blocks such as 101.226.103.0/25, not " + strings.Join(faults, ", "))
	}
	*n = blocks
	return nil
}

// mappedBits is how much of an IPv4 address that is written as IPv6 is prefix.
const mappedBits = 96

func parseNetwork(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		addr = plain(addr)
		return addr.Prefix(addr.BitLen())
	}
	block, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if block.Addr().Is4In6() && block.Bits() >= mappedBits {
		block = netip.PrefixFrom(block.Addr().Unmap(), block.Bits()-mappedBits)
	}
	return block.Masked(), nil
}

// plain returns an address without what does not tell whose it is.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

// contain reports whether an address is in one of the blocks.
func (n Networks) contain(addr netip.Addr) bool {
	for _, block := range n {
		if block.Contains(addr) {
			return true
		}
	}
	return false
}
