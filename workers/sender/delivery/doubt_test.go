package delivery_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/pkg/wxsim"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// Nobody knows whether a part arrived whose call got no answer: the settings
// say whether it is sent again.
func TestPartInDoubt(t *testing.T) {
	arrived, lost := wxsim.Fault{Drop: true, Delivered: true}, wxsim.Fault{Drop: true}
	tests := []struct {
		name   string
		policy delivery.InDoubt
		fault  wxsim.Fault
		at     int // the part whose call gets no answer
		want   []string
	}{
		{"resend what arrived", delivery.Resend, arrived, 2, []string{"1", "2", "2", "3"}},
		{"resend what was lost", delivery.Resend, lost, 2, []string{"1", "2", "3"}},
		{"skip what arrived", delivery.Skip, arrived, 2, []string{"1", "2", "3"}},
		{"skip what was lost", delivery.Skip, lost, 2, []string{"1", "3"}},
		{"skip the first", delivery.Skip, lost, 1, []string{"2", "3"}},
		{"skip the last", delivery.Skip, lost, 3, []string{"1", "2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.start(func(c *delivery.Config) { c.InDoubt = tt.policy })
			r.api.before(func(n int, _ call) {
				if n == tt.at {
					r.sim.Weather().Next(1, tt.fault)
				}
			})
			id := r.publish("main", openID, texts(openID, "1", "2", "3"))
			r.settled(0)
			if diff := cmp.Diff(tt.want, r.reads("main", openID, len(tt.want))); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			if got := r.log.String(); !strings.Contains(got, "part in doubt") || !strings.Contains(got, id) ||
				!strings.Contains(got, "policy="+string(tt.policy)) {
				t.Errorf("the log does not record the doubt:\n%s", got)
			}
		})
	}
}

// A part that was sent is not in doubt because NATS went away before that could
// be noted, for so long that the sender lost its partitions.
func TestPartIsNotedWhenNATSIsBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start(func(c *delivery.Config) { c.Order = worker.OrderUser })
	r.api.before(func(int, call) { r.nats.Down() })
	r.publish("main", openID, text(openID, "a"))
	bustest.Eventually(t, "the sender gives its partitions up", func() bool {
		return strings.Contains(r.log.String(), "ledger not written")
	})
	r.api.before(nil)
	r.nats.Up()
	bustest.Eventually(t, "the reply is settled", func() bool {
		part := fmt.Sprintf("%s-p%02d", delivery.Name, route.Partition(openID, partitions))
		consumer, err := r.js.Consumer(patience(t), bus.StreamOut, part)
		return err == nil && consumer.CachedInfo().AckFloor.Stream == 1
	})
	if got := r.sim.Counts().Sent; got != 1 {
		t.Errorf("sent %d times, want once", got)
	}
}

func TestSingleReplyInDoubt(t *testing.T) {
	tests := []struct {
		name   string
		policy delivery.InDoubt
		want   int
	}{
		{"resend", delivery.Resend, 2},
		{"skip", delivery.Skip, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.start(func(c *delivery.Config) { c.InDoubt = tt.policy })
			r.sim.Weather().Next(1, wxsim.Fault{Drop: true, Delivered: true})
			r.publish("main", openID, text(openID, "a"))
			r.settled(0)
			if got := r.sim.Counts(); got.Sends != tt.want || got.Sent != tt.want {
				t.Errorf("%d calls, %d arrived; want %d", got.Sends, got.Sent, tt.want)
			}
		})
	}
}

// A clear no is no doubt, whatever the settings say of doubts.
func TestSkipSendsAgainWhatWasRefused(t *testing.T) {
	r := newRig(t)
	r.start(skip)
	r.sim.Weather().Fail(-1, 1)
	r.publish("main", openID, text(openID, "a"))
	r.settled(0)
	if got := r.sim.Counts(); got.Sends != 2 || got.Sent != 1 {
		t.Errorf("%d calls, %d arrived; want 2 and 1", got.Sends, got.Sent)
	}
	if got := r.log.String(); strings.Contains(got, "part in doubt") {
		t.Errorf("the log speaks of a doubt:\n%s", got)
	}
}

// Without the step ledger for replies of one message, one still waits for a
// better moment, and arrives once.
func TestSingleReplyWithoutLedger(t *testing.T) {
	r := newRig(t)
	r.start(func(c *delivery.Config) { c.Ledger = delivery.LedgerParts })
	r.sim.Weather().Fail(-1, 2)
	r.publish("main", openID, text(openID, "a"))
	r.settled(0)
	if got := r.sim.Counts(); got.Sends != 3 || got.Sent != 1 {
		t.Errorf("%d calls, %d arrived; want 3 and 1", got.Sends, got.Sent)
	}
	if entries := r.nats.Stored("KV_" + bus.BucketLedger); len(entries) > 0 {
		t.Errorf("%d entries in the ledger", len(entries))
	}
}
