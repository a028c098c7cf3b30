package door_test

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// impatient makes an ingress that answers 503 soon.
func impatient(c *door.Config) { c.PublishTimeout = 300 * time.Millisecond }

// While NATS is away WeChat is told to come again. What came meanwhile is
// stored once NATS is back, whether WeChat comes again or not, and once.
func TestOutageLosesAndDoublesNothing(t *testing.T) {
	nats := bustest.Start(t)
	r := serve(t, nats, impatient).ready()
	nats.Down()
	if got := r.post("/wechat/main", sealed(t, text, appID)); got.Status != http.StatusServiceUnavailable {
		t.Fatalf("answer = %+v, want 503", got)
	}
	nats.Up()
	bustest.Eventually(t, "the push is published on", func() bool { return len(nats.Stored(bus.StreamIn)) == 1 })
	bustest.Eventually(t, "WeChat's next delivery is a success", func() bool {
		return r.post("/wechat/main", sealed(t, text, appID)) == success
	})
	if got := len(nats.Stored(bus.StreamIn)); got != 1 {
		t.Errorf("stored %d messages, want 1", got)
	}
}

// A push that waits for a server that comes back in time is a success.
func TestShortOutageIsNotNoticed(t *testing.T) {
	nats := bustest.Start(t)
	r := serve(t, nats, func(c *door.Config) { c.PublishTimeout = 20 * time.Second }).ready()
	nats.Down()
	answered := r.begin("/wechat/main", sealed(t, text, appID))
	nats.Up()
	if got := <-answered; got != success {
		t.Errorf("answer = %+v", got)
	}
	if got := len(nats.Stored(bus.StreamIn)); got != 1 {
		t.Errorf("stored %d messages, want 1", got)
	}
}

// Programs may start in any order.
func TestNATSMayComeLater(t *testing.T) {
	nats := bustest.Start(t)
	nats.Down()
	r := serve(t, nats, impatient)
	if got := r.post("/wechat/main", sealed(t, text, appID)); got.Status != http.StatusServiceUnavailable {
		t.Fatalf("answer = %+v, want 503", got)
	}
	nats.Up()
	bustest.Eventually(t, "a push is a success", func() bool {
		return r.post("/wechat/main", sealed(t, text, appID)) == success
	})
}

// Who stops the ingress while NATS is away loses nothing if NATS is back
// within SHUTDOWN_TIMEOUT: a request under way is answered, and what was
// answered with 503 is stored.
func TestStopWaitsForWhatIsUnderWay(t *testing.T) {
	nats := bustest.Start(t)
	r := serve(t, nats, func(c *door.Config) { c.PublishTimeout = 2 * time.Second }).ready()
	nats.Down()
	event := `<xml><FromUserName>u</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType><Event>CLICK</Event></xml>`
	if got := r.post("/wechat/main", sealed(t, event, appID)); got.Status != http.StatusServiceUnavailable {
		t.Fatalf("answer = %+v, want 503", got)
	}
	answered := r.begin("/wechat/main", sealed(t, text, appID))
	stopped := make(chan error, 1)
	go func() { stopped <- r.stop() }()
	nats.Up()
	if got := <-answered; got != success {
		t.Errorf("answer to the request under way = %+v", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve = %v", err)
	}
	if got := len(nats.Stored(bus.StreamIn)); got != 2 {
		t.Errorf("stored %d messages, want 2", got)
	}
}

func TestMoreThanItCanHoldIsRefusedAtOnce(t *testing.T) {
	nats := bustest.Start(t)
	r := serve(t, nats, func(c *door.Config) { c.MaxInFlight = 1; c.PublishTimeout = 20 * time.Second }).ready()
	nats.Down()
	answered := r.begin("/wechat/main", sealed(t, text, appID))
	if got, _ := r.do(http.MethodGet, "/wechat/main", signed("").with("echostr", "1").query, nil); got.Status != http.StatusServiceUnavailable {
		t.Errorf("answer to a second request = %+v, want 503", got)
	}
	nats.Up()
	if got := <-answered; got != success {
		t.Errorf("answer to the first request = %+v", got)
	}
}

func TestFullStreamAsksWeChatToComeAgain(t *testing.T) {
	nats := bustest.Start(t)
	r := serve(t, nats, nil).ready()
	limitStream(t, nats, func(c *jetstream.StreamConfig) { c.MaxMsgs = 1 })
	if got := r.post("/wechat/main", sealed(t, text, appID)); got != success {
		t.Fatalf("answer = %+v", got)
	}
	second := strings.Replace(text, "135</MsgId>", "136</MsgId>", 1)
	if got := r.post("/wechat/main", sealed(t, second, appID)); got.Status != http.StatusServiceUnavailable {
		t.Errorf("answer = %+v, want 503", got)
	}
}

func TestWhatNATSCannotHoldIsTooLarge(t *testing.T) {
	nats := bustest.Start(t)
	r := serve(t, nats, nil).ready()
	limitStream(t, nats, func(c *jetstream.StreamConfig) { c.MaxMsgSize = 100 })
	if got := r.post("/wechat/main", sealed(t, text, appID)); got.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("answer = %+v, want 413", got)
	}
}

func limitStream(t *testing.T, nats *bustest.Server, change func(*jetstream.StreamConfig)) {
	t.Helper()
	js := nats.JetStream()
	stream, err := js.Stream(t.Context(), bus.StreamIn)
	if err != nil {
		t.Fatal(err)
	}
	cfg := stream.CachedInfo().Config
	change(&cfg)
	if _, err := js.UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
}

// The caller may go away as soon as he has said what he wanted: the push is
// stored all the same.
func TestPushOfAnImpatientCallerIsStored(t *testing.T) {
	nats := bustest.Start(t)
	r := serve(t, nats, nil).ready()
	nats.Down()
	p := sealed(t, text, appID)
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, r.url+"/wechat/main?"+p.query.Encode(), strings.NewReader(p.body))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(request.Write(conn), conn.Close()); err != nil {
		t.Fatal(err)
	}
	nats.Up()
	bustest.Eventually(t, "the push is stored", func() bool { return len(nats.Stored(bus.StreamIn)) == 1 })
}
