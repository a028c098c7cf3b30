package media // the guard of a dialer is seen from the inside only

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"syscall"
	"testing"
)

func TestPublicAddressesAreToldFromOthers(t *testing.T) {
	public := []string{
		"1.1.1.1", "8.8.8.8", "119.29.29.29", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
		"223.255.255.255", "2400:da00::6666", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
	}
	closed := []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
		"169.254.169.254", "169.254.0.23", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.168.0.1", "198.18.0.1",
		"198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254",
		"64:ff9b:1::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001::1", "2001:db8::1",
		"2002:7f00:1::", "3fff::1", "100::1", "4000::1",
	}
	for _, text := range public {
		if !isPublic(netip.MustParseAddr(text)) {
			t.Errorf("%s is not public", text)
		}
	}
	for _, text := range closed {
		if isPublic(netip.MustParseAddr(text)) {
			t.Errorf("%s is public", text)
		}
	}
	if isPublic(netip.Addr{}) {
		t.Error("no address is public")
	}
	for _, address := range []string{"", "localhost:80", "127.0.0.1", "/run/docker.sock"} {
		if err := publicOnly("tcp", address, nil); !errors.Is(err, errAddress) {
			t.Errorf("%q: error = %v", address, err)
		}
	}
}

// An address outside that redirects into the own network is followed no
// further. One server here stands for the Internet.
func TestRedirectIntoTheOwnNetworkIsNotFollowed(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("called") }))
	defer inside.Close()
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inside.URL+"/secret", http.StatusFound)
	}))
	defer outside.Close()
	f := newFetcher(Public)
	dialer := &net.Dialer{Control: func(network, address string, c syscall.RawConn) error {
		if address == outside.Listener.Addr().String() {
			return nil
		}
		return publicOnly(network, address, c)
	}}
	transport := f.client.Transport.(*http.Transport)
	transport.DialContext = dialer.DialContext
	defer transport.CloseIdleConnections()
	if _, err := f.fetch(t.Context(), image, outside.URL); !errors.Is(err, ErrBad) {
		t.Errorf("error = %v, want ErrBad", err)
	}
	if transport.Proxy != nil {
		t.Error("goes through a proxy, whose address is all that the guard would see")
	}
}
