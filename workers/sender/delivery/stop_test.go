package delivery_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxsim"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// A sender that stops finishes the call that is under way and gives back what
// it has not begun. The next one sends the rest; nothing is sent twice.
func TestStopLosesNothing(t *testing.T) {
	r := newRig(t)
	began, release := make(chan struct{}), make(chan struct{})
	r.api.before(func(n int, _ call) {
		if n == 1 {
			close(began)
			<-release
		}
	})
	var want []string
	for i := range 10 {
		want = append(want, fmt.Sprint(i))
		r.publish("main", openID, text(openID, want[i]))
	}
	first := r.start()
	<-began
	stopped := make(chan error, 1)
	go func() { stopped <- first.stop() }()
	bustest.Eventually(t, "the sender stops", func() bool { return first.ready(context.Background()) != nil })
	close(release)
	if err := <-stopped; err != nil {
		t.Errorf("Run = %v", err)
	}
	if got := r.sim.Counts(); got.Sends != 1 || got.Sent != 1 {
		t.Errorf("before the restart: %d calls, %d arrived; want 1", got.Sends, got.Sent)
	}
	r.start()
	got := r.reads("main", openID, len(want))
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	r.settled(0)
	if got := r.sim.Counts().Sends; got != len(want) {
		t.Errorf("%d calls, want %d", got, len(want))
	}
}

// A call that outlasts SHUTDOWN_TIMEOUT is in doubt; parts that were sent are
// not sent again.
func TestStopCutsACallThatHangs(t *testing.T) {
	tests := []struct {
		policy delivery.InDoubt
		want   []string
	}{
		{delivery.Resend, []string{"1", "2", "3"}},
		{delivery.Skip, []string{"1", "3"}},
	}
	for _, tt := range tests {
		t.Run(string(tt.policy), func(t *testing.T) {
			r := newRig(t)
			hangs := make(chan struct{})
			r.api.before(func(n int, _ call) {
				if n == 2 {
					r.sim.Weather().Next(1, wxsim.Fault{Hang: true})
					close(hangs)
				}
			})
			settings := func(c *delivery.Config) {
				c.InDoubt, c.ShutdownTimeout = tt.policy, 200*time.Millisecond
			}
			first := r.start(settings)
			r.publish("main", openID, texts(openID, "1", "2", "3"))
			<-hangs
			if err := first.stop(); err != nil {
				t.Errorf("Run = %v", err)
			}
			r.start(settings)
			if diff := cmp.Diff(tt.want, r.reads("main", openID, len(tt.want))); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			r.settled(0)
			if got := r.log.String(); tt.policy == delivery.Skip && !strings.Contains(got, "part in doubt") {
				t.Errorf("the log does not record the doubt:\n%s", got)
			}
		})
	}
}

// Programs start in any order: a sender waits for NATS, not ready, and works
// once it is there.
func TestSenderWaitsForNATS(t *testing.T) {
	r := newRig(t)
	r.nats.Down()
	sender := r.start()
	if err := sender.ready(t.Context()); err == nil {
		t.Error("ready without NATS")
	}
	r.nats.Up()
	r.publish("main", openID, text(openID, "a"))
	r.received("main", openID, 1)
	bustest.Eventually(t, "the sender is ready", func() bool { return sender.ready(t.Context()) == nil })
	if err := sender.stop(); err != nil {
		t.Errorf("Run = %v", err)
	}
	if err := sender.ready(t.Context()); err == nil {
		t.Error("ready after its end")
	}
}

// A stop while NATS is away needs no more than SHUTDOWN_TIMEOUT.
func TestStopWithoutNATS(t *testing.T) {
	r := newRig(t)
	sender := r.start()
	r.publish("main", openID, text(openID, "a"))
	r.settled(0)
	r.nats.Down()
	bustest.Eventually(t, "the sender notices", func() bool { return strings.Contains(r.log.String(), "connection to NATS lost") })
	started := time.Now()
	if err := sender.stop(); err != nil {
		t.Errorf("Run = %v", err)
	}
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("stopped after %s", took)
	}
}
