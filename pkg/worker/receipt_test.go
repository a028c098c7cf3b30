package worker_test

import (
	"context"
	"testing"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// A message whose handler ends while the connection is lost is acknowledged when
// it is back, and its slot is free for the next one.
func TestAcknowledgementsRideOutALostConnection(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var handled journal
	begun, end := make(chan struct{}, 8), make(chan struct{})
	r.run(on(wechat.KindText, func(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
		begun <- struct{}{}
		<-end
		handled.add(m.Field("Content"))
		return nil, nil
	}), nil)
	for _, user := range []string{"oA", "oB", "oC", "oD"} {
		r.text(user, "before")
	}
	for range 4 {
		receive(t, "a handler", begun)
	}
	r.nats.HangUp()
	close(end)
	for _, user := range []string{"oA", "oB", "oC", "oD", "oE"} {
		r.text(user, "after")
	}
	handled.count(t, 9)
	r.settled()
	if n := len(handled.all()); n != 9 {
		t.Errorf("handled %d times, want 9", n)
	}
}
