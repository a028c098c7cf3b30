package worker_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// door is a handler that writes down who comes in and lets nobody out until it
// is opened.
type door struct {
	journal

	open chan struct{}
}

func newDoor() *door { return &door{open: make(chan struct{})} }

func (d *door) handle(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
	d.add(m.Field("Content"))
	<-d.open
	return wechat.TextReplies(m.Field("Content")), nil
}

// A replica holds as many messages as it has slots: what it cannot work on is
// there for others.
func TestNoMoreIsFetchedThanThereAreSlots(t *testing.T) {
	r := newRig(t)
	first, second := newDoor(), newDoor()
	r.run(on(wechat.KindText, first.handle), func(c *worker.Config) { c.Slots = 2 })
	for i := range 5 {
		r.text(fmt.Sprint("oUser", i), fmt.Sprint(i))
	}
	first.count(t, 2)
	if got := r.durable().NumAckPending; got != 2 {
		t.Errorf("%d messages fetched, want 2", got)
	}
	r.run(on(wechat.KindText, second.handle), nil)
	second.count(t, 3)
	close(first.open)
	close(second.open)
	r.replies(5)
	r.settled()
}

// The messages of one user are handled one after the other, those of others
// meanwhile.
func TestUsersDoNotWaitForEachOther(t *testing.T) {
	r := newRig(t)
	slow := newDoor()
	var quick journal
	r.run(on(wechat.KindText, func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
		if m.FromUserName == "oSlow" {
			return slow.handle(ctx, m)
		}
		quick.add(m.Field("Content"))
		return nil, nil
	}), nil)
	for i := range 3 {
		r.text("oSlow", fmt.Sprint(i))
	}
	for i := range 20 {
		r.text(fmt.Sprint("oQuick", i), "x")
	}
	quick.count(t, 20)
	if got := joined(slow.all()); got != "0" {
		t.Errorf("handled at the same time: %s", got)
	}
	close(slow.open)
	r.settled()
	if got := joined(slow.all()); got != "0 1 2" {
		t.Errorf("handled in the order %s", got)
	}
}

// Who is stopped finishes what is begun and gives the rest back at once:
// another replica need not wait for the AckWait, and nothing is done twice.
func TestStopFinishesWhatIsBegun(t *testing.T) {
	r := newRig(t)
	old, fresh := newDoor(), newDoor()
	stop := r.run(on(wechat.KindText, old.handle), func(c *worker.Config) { c.Slots = 3 })
	for _, content := range []string{"a", "b", "c"} {
		r.text("oUser", content) // b and c wait behind a
	}
	old.count(t, 1)
	bustest.Eventually(t, "all three are fetched", func() bool { return r.durable().NumAckPending == 3 })
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	r.run(on(wechat.KindText, fresh.handle), nil)
	close(old.open)
	if err := <-stopped; err != nil {
		t.Errorf("Run = %v", err)
	}
	close(fresh.open)
	r.replies(3)
	r.settled()
	rest := fresh.all()
	slices.Sort(rest) // between replicas there is no order
	if diff := cmp.Diff([][]string{{"a"}, {"b", "c"}}, [][]string{old.all(), rest}); diff != "" {
		t.Error(diff)
	}
}

// A handler that does not end in time is told to, and its message given back.
func TestStopIsBounded(t *testing.T) {
	r := newRig(t)
	var begun journal
	stop := r.run(on(wechat.KindText, func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
		begun.add(m.ID)
		<-ctx.Done()
		return nil, ctx.Err()
	}), func(c *worker.Config) { c.ShutdownTimeout = 100 * time.Millisecond })
	r.text("oUser", "x")
	begun.count(t, 1)
	if err := stop(); err != nil {
		t.Errorf("Run = %v", err)
	}
	r.run(on(wechat.KindText, echo), nil)
	r.replies(1)
	r.settled()
	if got := len(r.dead(0)); got != 0 {
		t.Errorf("%d dead letters", got)
	}
}

// A handler may take longer than the server waits for a sign of life.
func TestSlowHandlerKeepsItsMessage(t *testing.T) {
	r := newRig(t)
	_, err := r.nats.JetStream().CreateConsumer(t.Context(), bus.StreamIn, jetstream.ConsumerConfig{
		Durable: "echo", FilterSubjects: worker.DurableFor("echo", on(wechat.KindText, echo)).Filters,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: 11 * time.Second, MaxDeliver: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	var calls journal
	r.run(on(wechat.KindText, func(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
		calls.add(m.ID)
		bustest.Eventually(t, "more than an AckWait", func() bool { return since(m) > 13*time.Second })
		return nil, nil
	}), nil)
	r.push(fmt.Sprintf(`{"FromUserName":"u","CreateTime":%d,"MsgType":"text","MsgId":1}`, time.Now().Unix()))
	calls.count(t, 1)
	r.settled()
	if got := len(calls.all()); got != 1 {
		t.Errorf("handled %d times, want once", got)
	}
}

func since(m *wechat.Message) time.Duration {
	created, _ := m.Time()
	return time.Since(created)
}

// Two servers' worth of trouble: NATS goes away while messages are handled.
func TestWorkGoesOnWhenNATSIsBack(t *testing.T) {
	r := newRig(t)
	var calls journal
	r.run(on(wechat.KindText, func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
		calls.add(m.Field("Content"))
		return echo(ctx, m)
	}), nil)
	r.text("oUser", "before")
	r.replies(1)
	r.settled()
	r.nats.Down()
	r.nats.Up()
	r.text("oUser", "after")
	r.replies(2)
	r.settled()
	if got := joined(calls.all()); got != "before after" {
		t.Errorf("handled %s", got)
	}
}

func TestRunRefusesWhatCannotWork(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		mux        *worker.Mux
	}{
		{"Echo", "worker name", on(wechat.KindText, echo)},
		{"", "worker name", on(wechat.KindText, echo)},
		{"echo", "handles nothing", worker.NewMux()},
	} {
		err := worker.Run(t.Context(), tt.name, worker.Config{}, tt.mux, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Run(%q) = %v, want %s", tt.name, err, tt.want)
		}
	}
}
