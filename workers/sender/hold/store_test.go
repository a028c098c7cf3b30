package hold_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/workers/sender/hold"
)

func TestHeldReplyIsReleasedAsItWas(t *testing.T) {
	r := newRig(t)
	s := r.store()
	first := r.reply(user, `{"touser":"oUser"}`)
	r.holds(s, first, user)
	if !s.Waits(account, user) || s.Waits(account, "oOther") || s.Waits("shop", user) {
		t.Error("the wrong user waits")
	}
	r.releases(s, user)
	d := r.delivered()
	got := []string{d.Subject, string(d.Body), d.Get(route.HeaderInReplyTo)}
	if diff := cmp.Diff([]string{first.Subject, string(first.Body), "cause"}, got); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	if !hold.Released(d) || hold.Expired(d) || hold.Released(first) {
		t.Error("released:", d.Header)
	}
	if diff := cmp.Diff(hold.OriginOf(first), hold.OriginOf(d)); diff != "" {
		t.Errorf("origin (-want +got):\n%s", diff)
	}
	r.waits(s, user, true)
	r.done(s, d, user)
	r.waits(s, user, false)
}

func TestReleaseKeepsTheOrder(t *testing.T) {
	r := newRig(t)
	s := r.store()
	var want []string
	for n := range 12 {
		body := fmt.Sprint(n)
		want = append(want, body)
		r.holds(s, r.reply(user, body), user)
	}
	r.releases(s, user)
	if diff := cmp.Diff(want, r.bodies(len(want))); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
}

func TestReplyThatIsHeldAgainStaysBeforeNewerOnes(t *testing.T) {
	r := newRig(t)
	s := r.store()
	first := r.reply(user, "first")
	r.holds(s, first, user)
	r.releases(s, user)
	again := r.delivered()
	r.holds(s, r.reply(user, "second"), user)
	r.holds(s, again, user)
	r.releases(s, user)
	d := r.delivered()
	if diff := cmp.Diff(hold.OriginOf(first), hold.OriginOf(d)); diff != "" {
		t.Errorf("origin (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"first", "second"}, append([]string{string(d.Body)}, r.bodies(1)...)); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
}

func TestReleaseByReplicasPublishesOnce(t *testing.T) {
	r := newRig(t)
	replicas := []*hold.Store{r.store(), r.store(), r.store()}
	for n := range 10 {
		r.holds(replicas[0], r.reply(user, fmt.Sprint(n)), user)
	}
	for _, s := range replicas {
		bustest.Eventually(t, "all know what is held", func() bool { return s.Held() == 10 })
	}
	var releasing sync.WaitGroup
	for _, s := range replicas {
		releasing.Go(func() { r.releases(s, user) })
	}
	releasing.Wait()
	r.stored(20)
	for range 10 {
		r.done(replicas[1], r.delivered(), user)
	}
	for _, s := range replicas {
		r.waits(s, user, false)
		r.releases(s, user)
	}
	r.stored(20)
}

func TestReplyThatIsDeliveredAgainIsHeldOnce(t *testing.T) {
	r := newRig(t)
	s := r.store()
	d := r.reply(user, "a")
	for range 2 {
		if err := s.Hold(t.Context(), d, user); err != nil {
			t.Fatal(err)
		}
	}
	r.releases(s, user)
	released := r.delivered()
	r.holds(s, d, user) // its acknowledgement was lost
	r.releases(s, user)
	r.stored(2)
	r.done(s, released, user)
	r.waits(s, user, false)
}

func TestHeldRepliesSurviveARestartOfEverything(t *testing.T) {
	r := newRig(t)
	before, stop := r.storeToStop(hold.Options{MaxAge: 48 * time.Hour})
	for n := range 3 {
		r.holds(before, r.reply(user, fmt.Sprint(n)), user)
	}
	stop()
	r.nats.Down()
	r.nats.Up()
	after := r.store()
	if !after.Waits(account, user) {
		t.Error("nothing waits")
	}
	r.open.Store(true)
	after.Look(t.Context())
	if diff := cmp.Diff([]string{"0", "1", "2"}, r.bodies(3)); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
}

func TestOpenedReleasesWhatWaits(t *testing.T) {
	r := newRig(t)
	a, b := r.store(), r.store()
	r.holds(a, r.reply(user, "a"), user)
	r.holds(a, r.reply("oOther", "b"), "oOther")
	r.waits(b, user, true)
	b.Opened(account, user)
	b.Opened(account, "oNobody")
	if diff := cmp.Diff([]string{"a"}, r.bodies(1)); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	r.stored(3)
}

func TestReplyThatCouldBeSentComesBackAtOnce(t *testing.T) {
	r := newRig(t)
	s := r.store()
	r.holds(s, r.reply(user, "a"), user)
	r.open.Store(true) // the user wrote while the next one was on its way here
	r.holds(s, r.reply(user, "b"), user)
	if diff := cmp.Diff([]string{"a", "b"}, r.bodies(2)); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
}

func TestReplyThatWaitsTooLongIsReleasedAsExpired(t *testing.T) {
	r := newRig(t)
	s, _ := r.storeToStop(hold.Options{MaxAge: time.Millisecond})
	other, _ := r.storeToStop(hold.Options{MaxAge: time.Millisecond})
	r.holds(s, r.reply(user, "old"), user)
	r.waits(other, user, true)
	s.Look(t.Context())
	other.Look(t.Context())
	d := r.delivered()
	if !hold.Expired(d) || string(d.Body) != "old" {
		t.Errorf("%s: %v", d.Body, d.Header)
	}
	r.done(s, d, user)
	r.waits(other, user, false)
	r.stored(2)
}

func TestStrangeUsersCanBeHeldFor(t *testing.T) {
	r := newRig(t)
	s := r.store()
	for _, user := range []string{"o.*>", "o user", "用户"} {
		d := r.reply(user, "to "+user)
		r.holds(s, d, user)
		r.releases(s, user)
		got := r.delivered()
		if got.Subject != d.Subject || string(got.Body) != "to "+user {
			t.Errorf("%s: %s %s", user, got.Subject, got.Body)
		}
		r.done(s, got, user)
		r.waits(s, user, false)
	}
}

func TestDoneLeavesAReplyAloneThatIsHeldAgain(t *testing.T) {
	r := newRig(t)
	s, other := r.store(), r.store()
	r.holds(s, r.reply(user, "a"), user)
	r.releases(s, user)
	d := r.delivered()
	r.holds(other, d, user)
	if err := s.Done(t.Context(), d, user); err != nil { // by a delivery that comes too late
		t.Fatal(err)
	}
	bustest.Eventually(t, "the first one knows that it is held again, and releases it", func() bool {
		r.releases(s, user)
		return len(r.replies) > 0
	})
	d = r.delivered()
	r.done(s, d, user)
	r.done(s, d, user) // delivered again
	r.waits(s, user, false)
	r.waits(other, user, false)
	r.stored(3)
}

func TestStoreGoesOnAfterNATSWasAway(t *testing.T) {
	r := newRig(t)
	a, b := r.store(), r.store()
	r.holds(a, r.reply(user, "a"), user)
	r.waits(b, user, true)
	r.nats.Down()
	r.nats.Up()
	r.holds(a, r.reply("oOther", "b"), "oOther")
	r.waits(b, "oOther", true)
	b.Opened(account, user)
	if diff := cmp.Diff([]string{"a"}, r.bodies(1)); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
}
