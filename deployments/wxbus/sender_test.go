package main_test

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

// One of three senders is killed under load. Every message arrives, those of a
// reply in order; what was under way may come once more.
func TestKilledSenderLosesNothing(t *testing.T) {
	const users, parts, slots, senders = 90, 3, 4, 3
	nats := bustest.Start(t)
	sim, api := simulate(t, bustest.FreeAddr())
	ctx, b := patience(t), nats.Bus()
	env := append(credentials(), "NATS_URL="+nats.Config().URL, "WECHAT_API_URL="+api,
		fmt.Sprint("SENDER_SLOTS=", slots), "SENDER_GAP=20ms")
	var running []*program
	for range senders {
		admin := bustest.FreeAddr()
		running = append(running, start(t, "sender", nil, append(env, "ADMIN_ADDR="+admin)...))
		ready(t, admin)
	}
	for n := range users {
		_, _ = sim.Text(ctx, "safe", userOf(n), "在吗") // makes him known; nobody takes it
		if _, err := b.Publish(ctx, "wechat.out.safe."+userOf(n), fmt.Sprint("reply:", n), nil, threeTexts(n)); err != nil {
			t.Fatal(err)
		}
		if n == users/2 {
			bustest.Eventually(t, "some messages arrive", func() bool { return sim.Counts().Sent > users/4 })
			running[0].kill(syscall.SIGKILL)
		}
	}
	copies := 0
	for n := range users {
		sent, err := sim.Wait(ctx, "safe", userOf(n), parts)
		for err == nil && len(firsts(sent)) < parts { // what comes once more is not the rest
			sent, err = sim.Wait(ctx, "safe", userOf(n), len(sent)+1)
		}
		if err != nil {
			t.Fatalf("user %d: %v", n, err)
		}
		copies += repeated(sent)
		if diff := cmp.Diff([]string{"1", "2", "3"}, firsts(sent)); diff != "" {
			t.Errorf("user %d (-want +got):\n%s", n, diff)
		}
	}
	t.Logf("%d messages, %d extra copies, 1 kill", users*parts, copies)
	if copies > slots {
		t.Errorf("%d extra copies, want %d at most", copies, slots)
	}
}

func threeTexts(n int) []byte {
	return fmt.Appendf(nil, `{"touser":%q,"messages":[{"msgtype":"text","text":{"content":"1"}},`+
		`{"msgtype":"text","text":{"content":"2"}},{"msgtype":"text","text":{"content":"3"}}]}`, userOf(n))
}

// firsts returns the texts in the order in which each came first.
func firsts(sent []wxsim.Message) (texts []string) {
	seen := map[string]bool{}
	for _, m := range sent {
		if text := m.Text(); !seen[text] {
			seen[text] = true
			texts = append(texts, text)
		}
	}
	return texts
}
