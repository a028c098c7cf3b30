package door

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// peers knows who may call, and which proxies tell the truth about who called
// them. Proxies are named by address and not by a number of hops: whoever
// reaches the ingress past them would be believed as many hops, too.
type peers struct{ allowed, proxies Networks }

// client returns the address that a request comes from: the nearest hop that
// is no proxy of ours. X-Forwarded-For is read from the right, where each proxy
// writes whom it was called by; what a stranger has put to the left of himself
// is never reached. A hop that cannot be read counts as the one that named it.
//
// Echo's own extractor takes no ports beside addresses and splits the whole
// header for each request.
func (p *peers) client(r *http.Request) netip.Addr {
	direct, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	hop := plain(direct.Addr())
	if len(p.proxies) == 0 {
		return hop
	}
	for _, line := range slices.Backward(r.Header[echo.HeaderXForwardedFor]) {
		for more := true; more; {
			if !p.proxies.contain(hop) {
				return hop
			}
			var entry string
			line, entry, more = cutLast(line)
			before, ok := parseHop(entry)
			if !ok {
				return hop
			}
			hop = before
		}
	}
	return hop
}

// cutLast cuts the last entry off a comma list; more reports whether another
// one is left.
func cutLast(list string) (rest, entry string, more bool) {
	i := strings.LastIndexByte(list, ',')
	if i < 0 {
		return "", strings.TrimSpace(list), false
	}
	return list[:i], strings.TrimSpace(list[i+1:]), true
}

// parseHop reads an entry of X-Forwarded-For: an address, which some proxies
// write with a port or in brackets.
func parseHop(text string) (netip.Addr, bool) {
	if with, err := netip.ParseAddrPort(text); err == nil {
		return plain(with.Addr()), true
	}
	inner, bracketed := strings.CutPrefix(text, "[")
	if bracketed {
		inner = strings.TrimSuffix(inner, "]")
	}
	addr, err := netip.ParseAddr(inner)
	return plain(addr), err == nil
}

// may reports whether a request comes from where pushes may come from.
func (p *peers) may(r *http.Request) bool {
	return len(p.allowed) == 0 || p.allowed.contain(p.client(r))
}
