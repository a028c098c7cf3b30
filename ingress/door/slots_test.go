package door_test

import (
	"net/http"
	"testing"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// slow begins a push and never sends the whole of its body.
func slow(t *testing.T, r *rig, target string) *wire {
	t.Helper()
	w := dial(t, r)
	w.say(bare("POST "+target+" HTTP/1.1", "", "Host: door", "Content-Length: 1000"))
	w.say("<xml>")
	return w
}

// Who cannot sign is answered before his body is waited for, and takes no
// place from who can.
func TestSlowStrangersHoldNoSlot(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.MaxInFlight = 1 }).ready()
	var strangers []*wire
	for range 20 {
		strangers = append(strangers,
			slow(t, r, "/wechat/plain"),
			slow(t, r, "/wechat/main?signature=0000000000000000000000000000000000000000&timestamp=1&nonce=2"),
			slow(t, r, "/wechat/nobody"))
	}
	if got := r.post("/wechat/plain", signed(text)); got != success {
		t.Errorf("answer to a push meanwhile = %+v", got)
	}
	for i, w := range strangers {
		want := refused
		if i%3 == 2 {
			want = notFound
		}
		if got, _ := w.hear(http.MethodPost); got != want || !w.closed() {
			t.Errorf("answer = %+v, want %+v and the end of the connection", got, want)
		}
	}
}

// Bodies that do not tell their size are measured beside the slots.
func TestStrangersWithoutASizeHoldNoSlot(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.MaxInFlight = 1 }).ready()
	for range 100 {
		w := dial(t, r)
		w.say(bare("POST /wechat/plain HTTP/1.1", "5\r\n<xml>\r\n", "Host: door", "Transfer-Encoding: chunked"))
	}
	if got := r.post("/wechat/plain", signed(text)); got != success {
		t.Errorf("answer to a push meanwhile = %+v", got)
	}
}

// A push past the last slot is refused before its body comes, and the one that
// holds the slot is not disturbed.
func TestShedPushIsNotRead(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.MaxInFlight = 1 }).ready()
	holder := dial(t, r)
	holder.say(bare("POST "+target("/wechat/plain")+" HTTP/1.1", "", "Host: door", "Expect: 100-continue", "Transfer-Encoding: chunked"))
	if got, _ := holder.hear(http.MethodPost); got != goOn {
		t.Fatalf("answer = %+v, want %+v", got, goOn)
	}
	w := slow(t, r, target("/wechat/plain"))
	if got, _ := w.hear(http.MethodPost); got.Status != http.StatusServiceUnavailable || !w.closed() {
		t.Errorf("answer = %+v, want 503 and the end of the connection", got)
	}
	if got, _ := slow(t, r, "/wechat/plain").hear(http.MethodPost); got != refused {
		t.Errorf("answer to a stranger meanwhile = %+v, want %+v", got, refused)
	}
	if err := r.host.Health.Ready(t.Context()); err != nil {
		t.Errorf("Ready = %v after a moment of shedding", err)
	}
	holder.say(chunked(text, 100))
	if got, _ := holder.hear(http.MethodPost); got != success {
		t.Errorf("answer to the push that holds the slot = %+v", got)
	}
	if got := r.post("/wechat/plain", signed(textNo(2))); got != success {
		t.Errorf("answer to the next push = %+v", got)
	}
}
