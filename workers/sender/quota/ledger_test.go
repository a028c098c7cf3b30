package quota_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wechat"
)

func TestWhatOpensAnAllowance(t *testing.T) {
	r := newRig(t)
	l := r.replica(rules())
	for name, tt := range map[string]struct {
		what string
		want int
	}{
		"text": {writes, 5}, "image": {shows, 5},
		"click": {taps, 3}, "msgmenu": {picks, 3}, "follow": {follows, 3}, "scan": {scans, 3},
		"scancode_push": {scansCode, 3}, "scancode_waitmsg": {waits, 3}, "unsubscribe": {leaves, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r.does("o"+name, tt.what, 0)
			r.left(l, "o"+name, tt.want)
		})
	}
	r.does("oViewer", views, 0)
	r.does("oLast", writes, 0)
	r.left(l, "oLast", 5)
	if diff := cmp.Diff(wechat.Allowance{}, l.Left(account, "oViewer")); diff != "" {
		t.Errorf("after a view (-want +got):\n%s", diff)
	}
}

func TestSixthMessageHasNoRoom(t *testing.T) {
	r := newRig(t)
	l := r.replica(rules())
	r.does(user, writes, 10*time.Second)
	r.left(l, user, 5)
	r.sends(l, user, 5)
	r.takes(l, user, "sixth", 1, 0)
	r.takes(l, "oOther", "other", 1, 1)
}

func TestNextMessageOpensANewAllowance(t *testing.T) {
	r := newRig(t)
	l := r.replica(rules())
	r.does(user, writes, time.Hour)
	r.left(l, user, 5)
	r.takes(l, user, "reply", 9, 5)
	bustest.Eventually(t, "a message opens a new allowance", func() bool { // once the reply is a moment ago
		r.does(user, writes, 0)
		return l.Left(account, user).Remaining == 5
	})
}

func TestFourthMessageAfterAClickHasNoRoom(t *testing.T) {
	r := newRig(t)
	l := r.replica(rules())
	r.does(user, taps, 10*time.Second)
	r.left(l, user, 3)
	r.takes(l, user, "reply", 4, 3)
	r.takes(l, user, "fourth", 1, 0)
}

func TestWindowsEnd(t *testing.T) {
	r := newRig(t)
	l := r.replica(rules())
	for name, tt := range map[string]struct {
		what string
		ago  time.Duration
		want wechat.Allowance
	}{
		"click in time":   {taps, 30 * time.Second, wechat.Allowance{Known: true, Remaining: 3}},
		"click over":      {taps, 61 * time.Second, wechat.Allowance{Known: true}},
		"message in time": {writes, 47 * time.Hour, wechat.Allowance{Known: true, Remaining: 5}},
		"message over":    {writes, 48*time.Hour + time.Second, wechat.Allowance{Known: true}},
		"long ago":        {writes, 50 * time.Hour, wechat.Allowance{}},
	} {
		t.Run(name, func(t *testing.T) {
			r.does(name, tt.what, tt.ago)
			r.does(name+" then", writes, 0)
			r.left(l, name+" then", 5)
			got := l.Left(account, name)
			if tt.want.Remaining > 0 && !got.ExpiresAt.After(time.Now()) {
				t.Errorf("ExpiresAt = %v", got.ExpiresAt)
			}
			got.ExpiresAt = time.Time{}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("allowance (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsOverDoesNotCount(t *testing.T) {
	r := newRig(t)
	l := r.replica(rules())
	r.does(user, writes, time.Hour)
	r.does(user, taps, 2*minute)
	r.left(l, user, 5)
	r.does(user, taps, 0)
	r.does("oLast", writes, 0)
	r.left(l, "oLast", 5)
	r.takes(l, user, "reply", 9, 5) // the larger one: nobody knows which WeChat takes them off
	r.takes(l, user, "more", 1, 0)
}

func TestUserWhoLeavesCannotBeSentTo(t *testing.T) {
	r := newRig(t)
	l := r.replica(rules())
	r.does(user, writes, minute)
	r.left(l, user, 5)
	r.does(user, leaves, 30*time.Second)
	r.left(l, user, 0)
	r.does(user, follows, 0)
	r.left(l, user, 3)
}

func TestOlderTriggerThatComesLaterChangesNothing(t *testing.T) {
	r := newRig(t)
	l := r.replica(rules())
	r.does(user, writes, 10*time.Second)
	r.left(l, user, 5)
	r.takes(l, user, "reply", 2, 2)
	r.does(user, writes, minute)
	r.does("oLast", writes, 0)
	r.left(l, "oLast", 5)
	r.left(l, user, 3)
}

func TestNobodyKnowsAUserWhoDidNothing(t *testing.T) {
	r := newRig(t)
	l := r.replica(rules())
	r.takes(l, user, "reply", 7, 7)
	if diff := cmp.Diff(wechat.Allowance{}, l.Left(account, user)); diff != "" {
		t.Errorf("allowance (-want +got):\n%s", diff)
	}
	r.does(user, writes, 10*time.Second) // what was sent to him counts
	r.left(l, user, 0)
}

func TestUsersBeyondTheCapAreNotKnown(t *testing.T) {
	r := newRig(t)
	cfg := rules()
	cfg.Users = 2
	l := r.replica(cfg)
	for n := range 4 {
		r.does(fmt.Sprint("o", n), writes, 0)
	}
	r.does("o0", leaves, 0)
	r.left(l, "o0", 0)
	var known []bool
	for n := range 4 {
		known = append(known, l.Left(account, fmt.Sprint("o", n)).Known)
	}
	if diff := cmp.Diff([]bool{true, true, false, false}, known); diff != "" {
		t.Errorf("known (-want +got):\n%s", diff)
	}
}

func TestRefusalOfWeChatGoesBeforeTheLedger(t *testing.T) {
	r := newRig(t)
	a, b := r.replica(rules()), r.replica(rules())
	for _, code := range []int{45015, 45047} {
		user := fmt.Sprint("o", code)
		r.does(user, writes, 10*time.Second)
		r.left(a, user, 5)
		r.left(b, user, 5)
		a.Refused(t.Context(), account, user, 40003)
		r.left(a, user, 5)
		a.Refused(t.Context(), account, user, code)
		r.left(a, user, 0)
		r.left(b, user, 0)
		r.does(user, writes, 0)
		r.left(a, user, 5)
		r.left(b, user, 5)
	}
}

func TestOpenedTellsWhoCanBeSentTo(t *testing.T) {
	r := newRig(t)
	l := r.replica(rules())
	told := make(chan string, 10)
	l.OnOpened(func(account, user string) { told <- account + " " + user })
	r.does("oLeft", leaves, 0)
	r.does("oLate", taps, 2*minute)
	r.does("oNow", taps, 0)
	if diff := cmp.Diff("main oNow", <-told); diff != "" {
		t.Errorf("opened (-want +got):\n%s", diff)
	}
}

func TestAskersAreAnswered(t *testing.T) {
	r := newRig(t)
	l := r.replica(rules())
	r.does(user, writes, 0)
	r.left(l, user, 5)
	var answer []byte
	bustest.Eventually(t, "somebody answers", func() bool {
		var err error
		answer, err = r.bus.Ask(t.Context(), "wechat.allowance."+account+"."+user, nil)
		return err == nil
	})
	want := fmt.Sprintf(`{"known":true,"remaining":5,"expires_at":%q}`, l.Left(account, user).ExpiresAt.Format(time.RFC3339))
	if diff := cmp.Diff(want, string(answer)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	answer, err := r.bus.Ask(t.Context(), "wechat.allowance."+account+".oNobody", nil)
	if diff := cmp.Diff(`{"known":false,"remaining":0}`, string(answer)); diff != "" || err != nil {
		t.Errorf("answer (-want +got):\n%s, %v", diff, err)
	}
}

func TestReplyThatHadNoRoomIsTakenAfterTheNextTrigger(t *testing.T) {
	r := newRig(t)
	l, other := r.replica(rules()), r.replica(rules())
	r.does(user, writes, 10*time.Second)
	r.left(l, user, 5)
	r.takes(l, user, "first", 4, 4)
	r.takes(l, user, "second", 3, 1)
	r.takes(l, user, "second", 3, 1)
	r.does(user, taps, 0) // what was sent a moment ago counts against it
	r.takes(l, user, "third", 1, 0)
	bustest.Eventually(t, "a message opens a new allowance", func() bool {
		r.does(user, writes, 0)
		return l.Left(account, user).Remaining == 5
	})
	r.takes(l, user, "second", 3, 3)
	r.left(l, user, 2)
	r.left(other, user, 2)
}
