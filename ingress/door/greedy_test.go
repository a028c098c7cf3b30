package door_test

import (
	"io"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// Who asks and asks, and never listens, is hung up on.
func TestCallersWhoDoNotListenAreNotWaitedFor(t *testing.T) {
	r, listener := serveHastily(t, bustest.Start(t))
	say := strings.Repeat(request("GET", target("/wechat/plain")+"&echostr="+strings.Repeat("x", 4000), ""), 50)
	w := dial(t, r)
	if err := w.conn.SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	go func() {
		for err := error(nil); err == nil; {
			_, err = io.WriteString(w.conn, say)
		}
	}()
	bustest.Eventually(t, "the ingress hangs up", func() bool { return listener.hungUp() > 0 })
	_ = w.conn.Close()
}
