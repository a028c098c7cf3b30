package door_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// A path is the account's with at most one slash behind it. It is neither
// cleaned nor redirected: WeChat follows no redirect.
func TestPathIsTakenAsItIs(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	c := count(t, r.nats)
	for i, tt := range []struct {
		path string
		want answer
	}{
		{"/wechat/plain", success},
		{"/wechat/plain/", success},
		{"/wechat/%70lain", success},
		{"http://door/wechat/plain", success},
		{"http://another:99/wechat/plain/", success},
		{"https://user@door/wechat/plain", success},

		{"//wechat/plain", notFound},
		{"/wechat//plain", notFound},
		{"/wechat/plain//", notFound},
		{"/wechat/plain///", notFound},
		{"/wechat/./plain", notFound},
		{"/wechat/plain/.", notFound},
		{"/wechat/plain/..", notFound},
		{"/wechat/nobody/../plain", notFound},
		{"/wechat/%2e%2e/wechat/plain", notFound},
		{"/../wechat/plain", notFound},
		{"/wechat/plain;v=1", notFound},
		{"/wechat/plain;", notFound},
		{"/wechat/plain.", notFound},
		{"/wechat/plain%00", notFound},
		{"/wechat/plain%20", notFound},
		{"/wechat/plain%252F", notFound},
		{"/wechat/pl%2Fain", notFound},
		{"/wechat%2Fplain", notFound},
		{"/wechat/plain/main", notFound},
		{"/wechat/PLAIN", notFound},
		{"/WECHAT/plain", notFound},
		{"/wechat/:account", notFound},
		{"/wechat/*", notFound},
		{"/wechat/你好", notFound},
		{"/wechat/" + strings.Repeat("a", 8000), notFound},
		{"/wechat/" + strings.Repeat("../", 2000) + "plain", notFound},
		{"/wechat/", notFound},
		{"/wechat", notFound},
		{"/wechat/plain/index.html", notFound},
		{"/", notFound},
		{"http://door", notFound},
		{"/healthz", notFound},
		{"/metrics", notFound},
		{"/debug/pprof/", notFound},
	} {
		name := tt.path[:min(len(tt.path), 40)]
		t.Run(name, func(t *testing.T) {
			stored := 0
			if tt.want == success {
				stored = 1
			}
			exchange{say: request("POST", target(tt.path), textNo(i)), want: []answer{tt.want}, stored: stored}.hold(t, r, c)
		})
	}
}

// What is no HTTP is answered by Go's server, and the connection closed.
func TestRequestMustBeHTTP(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	c := count(t, r.nats)
	post := "POST " + target("/wechat/plain")
	length := fmt.Sprintf("Content-Length: %d", len(text))
	for i, tt := range []exchange{
		{"HTTP/1.0 without Host", bare(post+" HTTP/1.0", text, length), []answer{success}, 1, true},
		{"HTTP/1.0 that stays", bare(post+" HTTP/1.0", text, length, "Connection: keep-alive"), []answer{success}, 1, false},
		{"Connection: close", bare(post+" HTTP/1.1", text, "Host: door", length, "Connection: close"), []answer{success}, 1, true},
		{"lines that end without CR", strings.ReplaceAll(bare(post+" HTTP/1.1", text, "Host: door", length), "\r\n", "\n"), []answer{success}, 1, false},
		{"empty Host", bare(post+" HTTP/1.1", text, "Host:", length), []answer{success}, 1, false},
		{"another Host", bare(post+" HTTP/1.1", text, "Host: [::1]:99", length), []answer{success}, 1, false},
		{"no Host", bare(post+" HTTP/1.1", text, length), []answer{brokenHTTP}, 0, true},
		{"two Hosts", bare(post+" HTTP/1.1", text, "Host: door", "Host: wall", length), []answer{brokenHTTP}, 0, true},
		{"Host that is none", bare(post+" HTTP/1.1", text, "Host: <door>", length), []answer{brokenHTTP}, 0, true},
		{"HTTP/0.9", post + "\r\n\r\n", []answer{brokenHTTP}, 0, true},
		{"HTTP/3.0", bare(post+" HTTP/3.0", text, "Host: door", length), []answer{{http.StatusHTTPVersionNotSupported, "505 HTTP Version Not Supported"}}, 0, true},
		{"no version", bare(post+" HTTP", text, "Host: door", length), []answer{brokenHTTP}, 0, true},
		{"blank in the target", bare("POST /wechat /plain HTTP/1.1", text, "Host: door", length), []answer{brokenHTTP}, 0, true},
		{"control character in the target", bare("POST /wechat/plain\x01 HTTP/1.1", text, "Host: door", length), []answer{brokenHTTP}, 0, true},
		{"escape in the path that is none", bare("POST /wechat/%zzplain HTTP/1.1", text, "Host: door", length), []answer{brokenHTTP}, 0, true},
		{"no target", bare("POST  HTTP/1.1", text, "Host: door", length), []answer{brokenHTTP}, 0, true},
		{"blank in a header's name", bare(post+" HTTP/1.1", text, "Host: door", "X Y: 1", length), []answer{brokenHTTP}, 0, true},
		{"header without a colon", bare(post+" HTTP/1.1", text, "Host: door", "X", length), []answer{brokenHTTP}, 0, true},
		{"NUL in a header", bare(post+" HTTP/1.1", text, "Host: door", "X: a\x00b", length), []answer{brokenHTTP}, 0, true},
		{"header folded as in old times", bare(post+" HTTP/1.1", text, "Host: door", "X: a\r\n b", length), []answer{success}, 1, false},
		{"first header folded", bare(post+" HTTP/1.1", text, " Host: door", "Host: door", length), []answer{brokenHTTP}, 0, true},
		{"bytes of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", []answer{brokenHTTP}, 0, true},
		{"HTTP/2 unasked", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []answer{notFound}, 0, true},
		{"method in lower case", request("post", target("/wechat/plain"), text), []answer{notAllowed}, 0, false},
		{"CONNECT", request("CONNECT", target("/wechat/plain"), text), []answer{notAllowed}, 0, false},
		{"60 kB of headers", request("POST", target("/wechat/plain"), text, "X: "+strings.Repeat("y", 60_000)), []answer{success}, 1, false},
		{"70 kB of headers", request("POST", target("/wechat/plain"), text, "X: "+strings.Repeat("y", 70_000)), []answer{headTooLong}, 0, true},
		{"70 kB of query", request("POST", target("/wechat/plain")+"&x="+strings.Repeat("y", 70_000), text), []answer{headTooLong}, 0, true},
		{"3,000 headers", request("POST", target("/wechat/plain"), text, strings.Repeat("X: y\r\n", 2999)+"X: y"), []answer{success}, 1, false},
		{"traces of strangers", request("POST", target("/wechat/plain"), text, "Traceparent: "+strings.Repeat("0", 9000), "Tracestate: "+strings.Repeat("a=b,", 9000), "Baggage: a="+strings.Repeat("b", 9000)), []answer{success}, 1, false},
		{"wishes to change the protocol", request("POST", target("/wechat/plain"), text, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"), []answer{success}, 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.say = strings.ReplaceAll(tt.say, text, textNo(i))
			tt.hold(t, r, c)
		})
	}
}

// One connection may hold many requests at once; they are answered in order.
func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	c := count(t, r.nats)
	w := dial(t, r)
	w.say(request("POST", target("/wechat/plain"), textNo(1)) +
		request("POST", target("/wechat/nobody"), textNo(2)) +
		request("POST", "/wechat/plain", textNo(3)) +
		"\r\n" + request("GET", target("/wechat/plain")+"&echostr=4", "") +
		request("PUT", target("/wechat/plain"), textNo(5)) +
		request("POST", target("/wechat/plain"), textNo(1)) +
		request("POST", target("/wechat/plain"), textNo(7)))
	var got []answer
	for range 7 {
		heard, _ := w.hear(http.MethodPost)
		got = append(got, heard)
	}
	want := []answer{success, notFound, refused, {http.StatusOK, "4"}, notAllowed, success, success}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := c.stored(); got != 2 {
		t.Errorf("stored %d messages, want 2", got)
	}
}
