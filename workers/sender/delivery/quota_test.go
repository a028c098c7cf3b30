package delivery_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// push stores what the user has done, as the ingress does.
func (r *rig) push(body string) {
	r.t.Helper()
	raw := fmt.Appendf(nil, `<xml><ToUserName>gh_1</ToUserName><FromUserName>%s</FromUserName><CreateTime>%d</CreateTime>%s<MsgId>%d</MsgId></xml>`,
		openID, time.Now().Unix(), body, time.Now().UnixNano())
	m := new(wechat.Message)
	if err := m.Decode(raw); err != nil {
		r.t.Fatal(err)
	}
	e := route.Pack("main", m, raw, time.Now())
	var headers route.Headers
	if _, err := r.bus.Publish(patience(r.t), e.Subject(partitions), e.ID, headers.Of(e), e.Body); err != nil {
		r.t.Fatal(err)
	}
}

const (
	writes = `<MsgType>text</MsgType><Content>在吗</Content>`
	clicks = `<MsgType>event</MsgType><Event>CLICK</Event><EventKey>k</EventKey>`
)

// known starts a sender that knows that a user may be sent to.
func (r *rig) known(does string, changes ...func(*delivery.Config)) {
	r.t.Helper()
	r.push(does)
	r.start(changes...)
	bustest.Eventually(r.t, "the quota is known", func() bool { return strings.Contains(r.log.String(), "reply quota is known") })
}

// writesAgain has the user do something until what waits for him is sent: what
// was sent in the seconds before counts against his new allowance, too.
func (r *rig) writesAgain(does string) {
	r.t.Helper()
	before := r.sim.Counts().Sends
	bustest.Eventually(r.t, "what waits is released", func() bool {
		r.push(does)
		return r.sim.Counts().Sends > before
	})
}

// upTo are the texts 1 to n.
func upTo(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprint(i+1))
	}
	return list
}

func withOverflow(body, choice string) string {
	return strings.TrimSuffix(body, "}") + `,"overflow":"` + choice + `"}`
}

// What there is no room for waits, and what is newer waits behind it, until the
// user writes again.
func TestSixthMessageWaitsForTheUser(t *testing.T) {
	r := newRig(t)
	r.known(writes)
	r.publish("main", openID, texts(openID, upTo(7)...))
	r.received("main", openID, 5)
	r.publish("main", openID, text(openID, "8"))
	r.settled(0)
	if got := r.sim.Counts().Sends; got != 5 {
		t.Fatalf("%d calls, want 5", got)
	}
	r.writesAgain(writes)
	if diff := cmp.Diff(upTo(8), r.reads("main", openID, 8)); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	r.settled(0)
	if got := r.sim.Counts().Sends; got != 8 {
		t.Errorf("%d calls, want 8", got)
	}
}

func TestFourthMessageAfterAClickWaits(t *testing.T) {
	r := newRig(t)
	r.known(clicks)
	for _, content := range upTo(4) {
		r.publish("main", openID, text(openID, content))
	}
	r.received("main", openID, 3)
	r.settled(0)
	r.writesAgain(clicks)
	if diff := cmp.Diff(upTo(4), r.reads("main", openID, 4)); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	r.settled(0)
}

// A window that is over takes nothing; the user's next message opens another.
func TestReplyAfterTheWindowWaits(t *testing.T) {
	r := newRig(t)
	r.known(clicks, func(c *delivery.Config) { c.Quota.EventWindow = time.Second })
	bustest.Eventually(t, "the window is over", func() bool {
		n := r.sim.Counts().Sends
		r.publish("main", openID, text(openID, "x"))
		r.settled(0)
		return r.sim.Counts().Sends == n
	})
	before := r.sim.Counts().Sends
	r.writesAgain(writes)
	r.received("main", openID, before+1)
	r.settled(0)
}

func TestOverflowIsDropped(t *testing.T) {
	r := newRig(t)
	r.known(writes)
	body := withOverflow(texts(openID, upTo(6)...), "drop")
	id := r.publish("main", openID, body)
	letter := r.dead(1)
	wantLetter(t, letter, grave{"quota", 1, stored("main", openID), 1, id}, body)
	if got := letter.Header.Get("Dead-Detail"); !strings.Contains(got, "5 of 6 messages sent") {
		t.Errorf("Dead-Detail = %q", got)
	}
	if diff := cmp.Diff(upTo(5), r.reads("main", openID, 5)); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	r.settled(1)
}

func TestOverflowIsMerged(t *testing.T) {
	r := newRig(t)
	r.known(writes)
	r.publish("main", openID, withOverflow(texts(openID, upTo(6)...), "merge"))
	if diff := cmp.Diff([]string{"1\n2\n3\n4\n5\n6"}, r.reads("main", openID, 1)); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	r.settled(0)
}

// A reply that is tried again does not use the allowance up.
func TestRetryCostsNoAllowance(t *testing.T) {
	r := newRig(t)
	r.known(writes)
	for range 3 {
		r.sim.Weather().Fail(-1, 1)
	}
	r.publish("main", openID, texts(openID, upTo(5)...))
	if diff := cmp.Diff(upTo(5), r.reads("main", openID, 5)); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	r.settled(0)
}

// A sender that starts anew knows what was sent before.
func TestAllowanceOutlivesTheSender(t *testing.T) {
	r := newRig(t)
	r.push(writes)
	first := r.start()
	r.publish("main", openID, texts(openID, upTo(4)...))
	r.received("main", openID, 4)
	r.settled(0)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second := r.start()
	bustest.Eventually(t, "the quota is known", func() bool { return strings.Contains(second.log.String(), "reply quota is known") })
	r.publish("main", openID, texts(openID, "5", "6"))
	r.received("main", openID, 5)
	r.settled(0)
	if got := r.sim.Counts().Sends; got != 5 {
		t.Errorf("%d calls, want 5", got)
	}
}

// A reply that was sent, and is delivered again because its acknowledgement was
// lost, neither waits behind what is held for its user nor is sent again.
func TestSentReplyThatComesAgainIsNotHeld(t *testing.T) {
	r := newRig(t)
	r.push(writes)
	first := r.start()
	bustest.Eventually(t, "the quota is known", func() bool { return strings.Contains(first.log.String(), "reply quota is known") })
	r.publish("main", openID, text(openID, "1"))
	r.publish("main", openID, texts(openID, "2", "3", "4", "5", "6"))
	r.received("main", openID, 5)
	r.settled(0)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	if err := r.js.DeleteConsumer(patience(t), bus.StreamOut, delivery.Name); err != nil {
		t.Fatal(err)
	}
	second := r.start()
	bustest.Eventually(t, "the quota is known", func() bool { return strings.Contains(second.log.String(), "reply quota is known") })
	r.settled(0)
	held, err := r.js.KeyValue(patience(t), bus.BucketHeld)
	if err != nil {
		t.Fatal(err)
	}
	if keys, err := held.Keys(patience(t)); len(keys) != 1 || err != nil {
		t.Errorf("replies held: %q, %v; want the second", keys, err)
	}
	if got := r.sim.Counts().Sends; got != 5 {
		t.Fatalf("%d calls, want 5", got)
	}
	r.writesAgain(writes)
	if diff := cmp.Diff(upTo(6), r.reads("main", openID, 6)); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	r.settled(0)
	if got := r.sim.Counts().Sends; got != 6 {
		t.Errorf("%d calls, want 6", got)
	}
}
