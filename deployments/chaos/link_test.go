package chaos

import (
	"net"
	"strings"
	"sync"
)

// link is the network between one program and the nats-servers: a proxy in front
// of each server.
type link struct {
	listeners []net.Listener

	mu    sync.Mutex
	open  chan struct{} // closed while what is sent arrives
	conns map[net.Conn]struct{}
}

func newLink(servers []string) (*link, error) {
	l := &link{open: make(chan struct{}), conns: make(map[net.Conn]struct{})}
	close(l.open)
	for _, server := range servers {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			l.close()
			return nil, err
		}
		l.listeners = append(l.listeners, listener)
		go l.serve(listener, server)
	}
	return l, nil
}

// url is the setting NATS_URL of the program.
func (l *link) url() string {
	var urls []string
	for _, listener := range l.listeners {
		urls = append(urls, "nats://"+listener.Addr().String())
	}
	return strings.Join(urls, ",")
}

func (l *link) serve(listener net.Listener, server string) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", server)
		if err != nil {
			_ = near.Close()
			continue
		}
		l.join(near, far)
	}
}

func (l *link) join(near, far net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[near], l.conns[far] = struct{}{}, struct{}{}
	go l.pump(near, far)
	go l.pump(far, near)
}

// pump passes bytes on, but for what comes while the link is cut: that waits.
func (l *link) pump(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		<-l.gate()
		if n > 0 {
			if _, failed := to.Write(buffer[:n]); failed != nil {
				err = failed
			}
		}
		if err != nil {
			l.drop(from, to)
			return
		}
	}
}

func (l *link) gate() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

func (l *link) drop(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
		delete(l.conns, conn)
	}
}

// cut has nothing arrive any more, in either direction; nobody is told.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = make(chan struct{})
}

// mend has everything arrive that was sent meanwhile, or the connections be
// forgotten with what is in them.
func (l *link) mend(forget bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.conns {
		if forget {
			_ = conn.Close()
		}
	}
	close(l.open)
}

func (l *link) close() {
	for _, listener := range l.listeners {
		_ = listener.Close()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.conns {
		_ = conn.Close()
	}
}
