package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// asked runs a handler that asks for the allowance of its user, who is oUser,
// and returns what it got to know.
func (r *rig) asked() wechat.Allowance {
	r.t.Helper()
	got := make(chan wechat.Allowance, 1)
	stop := r.run(on(wechat.KindText, func(ctx context.Context, _ *wechat.Message) (wechat.Replies, error) {
		a, err := worker.Allowance(ctx)
		if err == nil {
			got <- a
		}
		return nil, err
	}), nil)
	r.text("oUser", "hi")
	a := <-got
	if err := stop(); err != nil {
		r.t.Fatal(err)
	}
	return a
}

// answers has a sender answer those who ask, for as long as the test runs.
func (r *rig) answers(body string) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended, b := make(chan error, 1), r.nats.Bus()
	go func() {
		ended <- b.Answer(ctx, "wechat.allowance.main.*", "sender", func(subject string, _ []byte) []byte {
			if subject != "wechat.allowance.main.oUser" {
				return []byte(`{}`)
			}
			return []byte(body)
		})
	}()
	r.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
	})
	bustest.Eventually(r.t, "somebody answers", func() bool {
		_, err := r.bus.Ask(r.t.Context(), "wechat.allowance.main.oOther", nil)
		return err == nil
	})
}

func TestHandlersLearnWhatMayBeSent(t *testing.T) {
	r := newRig(t)
	r.answers(`{"known":true,"remaining":3,"expires_at":"2026-01-02T03:04:05Z"}`)
	want := wechat.Allowance{Known: true, Remaining: 3, ExpiresAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	if diff := cmp.Diff(want, r.asked()); diff != "" {
		t.Errorf("allowance (-want +got):\n%s", diff)
	}
}

func TestNothingIsKnownWhileNoSenderRuns(t *testing.T) {
	if diff := cmp.Diff(wechat.Allowance{}, newRig(t).asked()); diff != "" {
		t.Errorf("allowance (-want +got):\n%s", diff)
	}
}

func TestAllowanceNeedsTheContextOfAHandler(t *testing.T) {
	if _, err := worker.Allowance(t.Context()); err == nil {
		t.Error("no error")
	}
}
