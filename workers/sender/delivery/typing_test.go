package delivery_test

import (
	"testing"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// A worker has a user see that an answer is being written; it costs nothing of
// what may be sent to him, and of two replicas one makes the call.
func TestTypingIsShownByOneReplica(t *testing.T) {
	r := newRig(t)
	r.start()
	r.start()
	r.publish("main", openID, text(openID, "a")) // both listen when this is through
	r.publish("main", openID, text(openID, "b"))
	r.received("main", openID, 2)
	r.meet("main", openID)
	bustest.Eventually(t, "the state is shown", func() bool {
		if err := r.js.Conn().Publish("wechat.typing.main."+openID, []byte(`{"command":"Typing"}`)); err != nil {
			t.Fatal(err)
		}
		return r.sim.Counts().Typing > 0
	})
	r.settled(0)
	if got := r.sim.Counts().Sent; got != 2 {
		t.Errorf("%d messages arrived, want 2", got)
	}
}
