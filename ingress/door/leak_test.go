package door_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// usage is what the process holds.
type usage struct {
	goroutines int
	heap       uint64 // bytes
}

func used() usage {
	runtime.GC()
	runtime.GC() // what pools held until then
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return usage{runtime.NumGoroutine(), stats.HeapAlloc}
}

// backTo waits until the process holds hardly more than it did before.
func backTo(t *testing.T, before usage) {
	t.Helper()
	const goroutines, heap = 10, 8 << 20 // nats-server's own come and go
	bustest.Eventually(t, fmt.Sprintf("%d goroutines and %d bytes, or hardly more", before.goroutines, before.heap), func() bool {
		now := used()
		return now.goroutines <= before.goroutines+goroutines && now.heap <= before.heap+heap
	})
}

// crowd is as many connections as there are.
type crowd []*net.TCPConn

// crowdOf opens connections, of which each says the same.
func crowdOf(t *testing.T, r *rig, size int, say string) crowd {
	t.Helper()
	var c crowd
	for range size {
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			c.leave()
			t.Fatal(err)
		}
		c = append(c, conn.(*net.TCPConn))
		if _, err := io.WriteString(conn, say); err != nil {
			t.Error(err)
		}
	}
	return c
}

// hear returns how many of the crowd are given a status.
func (c crowd) hear(t *testing.T, status int) (given int) {
	t.Helper()
	for _, conn := range c {
		response, err := http.ReadResponse(bufio.NewReaderSize(conn, 512), nil)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := io.Copy(io.Discard, response.Body); err == nil && response.StatusCode == status {
			given++
		}
		_ = response.Body.Close()
	}
	return given
}

// leave closes all connections at once; none is kept by the kernel.
func (c crowd) leave() {
	for _, conn := range c {
		_ = conn.SetLinger(0)
		_ = conn.Close()
	}
}

// files returns how many connections of a test fit into the process, which
// holds both ends of each.
func files(t *testing.T, want int) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	const others = 1000
	return min(want, (int(limit.Cur)-others)/2)
}

// Connections that are open and idle hold no push up, and leave nothing.
func TestIdleCrowdIsNotNoticed(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	c := count(t, r.nats)
	if got := r.post("/wechat/main", sealed(t, textNo(0), appID)); got != success {
		t.Fatalf("answer = %+v", got)
	}
	before := used()
	size := files(t, 10_000)
	t.Logf("%d idle connections", size)
	idle := crowdOf(t, r, size, request("GET", "/", ""))
	if got := idle.hear(t, http.StatusNotFound); got != size {
		t.Errorf("%d of %d were answered 404", got, size)
	}
	for no := range 50 {
		if got := r.post("/wechat/main", sealed(t, textNo(1+no), appID)); got != success {
			t.Errorf("answer beside them = %+v", got)
		}
	}
	if got := c.stored(); got != 51 {
		t.Errorf("stored %d messages, want 51", got)
	}
	idle.leave()
	idle = nil // else it counts as held
	backTo(t, before)
}

// A body takes the memory of what has come, not of what was promised.
func TestPromisedBodyTakesNoMemory(t *testing.T) {
	const callers, promised = 60, 1 << 20
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.MaxBody = promised }).ready()
	if got := r.post("/wechat/main", sealed(t, text, appID)); got != success {
		t.Fatalf("answer = %+v", got)
	}
	before := used()
	head := bare("POST "+target("/wechat/plain")+" HTTP/1.1", "", "Host: door", fmt.Sprintf("Content-Length: %d", promised), "Expect: 100-continue")
	waiting := crowdOf(t, r, callers, head)
	if got := waiting.hear(t, http.StatusContinue); got != callers {
		t.Errorf("%d of %d were told to go on", got, callers)
	}
	if now := used(); now.heap > before.heap+callers*promised/8 {
		t.Errorf("%d callers who promise %d bytes take %d", callers, promised, now.heap-before.heap)
	}
	waiting.leave()
	waiting = nil // else it counts as held
	backTo(t, before)
}

// Pushes that go wrong in every way leave nothing behind.
func TestBadPushesLeaveNothing(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.MaxBody = 64 << 10 }).ready()
	c := count(t, r.nats)
	bad := []string{
		request("POST", "/wechat/main", text), request("POST", target("/wechat/main"), text), request("POST", target("/wechat/nobody"), text),
		request("POST", target("/wechat/plain"), textOf(65<<10, 1)), request("POST", target("/wechat/main"), "<xml><Encrypt>a</Encrypt></xml>"),
		request("PUT", target("/wechat/main"), text), request("GET", "/wechat/main", ""), "no HTTP\r\n\r\n",
		bare("POST "+target("/wechat/plain")+" HTTP/1.1", "zz\r\n", "Host: door", "Transfer-Encoding: chunked"),
		request("POST", target("/wechat/plain"), text)[:300],
	}
	var before usage
	for round := range 20 {
		for _, say := range bad {
			for _, w := range crowdOf(t, r, 5, say) {
				_ = w.CloseWrite()
				if said, err := io.ReadAll(w); err == nil && strings.Contains(string(said), "HTTP/1.1 5") {
					t.Errorf("answer to %.80q = %q", say, said)
				}
				_ = w.Close()
			}
		}
		if round == 0 {
			before = used()
		}
	}
	backTo(t, before)
	if got := c.stored(); got != 0 {
		t.Errorf("stored %d messages", got)
	}
}
