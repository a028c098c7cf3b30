package process_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxbus/wxbus/pkg/process"
)

// The clock of a bubble is fake: a second passes at once.
func TestChecksAreAskedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		health := process.NewHealth(t.Context())
		asked := 0
		var answer error
		health.Add("nats", func(context.Context) error { asked++; return answer })
		for _, tt := range []struct {
			pass   time.Duration
			answer error
			want   int
		}{
			{0, nil, 1},
			{0, nil, 1},
			{999 * time.Millisecond, nil, 1},
			{time.Millisecond, errors.New("no connection"), 2},
			{49 * time.Millisecond, nil, 2}, // a failure is not believed for long
			{time.Millisecond, nil, 3},
			{time.Hour, nil, 4},
		} {
			time.Sleep(tt.pass)
			answer = tt.answer
			if _ = health.Ready(t.Context()); asked != tt.want {
				t.Errorf("after %s: asked %d times, want %d", tt.pass, asked, tt.want)
			}
		}
	})
}

func TestManyProbersAreOneQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		health := process.NewHealth(t.Context())
		var asked atomic.Int32
		health.Add("nats", func(context.Context) error { asked.Add(1); return nil })
		var probers sync.WaitGroup
		for range 50 {
			probers.Go(func() {
				if err := health.Ready(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		probers.Wait()
		if got := asked.Load(); got != 1 {
			t.Errorf("asked %d times, want 1", got)
		}
	})
}

func TestReadyTurnsWithItsChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		health := process.NewHealth(t.Context())
		health.Add("sender", passes)
		var lost error
		health.Add("nats", func(context.Context) error { return lost })
		for _, want := range []error{nil, errors.New("no connection"), nil} {
			lost = want
			if err := health.Ready(t.Context()); (err == nil) != (want == nil) || want != nil && !errors.Is(err, want) {
				t.Errorf("Ready() = %v, want %v", err, want)
			}
			time.Sleep(time.Second)
		}
	})
}

// A program that stops leaves the load balancer at once, not a second later,
// and asks nobody any more.
func TestStoppingIsSeenAtOnce(t *testing.T) {
	stopping, stop := context.WithCancel(t.Context())
	health := process.NewHealth(stopping)
	asked := 0
	health.Add("nats", func(context.Context) error { asked++; return nil })
	if err := health.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := health.Ready(t.Context()); err == nil || err.Error() != "stopping" || asked != 1 {
		t.Errorf("Ready() = %v after %d questions, want stopping after 1", err, asked)
	}
}

func TestChecksMayBeAddedWhileOthersAsk(t *testing.T) {
	health := process.NewHealth(t.Context())
	var both sync.WaitGroup
	both.Go(func() {
		for range 100 {
			health.Add("more", passes)
		}
	})
	both.Go(func() {
		for range 100 {
			_ = health.Ready(t.Context())
		}
	})
	both.Wait()
	health.Add("last", fails("absent"))
	if err := health.Ready(t.Context()); err == nil || err.Error() != "last: absent" {
		t.Errorf("Ready() = %v, want last: absent", err)
	}
}
