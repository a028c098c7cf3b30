package delivery_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// paused is what the log says of a reply that waits because of another one.
const paused = "the account pauses"

// An account that WeChat has throttled is not called by any replica; other
// accounts are.
func TestThrottledAccountPausesForAllReplicas(t *testing.T) {
	r := newRig(t)
	r.meet("main", otherID)
	r.meet("main", "oLate")
	replicas := []*program{r.start(), r.start()}
	r.sim.Weather().Fail(-1, 2) // the third attempt pauses the account for 8 s
	r.sim.Weather().Fail(45009, 1)
	r.publish("main", openID, text(openID, "a"))
	bustest.Eventually(t, "the account pauses", func() bool {
		return strings.Contains(r.log.String(), `msg="account pauses" program=sender account=main for=8s`)
	})
	for _, replica := range replicas {
		bustest.Eventually(t, "every replica knows of the pause", func() bool {
			r.publish("main", otherID, text(otherID, "b"))
			return strings.Contains(replica.log.String(), paused)
		})
	}
	for range 6 {
		id := r.publish("main", "oLate", text("oLate", "c"))
		bustest.Eventually(t, "the reply waits", func() bool { return strings.Contains(r.log.String(), id) })
	}
	r.publish("shop", openID, text(openID, "d"))
	r.received("shop", openID, 1)
	if got := len(r.api.seen("oLate")); got != 0 {
		t.Errorf("%d calls for the account that pauses", got)
	}
	if got := r.lastSeq(bus.StreamDead); got != 0 {
		t.Errorf("%d dead letters, want none", got)
	}
}

// What waited is sent when the pause is over, and the pause costs one call.
func TestThrottledAccountGoesOnAfterThePause(t *testing.T) {
	r := newRig(t)
	r.meet("main", otherID)
	r.start()
	r.sim.Weather().Fail(45009, 1)
	r.publish("main", openID, text(openID, "a"))
	bustest.Eventually(t, "the account pauses", func() bool {
		return strings.Contains(r.log.String(), "account pauses")
	})
	r.publish("main", otherID, text(otherID, "b"))
	got := [][]string{r.reads("main", openID, 1), r.reads("main", otherID, 1)}
	if diff := cmp.Diff([][]string{{"a"}, {"b"}}, got); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	r.settled(0)
	calls := r.api.seen("")
	if len(calls) != 3 {
		t.Fatalf("%d calls, want 3", len(calls))
	}
	if apart := calls[1].Time.Sub(calls[0].Time); apart.Seconds() < 1.9 {
		t.Errorf("the account was called again after %s", apart)
	}
}
