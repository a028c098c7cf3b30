package door

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// conn is a connection of net/http's that spares what no push needs. The
// server watches a connection while its handler works, to tell that the client
// is gone: a push is stored whether WeChat still waits or not. And it sets a
// deadline half a dozen times for a request, most of them a moment later than
// the one before.
type conn struct {
	*net.TCPConn

	mu          sync.Mutex
	read, write deadline
	quiet       bool // a handler works that does not want to be told
	waiting     bool // the server's watch waits for its end
	end         chan struct{}
}

// deadline is one for reads or writes.
type deadline struct {
	wanted time.Time // as the server set it
	armed  time.Time // as the operating system knows it
}

// exact is how exact a deadline is.
const exact = time.Second

// arm makes the wanted deadline count, if it differs from the one that does.
func (d *deadline) arm(set func(time.Time) error) error {
	if d.wanted.IsZero() == d.armed.IsZero() && d.wanted.Sub(d.armed).Abs() < exact {
		return nil
	}
	d.armed = d.wanted
	return set(d.wanted)
}

// listener makes connections quiet.
type listener struct{ net.Listener }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if tcp, ok := accepted.(*net.TCPConn); ok {
		return &conn{TCPConn: tcp, end: make(chan struct{}, 1)}, err
	}
	return accepted, err
}

type connKey struct{}

// withConn lets a handler find its connection.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// hush spares the watch over a request's connection until the handler is done.
// It must be called before the body is read, and only when its length is known:
// then nobody but the watch reads a single byte.
func hush(ctx context.Context) (done func()) {
	c, ok := ctx.Value(connKey{}).(*conn)
	if !ok {
		return func() {}
	}
	c.setQuiet(true)
	return c.loud
}

func (c *conn) loud() { c.setQuiet(false) }

func (c *conn) setQuiet(quiet bool) {
	c.mu.Lock()
	c.quiet = quiet
	c.mu.Unlock()
}

// Read implements net.Conn. The watch reads one byte.
func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	if len(p) == 1 && c.quiet {
		if c.waiting = !isAbort(c.read.wanted); c.waiting {
			c.mu.Unlock()
			<-c.end
			return 0, os.ErrDeadlineExceeded
		}
		c.mu.Unlock()
		return 0, os.ErrDeadlineExceeded
	}
	err := c.read.arm(c.TCPConn.SetReadDeadline)
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return c.TCPConn.Read(p)
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	err := c.write.arm(c.TCPConn.SetWriteDeadline)
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return c.TCPConn.Write(p)
}

// SetReadDeadline implements net.Conn. A deadline counts from the next Read on,
// but one in the past ends the watch at once.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read.wanted = t
	switch {
	case !isAbort(t):
		return nil
	case c.waiting:
		c.waiting = false
		c.end <- struct{}{}
		return nil
	}
	return c.read.arm(c.TCPConn.SetReadDeadline)
}

// SetWriteDeadline implements net.Conn. A deadline counts from the next Write on.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write.wanted = t
	return nil
}

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// isAbort reports whether a deadline is the one that ends a read under way.
func isAbort(t time.Time) bool { return !t.IsZero() && t.Year() < 2000 }

// Close implements net.Conn.
func (c *conn) Close() error {
	_ = c.SetReadDeadline(time.Unix(1, 0))
	return c.TCPConn.Close()
}
