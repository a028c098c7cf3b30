package delivery_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// news listens for outcomes.
func (r *rig) news() *nats.Subscription {
	r.t.Helper()
	sub, err := r.js.Conn().SubscribeSync("wechat.sent.>")
	if err == nil {
		err = r.js.Conn().Flush()
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return sub
}

// What becomes of a reply is told to whoever listens, once.
func TestOutcomeIsTold(t *testing.T) {
	tests := []struct {
		name, body, subject string
		errcode             int // of the second call
		want                map[string]any
	}{
		{
			"sent", texts(openID, "1", "2", "3"), "wechat.sent.main.ok", 0,
			map[string]any{"touser": openID, "parts": 3.0, "sent": 3.0, "errcode": 0.0, "reason": "", "attempts": 1.0},
		},
		{
			"sent at the second attempt", texts(openID, "1", "2"), "wechat.sent.main.ok", -1,
			map[string]any{"touser": openID, "parts": 2.0, "sent": 2.0, "errcode": 0.0, "reason": "", "attempts": 2.0},
		},
		{
			"refused", texts(openID, "1", "2"), "wechat.sent.main.dead", 45015,
			map[string]any{
				"touser": openID, "parts": 2.0, "sent": 1.0, "errcode": 45015.0, "attempts": 1.0,
				"reason": "45015 reply window closed or the user unfollowed",
			},
		},
		{
			"malformed", `{"touser":"` + openID + `"}`, "wechat.sent.main.dead", 0,
			map[string]any{"touser": openID, "parts": 0.0, "sent": 0.0, "errcode": 0.0, "reason": "malformed", "attempts": 1.0},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			if tt.errcode != 0 {
				r.failAt(2, tt.errcode)
			}
			news := r.news()
			r.start()
			tt.want["id"], tt.want["in_reply_to"] = r.publish("main", openID, tt.body), cause
			msg, err := news.NextMsg(30 * time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if msg.Subject != tt.subject || msg.Header.Get("traceparent") == "" || msg.Header.Get(route.HeaderInReplyTo) != cause {
				t.Errorf("told on %s with %v", msg.Subject, msg.Header)
			}
			var got map[string]any
			if err := json.Unmarshal(msg.Data, &got); err != nil {
				t.Fatal(err)
			}
			if latency, ok := got["latency_ms"].(float64); !ok || latency < 0 || latency > 60_000 {
				t.Errorf("latency_ms = %v", got["latency_ms"])
			}
			delete(got, "latency_ms")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			r.settled(map[bool]uint64{true: 1}[tt.subject == "wechat.sent.main.dead"])
			if n, _, _ := news.Pending(); n > 0 {
				t.Errorf("%d more outcomes", n)
			}
		})
	}
}

// A reply that only waited was not attempted: attempts are those of the ledger.
func TestDeliveriesWithoutACallAreNoAttempts(t *testing.T) {
	r := newRig(t)
	news := r.news()
	r.api.before(func(n int, _ call) {
		if n == 1 {
			r.sim.Weather().Fail(45011, 1) // the account pauses; the other reply waits
		}
	})
	r.start(func(c *delivery.Config) { c.Slots = 1 })
	r.publish("main", openID, text(openID, "a"))
	r.meet("main", otherID)
	r.publish("main", otherID, text(otherID, "b"))
	attempts := map[string]int{}
	for range 2 {
		msg, err := news.NextMsg(60 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			ToUser   string
			Attempts int
		}
		if err := json.Unmarshal(msg.Data, &got); err != nil {
			t.Fatal(err)
		}
		attempts[got.ToUser] = got.Attempts
	}
	if diff := cmp.Diff(fmt.Sprint(map[string]int{openID: 2, otherID: 1}), fmt.Sprint(attempts)); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}
