package up

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// doors are where wxbus is reached.
type doors struct {
	pushes net.Listener // of WeChat
	page   net.Listener // of the simulator; nil with a real account
	moved  []string     // what is not where it usually is
}

// listen opens the doors. A default port that is taken is replaced by the next
// one that is free, as long as nobody but the simulator has to find it; one
// that was asked for is not.
func listen(cfg *Config) (d *doors, err error) {
	d = new(doors)
	if d.pushes, err = d.open("HTTP_ADDR", string(cfg.Door.HTTPAddr), cfg.simulated); err != nil {
		return nil, err
	}
	if !cfg.simulated {
		return d, nil
	}
	if d.page, err = d.open("SIM_ADDR", string(cfg.SimAddr), true); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *doors) close() {
	for _, listener := range []net.Listener{d.pushes, d.page} {
		if listener != nil {
			_ = listener.Close()
		}
	}
}

// mostMoves is how many ports are tried behind the default.
const mostMoves = 50

// open listens at the address of a setting.
func (d *doors) open(setting, addr string, mayMove bool) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
		return listener, named(setting, err)
	}
	host, text, _ := net.SplitHostPort(addr) // has been listened on
	port, _ := strconv.Atoi(text)
	if mayMove && os.Getenv(setting) == "" {
		for next := port + 1; next <= port+mostMoves; next++ {
			if listener, other := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(next))); other == nil {
				d.moved = append(d.moved, fmt.Sprintf("port %d is taken: it is %d this time; %s=%s sets another one", port, next, setting, net.JoinHostPort(host, text)))
				return listener, nil
			}
		}
	}
	return nil, fmt.Errorf("%s: %w: another program has this port; stop it, or set %s=%s", setting, err, setting, net.JoinHostPort(host, strconv.Itoa(port+1)))
}

func named(setting string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", setting, err)
}

// reachable returns an address of this machine for one that is listened on.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
