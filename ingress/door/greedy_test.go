package door_test

import (
	"io"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// Who asks and asks, and never listens, is hung up on.
func TestCallersWhoDoNotListenAreNotWaitedFor(t *testing.T) {
	r, _ := serveHastily(t, bustest.Start(t))
	say := strings.Repeat(request("GET", target("/wechat/plain")+"&echostr="+strings.Repeat("x", 4000), ""), 50)
	w := dial(t, r)
	if err := w.conn.SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := io.WriteString(w.conn, say); err != nil {
			if isTimeout(err) {
				t.Error("the ingress still waits to be heard")
			}
			return
		}
	}
}
