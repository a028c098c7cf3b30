package door

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// connected returns both ends of a connection, the near one as the server has it.
func connected(t *testing.T) (near *conn, far net.Conn) {
	t.Helper()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	if far, err = net.Dial("tcp", tcp.Addr().String()); err != nil {
		t.Fatal(err)
	}
	accepted, err := listener{tcp}.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close(); _ = accepted.Close() })
	return accepted.(*conn), far
}

// watch reads one byte, as net/http does while a handler works.
func watch(c *conn) <-chan error {
	ended := make(chan error, 1)
	go func() { _, err := c.Read(make([]byte, 1)); ended <- err }()
	return ended
}

var longAgo = time.Unix(1, 0)

func TestWatchEndsWhenTheServerEndsIt(t *testing.T) {
	c, far := connected(t)
	for _, early := range []bool{false, true} {
		done := hush(withConn(context.Background(), c))
		if early { // the watch has not begun
			_ = c.SetReadDeadline(longAgo)
		}
		ended := watch(c)
		if !early {
			_ = c.SetReadDeadline(longAgo)
		}
		if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("watch ended with %v", err)
		}
		_ = c.SetReadDeadline(time.Time{})
		done()
		_, _ = io.WriteString(far, "ab") // the next request is there, all of it
		buf := make([]byte, 2)
		if _, err := io.ReadFull(c, buf); err != nil || string(buf) != "ab" {
			t.Errorf("then %q, %v was read", buf, err)
		}
	}
}

func TestWatchEndsWithItsConnection(t *testing.T) {
	c, _ := connected(t)
	hush(withConn(context.Background(), c))
	ended := watch(c)
	_ = c.Close()
	<-ended
}

func TestOneByteIsReadWhenNoHandlerWorks(t *testing.T) {
	c, far := connected(t)
	ended := watch(c)
	_, _ = io.WriteString(far, "a")
	if err := <-ended; err != nil {
		t.Error(err)
	}
	_ = c.SetReadDeadline(longAgo)
	if err := <-watch(c); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read after its deadline: %v", err)
	}
}

func TestDeadlinesCount(t *testing.T) {
	c, far := connected(t)
	_ = c.SetReadDeadline(time.Now().Add(time.Hour))
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := c.Read(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	_ = c.SetReadDeadline(time.Time{})
	_, _ = io.WriteString(far, "a")
	if _, err := c.Read(make([]byte, 10)); err != nil {
		t.Errorf("read without a deadline: %v", err)
	}
	_ = c.SetDeadline(time.Now().Add(20 * time.Millisecond))
	for err := error(nil); err == nil; { // nobody reads this
		if _, err = c.Write(make([]byte, 1<<20)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write: %v", err)
		}
	}
}

func TestHushWithoutSuchAConnection(*testing.T) { hush(context.Background())() }
