package worker_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// rig is a NATS server, and workers of the test's on it.
type rig struct {
	t    *testing.T
	nats *bustest.Server
	bus  *bus.Bus
	sent int
}

func newRig(t *testing.T) *rig {
	t.Helper()
	nats := bustest.Start(t)
	return &rig{t: t, nats: nats, bus: nats.Bus()}
}

// settings are quick ones.
func settings() worker.Settings {
	return worker.Settings{
		Slots: 4, Attempts: 3, Timeout: time.Minute, Backoff: 20 * time.Millisecond, BackoffMax: 40 * time.Millisecond,
	}
}

// run starts a replica of the worker echo and returns what stops it.
func (r *rig) run(mux *worker.Mux, change func(*worker.Config)) (stop func() error) {
	r.t.Helper()
	return r.runAs("echo", mux, change)
}

// runAs is run for a worker of another name.
func (r *rig) runAs(name string, mux *worker.Mux, change func(*worker.Config)) (stop func() error) {
	r.t.Helper()
	cfg := worker.Config{Settings: settings()}
	cfg.NATS, cfg.ShutdownTimeout = r.nats.Config(), 20*time.Second
	if change != nil {
		change(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	host := process.NewHost(name, slog.New(slog.DiscardHandler), process.NewHealth(ctx))
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx, name, cfg, mux, host); close(ended) }()
	stop = func() error { cancel(); return <-ended }
	r.t.Cleanup(func() { _ = stop() })
	bustest.Eventually(r.t, "the worker is ready", func() bool { return host.Health.Ready(r.t.Context()) == nil })
	return stop
}

// on returns a mux with one handler.
func on(kind wechat.Kind, handler worker.HandlerFunc) *worker.Mux {
	mux := worker.NewMux()
	mux.Handle(kind, handler)
	return mux
}

// text stores a text of a user as the ingress does and returns its id.
func (r *rig) text(user, content string) string {
	r.t.Helper()
	r.sent++
	return r.push(fmt.Sprintf(`{"FromUserName":%q,"CreateTime":1720000001,"MsgType":"text","Content":%q,"MsgId":%d}`, user, content, r.sent))
}

func (r *rig) push(message string) string {
	r.t.Helper()
	m, err := wechat.Decode([]byte(message))
	if err != nil {
		r.t.Fatal(err)
	}
	e := route.Pack("main", m, []byte(message), time.Now())
	if _, err := r.bus.Publish(r.t.Context(), e.Subject(16), e.ID, e.Header(), e.Body); err != nil {
		r.t.Fatal(err)
	}
	return e.ID
}

// replies waits for n replies and returns those that are stored.
func (r *rig) replies(n int) []*jetstream.RawStreamMsg { return r.stored(bus.StreamOut, n) }

// dead waits for n dead letters and returns those that are stored.
func (r *rig) dead(n int) []*jetstream.RawStreamMsg { return r.stored(bus.StreamDead, n) }

func (r *rig) stored(stream string, n int) (found []*jetstream.RawStreamMsg) {
	r.t.Helper()
	bustest.Eventually(r.t, fmt.Sprintf("%d messages in %s", n, stream), func() bool {
		found = r.nats.Stored(stream)
		return len(found) >= n
	})
	return found
}

// settled waits until the durable has nothing left to deliver or to hear of.
func (r *rig) settled() {
	r.t.Helper()
	bustest.Eventually(r.t, "everything is settled", func() bool {
		info := r.durable()
		return info.NumPending == 0 && info.NumAckPending == 0
	})
}

func (r *rig) durable() *jetstream.ConsumerInfo {
	r.t.Helper()
	durable, err := r.nats.JetStream().Consumer(r.t.Context(), bus.StreamIn, "echo")
	if err != nil {
		r.t.Fatal(err)
	}
	info, err := durable.Info(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return info
}

// journal is what handlers write down.
type journal struct {
	mu      sync.Mutex
	entries []string
}

func (j *journal) add(entry string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry)
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.entries...)
}

// count waits for n entries and returns them.
func (j *journal) count(t *testing.T, n int) []string {
	t.Helper()
	bustest.Eventually(t, fmt.Sprintf("%d entries", n), func() bool { return len(j.all()) >= n })
	return j.all()
}

func joined(entries []string) string { return strings.Join(entries, " ") }
