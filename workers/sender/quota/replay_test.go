package quota_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/workers/sender/quota"
)

// life has users do all kinds of things and replicas answer, and returns the
// users.
func (r *rig) life(replicas ...*quota.Ledger) (users []string) {
	r.t.Helper()
	for n := range 30 {
		user := fmt.Sprint("o", n)
		users = append(users, user)
		r.does(user, []string{writes, taps, follows, picks}[n%4], 20*time.Second)
		if n%3 == 0 {
			r.does(user, writes, 10*time.Second)
		}
		r.does("oSync", writes, 0)
	}
	for _, l := range replicas {
		for n, user := range users {
			bustest.Eventually(r.t, "the user is known", func() bool {
				return l.Left(account, user).Remaining >= 3 && (n%3 > 0 || l.Left(account, user).Remaining == 5)
			})
		}
	}
	for n, user := range users {
		l := replicas[n%len(replicas)]
		if _, err := l.Take(r.t.Context(), account, user, fmt.Sprint("reply", n), n%6); err != nil {
			r.t.Fatal(err)
		}
		if n%10 == 9 {
			l.Refused(r.t.Context(), account, user, 45047)
		}
	}
	return users
}

func (r *rig) all(l *quota.Ledger, users []string) map[string]wechat.Allowance {
	known := make(map[string]wechat.Allowance)
	for _, user := range users {
		a := l.Left(account, user)
		a.ExpiresAt = a.ExpiresAt.Round(0)
		known[user] = a
	}
	return known
}

func TestReplicasAgree(t *testing.T) {
	r := newRig(t)
	a, b := r.replica(rules()), r.replica(rules())
	users := r.life(a, b)
	bustest.Eventually(t, "both know the same", func() bool { return cmp.Equal(r.all(a, users), r.all(b, users)) })
}

func TestReplayAfterARestartKnowsTheSame(t *testing.T) {
	r := newRig(t)
	before, stop := r.replicaToStop(rules())
	users := r.life(before)
	want := r.all(before, users)
	stop()
	r.nats.Down()
	r.nats.Up()
	after := r.replica(rules())
	if diff := cmp.Diff(want, r.all(after, users)); diff != "" {
		t.Errorf("after the restart (-before +after):\n%s", diff)
	}
}

func TestUsersAreUnknownUntilTheReplayIsThrough(t *testing.T) {
	r := newRig(t)
	first := r.replica(rules())
	r.does(user, writes, 10*time.Second)
	r.left(first, user, 5)
	r.takes(first, user, "all", 5, 5)

	late := quota.New(rules(), []string{account}, r.nats.Bus(), new(bustest.Logbook).Logger())
	if diff := cmp.Diff(wechat.Allowance{}, late.Left(account, user)); diff != "" {
		t.Errorf("allowance (-want +got):\n%s", diff)
	}
	r.takes(late, user, "early", 2, 2)
	r.run(late)
	<-late.Ready()
	r.left(late, user, 0)
}

func TestReplyThatIsDeliveredAgainDoesNotSpendTwice(t *testing.T) {
	r := newRig(t)
	a, b := r.replica(rules()), r.replica(rules())
	r.does(user, writes, 10*time.Second)
	r.left(a, user, 5)
	r.left(b, user, 5)
	r.takes(a, user, "reply", 4, 4)
	r.takes(a, user, "reply", 4, 4)
	r.left(b, user, 1)
	r.takes(b, user, "reply", 4, 4)
	r.left(a, user, 1)
	r.left(b, user, 1)
	third := r.replica(rules())
	r.takes(third, user, "reply", 4, 4)
	r.left(third, user, 1)
	if stored := len(r.nats.Stored(bus.StreamQuota)); stored != 1 {
		t.Errorf("%d entries in the log, want 1", stored)
	}
}

func TestNothingIsTakenThatCannotBeLogged(t *testing.T) {
	r := newRig(t)
	l := r.replica(rules())
	r.does(user, writes, 10*time.Second)
	r.left(l, user, 5)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := l.Take(ctx, account, user, "reply", 3); err == nil || n != 0 {
		t.Errorf("Take = %d, %v", n, err)
	}
	if n := len(r.nats.Stored(bus.StreamQuota)); n == 0 {
		r.left(l, user, 5)
	}
	r.takes(l, user, "reply", 3, 3)
	r.left(l, user, 2)
}

func TestLedgerGoesOnAfterNATSWasAway(t *testing.T) {
	r := newRig(t)
	l := r.replica(rules())
	r.does(user, writes, 10*time.Second)
	r.left(l, user, 5)
	r.nats.Down()
	r.nats.Up()
	r.does("oNext", writes, 10*time.Second)
	r.left(l, "oNext", 5)
	r.takes(l, user, "reply", 3, 3)
	r.left(l, user, 2)
}

func TestReplicasTogetherGrantNoMoreThanThereIs(t *testing.T) {
	r := newRig(t)
	replicas := []*quota.Ledger{r.replica(rules()), r.replica(rules()), r.replica(rules())}
	for round := range 30 {
		user := fmt.Sprint("o", round)
		r.does(user, writes, 10*time.Second)
		for _, l := range replicas {
			r.left(l, user, 5)
		}
		var total atomic.Int64
		var taking sync.WaitGroup
		for n, l := range replicas {
			taking.Go(func() {
				granted, err := l.Take(t.Context(), account, user, fmt.Sprintf("%s from %d", user, n), 3)
				if err != nil {
					t.Error(err)
				}
				total.Add(int64(granted))
			})
		}
		taking.Wait()
		if total.Load() != 5 {
			t.Errorf("%d messages granted, want 5", total.Load())
		}
		for _, l := range replicas {
			r.left(l, user, 0)
		}
	}
}
