package quota_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/workers/sender/quota"
)

const (
	account = "main"
	user    = "oUser"
	minute  = time.Minute
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a NATS server, and replicas of the ledger on it.
type rig struct {
	t      *testing.T
	nats   *bustest.Server
	bus    *bus.Bus
	pushed int
}

func newRig(t *testing.T) *rig {
	t.Helper()
	nats := bustest.Start(t)
	return &rig{t: t, nats: nats, bus: nats.Bus()}
}

func rules() quota.Config {
	return quota.Config{PerMessage: 5, MessageWindow: 48 * time.Hour, PerEvent: 3, EventWindow: minute, Users: 1000}
}

// replica starts one more ledger on a connection of its own and waits until it
// is ready.
func (r *rig) replica(cfg quota.Config) *quota.Ledger {
	r.t.Helper()
	l, _ := r.replicaToStop(cfg)
	return l
}

func (r *rig) replicaToStop(cfg quota.Config) (l *quota.Ledger, stop func()) {
	r.t.Helper()
	l = quota.New(cfg, []string{account}, r.nats.Bus(), new(bustest.Logbook).Logger())
	stop = r.run(l)
	<-l.Ready()
	return l, stop
}

func (r *rig) run(l *quota.Ledger) (stop func()) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx); close(ended) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Errorf("Run: %v", err)
		}
	}
	r.t.Cleanup(stop)
	return stop
}

// What users do, as the fields of a push.
const (
	writes    = `"MsgType":"text","Content":"hi"`
	shows     = `"MsgType":"image","MediaId":"m"`
	taps      = `"MsgType":"event","Event":"CLICK","EventKey":"k"`
	picks     = `"MsgType":"text","Content":"yes","bizmsgmenuid":"h1"`
	follows   = `"MsgType":"event","Event":"subscribe"`
	scans     = `"MsgType":"event","Event":"SCAN","EventKey":"1"`
	scansCode = `"MsgType":"event","Event":"scancode_push","EventKey":"k"`
	waits     = `"MsgType":"event","Event":"scancode_waitmsg","EventKey":"k"`
	leaves    = `"MsgType":"event","Event":"unsubscribe"`
	views     = `"MsgType":"event","Event":"VIEW","EventKey":"https://example.com/"`
)

// does stores what a user did some time ago, as the ingress does.
func (r *rig) does(user, what string, ago time.Duration) {
	r.t.Helper()
	r.pushed++
	body := fmt.Sprintf(`{"FromUserName":%q,"CreateTime":%d,"MsgId":"%d",%s}`, user, time.Now().Add(-ago).Unix(), r.pushed, what)
	m, err := wechat.Decode([]byte(body))
	if err != nil {
		r.t.Fatal(err)
	}
	e := route.Pack(account, m, []byte(body), time.Now())
	if _, err := r.bus.Publish(r.t.Context(), e.Subject(16), e.ID, e.Header(), e.Body); err != nil {
		r.t.Fatal(err)
	}
}

// left waits until that many messages are left for a user.
func (r *rig) left(l *quota.Ledger, user string, want int) {
	r.t.Helper()
	bustest.Eventually(r.t, fmt.Sprintf("%d messages are left", want), func() bool {
		a := l.Left(account, user)
		return a.Known && a.Remaining == want
	})
}

// takes asks for n messages under an id and checks how many are granted.
func (r *rig) takes(l *quota.Ledger, user, id string, n, want int) {
	r.t.Helper()
	got, err := l.Take(r.t.Context(), account, user, id, n)
	if err != nil {
		r.t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("Take(%s, %s, %d) (-want +got):\n%s", user, id, n, diff)
	}
}

// sends takes one message n times.
func (r *rig) sends(l *quota.Ledger, user string, n int) {
	r.t.Helper()
	for i := range n {
		r.takes(l, user, fmt.Sprintf("reply to %s %d.%d", user, r.pushed, i), 1, 1)
	}
}
