package delivery_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/dead"
)

// A reply that an operator puts back goes on behind the parts that were sent,
// however often it takes.
func TestReplyThatIsPutBackGoesOnWhereItStopped(t *testing.T) {
	r := newRig(t)
	r.start()
	r.failAt(2, 45047)
	r.publish("main", openID, texts(openID, "1", "2", "3"))
	r.dead(1)
	retry := func(letter uint64) {
		t.Helper()
		if _, err := dead.On(r.bus).Retry(patience(t), letter); err != nil {
			t.Fatal(err)
		}
	}
	r.failAt(3, 45047) // before anything more is sent
	retry(1)
	r.dead(2)
	retry(2)
	if diff := cmp.Diff([]string{"1", "2", "3"}, r.reads("main", openID, 3)); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	r.settled(2)
	if got := r.sim.Counts(); got.Sends != 5 || got.Sent != 3 {
		t.Errorf("%d calls, %d arrived; want 5 and 3", got.Sends, got.Sent)
	}
}
