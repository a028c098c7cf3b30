package delivery_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// failAt has the n-th call answer an errcode.
func (r *rig) failAt(n, errcode int) {
	r.api.before(func(i int, _ call) {
		if i == n {
			r.sim.Weather().Fail(errcode, 1)
		}
	})
}

// A reply goes on where it stopped, under either policy.
func TestReplyGoesOnWithThePartThatFailed(t *testing.T) {
	tests := []struct {
		policy delivery.InDoubt
		part   int
	}{{delivery.Resend, 2}, {delivery.Resend, 3}, {delivery.Skip, 2}}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.policy, " part ", tt.part), func(t *testing.T) {
			r := newRig(t)
			r.failAt(tt.part, -1)
			r.start(func(c *delivery.Config) { c.InDoubt = tt.policy })
			r.publish("main", openID, texts(openID, "1", "2", "3"))
			if diff := cmp.Diff([]string{"1", "2", "3"}, r.reads("main", openID, 3)); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			r.settled(0)
			if got := r.sim.Counts().Sends; got != 4 {
				t.Errorf("%d calls, want 4", got)
			}
		})
	}
}

// Pieces of a long text are parts like any other.
func TestLongTextGoesOnWithThePieceThatFailed(t *testing.T) {
	r := newRig(t)
	r.failAt(2, 45011)
	r.start()
	r.publish("main", openID, text(openID, longText))
	r.received("main", openID, 2)
	r.settled(0)
	if got := r.sim.Counts(); got.Sends != 3 || got.Sent != 2 {
		t.Errorf("%d calls, %d arrived; want 3 and 2", got.Sends, got.Sent)
	}
}

// The rest of a reply that is refused is not sent: each part builds on the one
// before.
func TestRefusedPartEndsItsReply(t *testing.T) {
	r := newRig(t)
	r.failAt(2, 45047)
	r.start()
	body := texts(openID, "1", "2", "3")
	id := r.publish("main", openID, body)
	wantLetter(t, r.dead(1), grave{"45047 " + wxapi.Meaning(45047), 1, stored("main", openID), 1, id}, body)
	r.settled(1)
	if diff := cmp.Diff([]string{"1"}, r.reads("main", openID, 1)); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	if got := r.sim.Counts().Sends; got != 2 {
		t.Errorf("%d calls, want 2", got)
	}
}

// NATS may be away while a reply is sent: what has been sent is noted once it
// is back, and not sent again.
func TestOutageInTheMiddleOfAReplyDoublesNothing(t *testing.T) {
	for _, policy := range []delivery.InDoubt{delivery.Resend, delivery.Skip} {
		t.Run(string(policy), func(t *testing.T) {
			r := newRig(t)
			down := make(chan struct{})
			r.api.before(func(n int, _ call) {
				if n == 1 {
					r.nats.Down()
					close(down)
				}
			})
			r.start(func(c *delivery.Config) { c.InDoubt = policy })
			r.publish("main", openID, texts(openID, "1", "2", "3"))
			<-down
			r.received("main", openID, 1)
			r.nats.Up()
			if diff := cmp.Diff([]string{"1", "2", "3"}, r.reads("main", openID, 3)); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			r.settled(0)
			if got := r.sim.Counts().Sends; got != 3 {
				t.Errorf("%d calls, want 3", got)
			}
		})
	}
}
