package door_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// The answers that ingress or Go's server give to what is no push.
var (
	badRequest  = answer{http.StatusBadRequest, "Bad Request"}
	notFound    = answer{http.StatusNotFound, "Not Found"}
	tooLarge    = answer{http.StatusRequestEntityTooLarge, "Request Entity Too Large"}
	notAllowed  = answer{http.StatusMethodNotAllowed, "Method Not Allowed"}
	goOn        = answer{http.StatusContinue, ""}
	brokenHTTP  = answer{http.StatusBadRequest, "400 Bad Request"}
	noCoding    = answer{http.StatusNotImplemented, "Unsupported transfer encoding"} // RFC 9112, 6.1 asks for it
	headTooLong = answer{http.StatusRequestHeaderFieldsTooLarge, "431 Request Header Fields Too Large"}
)

// wire is a bare connection to the ingress, for what net/http's client is too
// polite to say.
type wire struct {
	t      *testing.T
	conn   *net.TCPConn
	reader *bufio.Reader
}

func dial(t *testing.T, r *rig) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil { // a test must end
		t.Fatal(err)
	}
	return &wire{t, conn.(*net.TCPConn), bufio.NewReader(conn)}
}

// say sends text as it is. The ingress may have hung up by then.
func (w *wire) say(text string) { _, _ = io.WriteString(w.conn, text) }

// hear returns the next answer to a method. Go's server says more than the
// status of what is no HTTP; that is left out.
func (w *wire) hear(method string) (answer, http.Header) {
	w.t.Helper()
	response, err := http.ReadResponse(w.reader, &http.Request{Method: method})
	if err != nil {
		w.t.Errorf("no answer: %v", err)
		return answer{}, nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Error(err)
	}
	said := string(body)
	if response.StatusCode >= http.StatusBadRequest {
		said, _, _ = strings.Cut(said, ": ")
	}
	return answer{response.StatusCode, said}, response.Header
}

// closed reports whether the ingress has hung up without another word.
func (w *wire) closed() bool {
	_, err := w.reader.ReadByte()
	return err != nil && !isTimeout(err)
}

// isTimeout reports whether a read ended because the test did not wait longer.
func isTimeout(err error) bool {
	var failed net.Error
	return errors.As(err, &failed) && failed.Timeout()
}

// target is a path with a signed query.
func target(path string) string { return path + "?" + signed("").query.Encode() }

// request writes a request of HTTP/1.1 with a body; further header lines may
// follow the first ones.
func request(method, target, body string, lines ...string) string {
	lines = append([]string{"Host: door", fmt.Sprintf("Content-Length: %d", len(body))}, lines...)
	return bare(method+" "+target+" HTTP/1.1", body, lines...)
}

// bare writes a request of which nothing is given.
func bare(first, body string, lines ...string) string {
	return strings.Join(append([]string{first}, lines...), "\r\n") + "\r\n\r\n" + body
}

// chunked writes a body in chunks of a size.
func chunked(body string, size int) string {
	var text strings.Builder
	for len(body) > 0 {
		n := min(size, len(body))
		fmt.Fprintf(&text, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return text.String() + "0\r\n\r\n"
}

// textNo is a push with a MsgId of its own, as long as any other.
func textNo(n int) string {
	return strings.Replace(text, "24681357902468135", fmt.Sprint(24681357900000000+n), 1)
}

// textOf is a push of a size in bytes.
func textOf(size, no int) string {
	push := textNo(no)
	return strings.Replace(push, "你好", strings.Repeat("x", size-len(push)+len("你好")), 1)
}

// counter counts what the stream of pushes has ever stored.
type counter struct {
	t      testing.TB
	stream jetstream.Stream
}

func count(t testing.TB, nats *bustest.Server) counter {
	t.Helper()
	stream, err := nats.JetStream().Stream(t.Context(), bus.StreamIn)
	if err != nil {
		t.Fatal(err)
	}
	return counter{t, stream}
}

func (c counter) stored() int {
	c.t.Helper()
	info, err := c.stream.Info(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return int(info.State.LastSeq)
}

// exchange is what is said on one connection, and what has to be heard.
type exchange struct {
	name   string
	say    string
	want   []answer
	stored int
	closed bool // the ingress hangs up after the last answer
}

// hold says all of it and compares what is heard and stored.
func (x exchange) hold(t *testing.T, r *rig, c counter) {
	t.Helper()
	w := dial(t, r)
	before := c.stored()
	method, _, _ := strings.Cut(x.say, " ")
	go w.say(x.say)
	var got []answer
	for range x.want {
		heard, _ := w.hear(method)
		got = append(got, heard)
	}
	if diff := cmp.Diff(x.want, got); diff != "" {
		t.Error(diff)
	}
	if x.closed && !w.closed() {
		t.Error("the connection is still open")
	}
	if got := c.stored() - before; got != x.stored {
		t.Errorf("stored %d messages, want %d", got, x.stored)
	}
}
