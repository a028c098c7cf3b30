package door_test

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// FuzzHandler lets a stranger, or WeChat, say anything to the ingress. JetStream
// is there all the time.
func FuzzHandler(f *testing.F) {
	seed(f)
	h := newHandler(f)
	f.Fuzz(func(t *testing.T, method, target, header string, body []byte, flags uint16) {
		c := call{method, target, header, body, choice(flags)}
		request := c.request(t)
		if request == nil {
			return
		}
		recorder := httptest.NewRecorder()
		h.server.ServeHTTP(recorder, request)
		h.check(t, c, request, recorder.Result(), recorder.Body.String())
	})
}

// handler is an ingress without a port, on a NATS server of its own.
type handler struct {
	server  *door.Server
	stored  counter
	last    int // sequence of the newest message
	seen    map[string]time.Time
	refusal http.Header // of the first 403
}

func newHandler(f *testing.F) *handler {
	f.Helper()
	nats := bustest.Start(f)
	cfg := door.Config{Accounts: accounts(), PublishTimeout: time.Minute, MaxBody: fuzzedBody, MaxInFlight: 64}
	cfg.NATS = nats.Config()
	server, err := door.NewServer(cfg, nats.Bus(), slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	return &handler{server: server, stored: count(f, nats), seen: map[string]time.Time{}}
}

// fuzzedBody is MAX_BODY of the fuzzed ingress.
const fuzzedBody = 64 << 10

// seed gives the pushes that package wechat has, plain and sealed, and the
// queries that others have got wrong.
func seed(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("../../pkg/wechat/testdata/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for i, file := range files {
		if strings.Contains(file, ".golden.") {
			continue
		}
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add("POST", "", "text/xml", body, uint16(isSigned|choice(i%4)))
		f.Add("POST", "openid="+openID, "application/json", body, uint16(isSigned|isSealed|choice(i%4)|choice(i%7)<<5))
	}
	for i, body := range []string{
		text, textJSON, "", "<xml>", "{}", "<xml><Encrypt>a</Encrypt></xml>", `{"Encrypt":"a","Encrypt":"b"}`,
		"你好 <&>\"'", "]]>", "<![CDATA[", " \r\n\t", "\x00\x01\xff", strings.Repeat("长", 30_000), strings.Repeat("<a>", 9000),
		`<xml><MsgType>text</MsgType><FromUserName>` + strings.Repeat("u", 60_000) + `</FromUserName><MsgId>1</MsgId></xml>`,
	} {
		for _, flags := range []choice{0, isSigned, isSigned | isSealed, isComposed | isSigned, isComposed | isSigned | isCDATA, isSealed | isSigned | isBoth} {
			f.Add("POST", "", "gzip", []byte(body), uint16(flags|choice(i%4)))
		}
	}
	for i, query := range []string{
		"echostr=1", "echostr=%2B+%zz&echostr=2", "signature=0&timestamp=;", "encrypt_type=aes", "msg_signature=0&encrypt_type=raw",
		"=&&=%26&%73ignature", "timestamp=1&nonce=2", "echostr=%3Cb%3E%0d%0aX:%20y",
	} {
		f.Add("GET", query, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", []byte(nil), uint16(isSigned|hasMethod|choice(i%4)))
		f.Add("POST", query, "a=b", []byte(text), uint16(isSigned|isFirst|choice(i%4)))
		f.Add("HEAD", "/wechat/main?"+query, "close", []byte(text), uint16(hasMethod|hasTarget))
	}
	for _, target := range []string{"//wechat/main", "/wechat/main//", "/wechat/%6dain", "/wechat/../wechat/main", "http://door/wechat/plain", "*", "/wechat/:account", "/wechat/main;a?b"} {
		f.Add("OPTIONS", target, "chunked", []byte(text), uint16(hasMethod|hasTarget|isChunked))
	}
	for _, v := range []push{signed(text), enveloped(strings.Repeat("A", 64), true), enveloped("", false)} {
		f.Add("POST", "/wechat/compat?"+v.query.Encode(), "", []byte(v.body), uint16(hasTarget))
		f.Add("POST", v.query.Encode(), "", []byte(v.body), uint16(isSealed|isBoth|isComposed|3))
	}
}

// check compares an answer, and what is stored, with what has to be.
func (h *handler) check(t *testing.T, c call, request *http.Request, got *http.Response, body string) {
	t.Helper()
	before := h.last
	h.stored.t = t
	h.last = h.stored.stored()
	isStored := h.last - before
	want := c.expect(request)
	switch code := got.StatusCode; {
	case code == http.StatusOK && !want.signed:
		t.Fatalf("%s without a right signature", got.Status)
	case code == http.StatusOK && request.Method == http.MethodGet:
		if echostr := request.URL.Query().Get("echostr"); body != echostr || isStored != 0 {
			t.Fatalf("echostr %q comes back as %q, %d stored", echostr, body, isStored)
		}
	case code == http.StatusOK && request.Method == http.MethodPost && body == success.Body:
		h.checkStored(t, c, want, isStored)
	case code == http.StatusForbidden && want.success:
		t.Fatalf("a genuine push is refused")
	case code == http.StatusForbidden:
		h.checkRefusal(t, got.Header, body)
		fallthrough
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed, code == http.StatusRequestEntityTooLarge, code == http.StatusBadRequest:
		if isStored != 0 || want.success && len(c.body) < fuzzedBody/4 {
			t.Fatalf("%s of %q, %d stored", got.Status, request.URL, isStored)
		}
	default:
		t.Fatalf("%s to %s, %q", got.Status, request.Method, body)
	}
}

func (h *handler) checkRefusal(t *testing.T, header http.Header, body string) {
	t.Helper()
	if h.refusal == nil {
		h.refusal = header
	}
	if diff := cmp.Diff(h.refusal, header); diff != "" || body != refused.Body {
		t.Fatalf("403 with %q%s", body, diff)
	}
}

// window is how long JetStream surely knows an id.
const window = 4 * time.Minute

// checkStored wants that success means one message more if it is the first
// delivery, and none if it is not.
func (h *handler) checkStored(t *testing.T, c call, want expected, isStored int) {
	t.Helper()
	at, again := h.seen[want.id]
	if known := again && time.Since(at) < window; want.id != "" && (known && isStored != 0 || !again && isStored != 1) {
		t.Fatalf("%d stored of %s, seen before: %v", isStored, want.id, again)
	}
	if isStored == 0 {
		return
	}
	m, err := h.stored.stream.GetMsg(t.Context(), uint64(h.last))
	if err != nil || isStored != 1 {
		t.Fatalf("stored %d messages: %v", isStored, err)
	}
	id := m.Header.Get("ce-id")
	if at, again := h.seen[id]; again && time.Since(at) < window || want.id != "" && id != want.id || m.Header.Get("Nats-Msg-Id") != id {
		t.Fatalf("stored as %s, want %s, seen before: %v", id, want.id, again)
	}
	h.seen[id] = time.Now()
	if want.id != "" {
		c.checkValues(t, m.Data)
	}
	if h.last%10_000 == 0 {
		if err := h.stored.stream.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// request writes the call as HTTP and reads it as Go's server would; it is nil
// for what is no HTTP.
func (c call) request(t *testing.T) *http.Request {
	t.Helper()
	method, target, body := c.say(t)
	if strings.ContainsAny(c.header, "\r\n\x00") || strings.ContainsAny(target+method, "\r\n") {
		return nil
	}
	lines := []string{"Host: door"}
	for _, name := range []string{"Content-Type", "Content-Encoding", "Traceparent", "Tracestate", "X-Forwarded-For", "X-Wx-Source", "X-HTTP-Method-Override", "Signature"} {
		lines = append(lines, name+": "+c.header)
	}
	if c.flags.has(isChunked) {
		lines, body = append(lines, "Transfer-Encoding: chunked"), []byte(chunked(string(body), 999))
	} else {
		lines = append(lines, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	text := bare(method+" "+target+" HTTP/1.1", "", lines...)
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(append([]byte(text), body...))))
	if err != nil {
		return nil
	}
	request.RemoteAddr = "192.0.2.1:1234"
	return request
}
