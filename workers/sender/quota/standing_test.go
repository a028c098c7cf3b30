package quota

import (
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// These tests look inside: the order in which a replica reads two streams
// cannot be had from outside.

func testRules() Config {
	return Config{PerMessage: 5, MessageWindow: 48 * time.Hour, PerEvent: 3, EventWindow: time.Minute, Users: 1 << 30}
}

// newTestLedger returns a ledger that has read all there is, which is nothing.
func newTestLedger() *Ledger {
	l := New(testRules(), nil, nil, slog.New(slog.DiscardHandler))
	l.begin()
	return l
}

// happening is something that a replica learns of a user.
type happening struct {
	at time.Time
	by trigger // none: n messages were sent
	n  int
}

// learn returns what a ledger knows of a user that learns of that, in that
// order.
func learn(now time.Time, happenings []happening) wechat.Allowance {
	l := newTestLedger()
	key := l.table.key("main", "oUser")
	for _, h := range happenings {
		if h.by == none {
			l.table.spend(key, h.at, now, func(*standing) int { return h.n })
		} else {
			l.trigger("main", "oUser", h.by, h.at)
		}
	}
	st, known := l.table.look(key)
	if !known {
		return wechat.Allowance{}
	}
	return l.cfg.allowance(st, now)
}

// ideal counts as the rules say, knowing everything.
func ideal(now time.Time, happenings []happening) wechat.Allowance {
	var newest [2]second
	for _, h := range happenings {
		switch h.by {
		case byMessage:
			newest[0] = max(newest[0], secondOf(h.at))
		case byEvent:
			newest[1] = max(newest[1], secondOf(h.at))
		case byLeaving, none:
		}
	}
	if max(newest[0], newest[1]) == 0 {
		return wechat.Allowance{}
	}
	left := [2]int{5, 3}
	for _, h := range happenings {
		for i, since := range newest {
			if h.by == none && !h.at.Add(time.Duration(h.n)*callTime*time.Millisecond).Before(since.time()) {
				left[i] -= h.n
			}
		}
	}
	a := wechat.Allowance{Known: true}
	widen(&a, left[0], newest[0].time().Add(48*time.Hour), now)
	widen(&a, left[1], newest[1].time().Add(time.Minute), now)
	return a
}

func someHappenings(now time.Time, within time.Duration) (happenings []happening) {
	for range rand.N(10) {
		h := happening{at: now.Add(-rand.N(within))}
		switch rand.N(4) {
		case 0:
			h.by = byMessage
		case 1:
			h.by = byEvent
		default:
			h.n = 1 + rand.N(2)
		}
		happenings = append(happenings, h)
	}
	return happenings
}

func TestOrderOfReadingDoesNotMatterForWhatIsRecent(t *testing.T) {
	now := time.Now()
	for range 2000 {
		happenings := someHappenings(now, (markFor-2*callsMax)*time.Second)
		if diff := cmp.Diff(ideal(now, happenings), learn(now, happenings)); diff != "" {
			t.Fatalf("%v (-ideal +got):\n%s", happenings, diff)
		}
	}
}

func TestPushesThatAreReadBeforeTheLogCountRight(t *testing.T) {
	now := time.Now()
	for range 2000 {
		var pushes, log []happening
		for _, h := range someHappenings(now, 40*time.Hour) {
			if h.by == none {
				log = append(log, h)
			} else {
				pushes = append(pushes, h)
			}
		}
		happenings := slices.Concat(pushes, log)
		if diff := cmp.Diff(ideal(now, happenings), learn(now, happenings)); diff != "" {
			t.Fatalf("%v (-ideal +got):\n%s", happenings, diff)
		}
	}
}

func TestPushThatIsReadLateErrsOnTheSafeSide(t *testing.T) {
	now := time.Now()
	for range 2000 {
		opened := happening{at: now.Add(-41 * time.Hour), by: byMessage} // the user is known
		happenings := append([]happening{opened}, someHappenings(now, 40*time.Hour)...)
		best, got := ideal(now, happenings), learn(now, happenings)
		if !got.Known || got.Remaining > best.Remaining {
			t.Fatalf("%v: %+v is more than %+v", happenings, got, best)
		}
	}
}

func TestWhatIsOverIsForgotten(t *testing.T) {
	now, cfg := time.Now(), testRules()
	l := newTestLedger()
	l.trigger("main", "oOld", byMessage, now.Add(-cfg.remembered()+time.Minute))
	l.trigger("main", "oNew", byEvent, now)
	l.table.spend(l.table.key("main", "oNew"), now, now, func(*standing) int { return 1 })
	later := now.Add(2 * time.Minute)
	for i := range l.table.shards {
		l.table.sweep(i, later, cfg.remembered())
	}
	_, old := l.table.look(l.table.key("main", "oOld"))
	_, recent := l.table.look(l.table.key("main", "oNew"))
	if got := l.table.users.Load(); old || !recent || got != 1 {
		t.Errorf("old user known: %v, new user known: %v, users: %d", old, recent, got)
	}
	for i := range l.table.shards {
		l.table.sweep(i, later.Add(markFor*time.Second), cfg.remembered())
	}
	for i := range l.table.shards {
		if n := len(l.table.shards[i].marks); n > 0 {
			t.Errorf("%d marks are left", n)
		}
	}
}

func TestIDsAreForgottenOneGenerationAfterTheOther(t *testing.T) {
	s := newIDs()
	s.addLogged("a", 2)
	s.age()
	s.add("b", 3)
	if n, found := s.find("a"); n != 2 || !found {
		t.Errorf("a = %d, %v", n, found)
	}
	s.age()
	if _, found := s.find("a"); found {
		t.Error("a is still known")
	}
	none := func() int { return 0 }
	if !s.seen("b", 3, none) || s.drop("b") || s.seen("c", 1, none) {
		t.Error("what stands in the log cannot be dropped")
	}
}
