package pace_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/workers/sender/pace"
)

// What WeChat says to one replica holds for all, and for this account only.
func TestPauseIsShared(t *testing.T) {
	for _, tt := range []struct {
		name    string
		err     error
		attempt int
		most    time.Duration // that any replica waits, jitter aside
	}{
		{"day", errDaily, 1, 2 * time.Second},
		{"day, tried often", errDaily, 99, 5 * time.Minute},
		{"minute", errMinute, 1, 2 * time.Second},
		{"minute, tried often", errMinute, 99, 61 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			first, second := r.replica(pace.Config{}), r.replica(pace.Config{})
			b := r.nats.Bus()
			other := r.of("shop", pace.Config{}, b)
			first.Report(t.Context(), tt.err, tt.attempt)
			r.pauses(second)
			for _, p := range []*pace.Pacer{first, second} {
				if got := p.Paused(); got > tt.most {
					t.Errorf("pauses for %s, want at most %s", got, tt.most)
				}
			}
			if got := r.wait(other); got != 0 {
				t.Errorf("another account waits %s", got)
			}
		})
	}
}

// A replica that starts during a pause pauses.
func TestPauseOutlivesReplicas(t *testing.T) {
	r := newRig(t)
	r.replica(pace.Config{}).Report(t.Context(), errDaily, 99)
	late := r.replica(pace.Config{})
	r.pauses(late)
	if got := r.wait(late); got == 0 {
		t.Error("the account may be called")
	}
}

// After a pause one call of one replica goes first; when it is taken all go.
func TestOneCallGoesFirstAfterAPause(t *testing.T) {
	r := newRig(t)
	replicas := []*pace.Pacer{r.replica(pace.Config{}), r.replica(pace.Config{}), r.replica(pace.Config{})}
	replicas[0].Report(t.Context(), errDaily, 1)
	for _, p := range replicas {
		r.pauses(p)
	}
	first := make(chan *pace.Pacer, 64)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var gone, sentAway atomic.Int64
	var running sync.WaitGroup
	for _, p := range replicas {
		for range 4 {
			running.Go(func() {
				for ctx.Err() == nil {
					wait, err := p.Wait(ctx)
					if wait == 0 && err == nil {
						gone.Add(1)
						first <- p
						return
					}
					sentAway.Add(1)
				}
			})
		}
	}
	probe := <-first
	before := sentAway.Load()
	bustest.Eventually(t, "all others have tried", func() bool { return sentAway.Load() > before+22 })
	if got := gone.Load(); got != 1 {
		t.Errorf("%d calls went first", got)
	}
	probe.Report(t.Context(), nil, 1)
	running.Wait()
	bustest.Eventually(t, "the pause is over for all", func() bool {
		return replicas[0].Paused() == 0 && replicas[1].Paused() == 0 && replicas[2].Paused() == 0
	})
}

// When the first call after a pause fails too, the next pause is longer.
func TestPausesGrow(t *testing.T) {
	r := newRig(t)
	first, second := r.replica(pace.Config{}), r.replica(pace.Config{})
	r.report(first, 20, errBusy)
	r.pauses(second)
	for _, next := range []string{"for=4s", "for=8s"} {
		r.goes(second)
		second.Report(t.Context(), errBusy, 1)
		r.pauses(first)
		if r.log.Count("msg=\"account pauses\" account=main "+next+" reason=busy") != 1 {
			t.Errorf("no pause %s:\n%s", next, r.log)
		}
	}
}

// Some calls that find WeChat busy are no storm; most of the last ones are.
func TestStormPausesAccount(t *testing.T) {
	for _, tt := range []struct {
		name     string
		busy, ok int // in turns
		storm    bool
	}{
		{"all", 1, 0, true},
		{"two of three", 2, 1, true},
		{"one of two", 1, 1, false},
		{"one of three", 1, 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			p := r.replica(pace.Config{})
			for range 20 {
				if p.Paused() == 0 {
					r.report(p, tt.busy, errBusy)
					r.report(p, tt.ok, errUser)
				}
			}
			if got := p.Paused() > 0; got != tt.storm {
				t.Errorf("pauses: %t, want %t", got, tt.storm)
			}
		})
	}
}

// A call that was allowed to go first and was not made lets another one go.
func TestUnusedTurnIsGivenBack(t *testing.T) {
	r := newRig(t)
	first, second := r.replica(pace.Config{}), r.replica(pace.Config{})
	first.Report(t.Context(), errDaily, 1)
	r.pauses(second)
	r.goes(first)
	first.Report(t.Context(), context.Canceled, 1)
	r.goes(second)
}

// Calls under way when the account began to pause say nothing new.
func TestPauseIsNoLongerForThoseUnderWay(t *testing.T) {
	r := newRig(t)
	p := r.replica(pace.Config{})
	r.report(p, 50, errDaily)
	r.report(p, 50, errBusy)
	r.report(p, 5, nil)
	if got := r.log.Count("account pauses"); got != 1 || p.Paused() > 2*time.Second {
		t.Errorf("%d pauses, %s left:\n%s", got, p.Paused(), r.log)
	}
}

// Without NATS a pause holds for the replica that was told, and it ends.
func TestPauseWithoutNATS(t *testing.T) {
	r := newRig(t)
	p := r.replica(pace.Config{})
	r.nats.Down()
	p.Report(t.Context(), errDaily, 1)
	if got := p.Paused(); got == 0 {
		t.Error("does not pause")
	}
	r.goes(p)
	if got := p.Paused(); got == 0 {
		t.Error("a second call goes before the first has ended")
	}
	p.Report(t.Context(), nil, 1)
	if got := p.Paused(); got != 0 {
		t.Errorf("pauses for %s", got)
	}
}

// Who asks before is told what a call would be told, and takes nothing.
func TestHoldIsTheWaitOfACall(t *testing.T) {
	r := newRig(t)
	p := r.replica(pace.Config{})
	if got := p.Hold(); got != 0 {
		t.Errorf("an account that may be called holds for %s", got)
	}
	p.Report(t.Context(), errDaily, 3)
	if got := p.Hold(); got < 7*time.Second || got > 11*time.Second {
		t.Errorf("holds for %s, want a little more than 8 s", got)
	}
}
