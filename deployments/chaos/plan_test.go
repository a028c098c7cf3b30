package chaos

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// plan is one run: what happens, when, and to whom. It is drawn from a seed, and
// the same seed draws the same plan.
type plan struct {
	seed             int
	rate             float64        // pushes a second
	sendersKeepOrder bool           // SENDER_ORDER=user
	attempts         map[string]int // WORKER_ATTEMPTS, by worker
	ackWait          time.Duration  // of the worker without order
	steps            []step
	rest             time.Duration // in which all must be dealt with after the last heal, also poison that has attempts left
}

// step is what happens at the same time, and how long nothing happens then.
type step struct {
	faults []injection
	pause  time.Duration
}

// injection is one fault.
type injection struct {
	*fault

	target int           // a number that says which process
	hold   time.Duration // until it is healed
	other  bool          // in the other one of two ways
}

// short is the plan of `make test`: few faults, and all is done soon.
func short(seed int) plan {
	p := draw(seed, []*fault{killedWorker, killedLined, killedSender, killedIngress, killedLeader, poisoned}, func(f *fault) span {
		return span{f.hold.least / 2, f.hold.least}
	}, span{time.Second, 2 * time.Second})
	p.sendersKeepOrder, p.attempts, p.ackWait, p.rest = true, map[string]int{plain: 5, lined: 5}, 2*time.Second, 2*time.Minute
	return p
}

// long is a plan with every fault. A message that ends its process is given up
// only when its attempts are used up, each of which costs an AckWait: that one is
// as short as the workers' signs of life allow.
func long(seed int) plan {
	p := draw(seed, faults, func(f *fault) span { return f.hold }, span{2 * time.Second, 8 * time.Second})
	p.attempts, p.ackWait, p.rest = map[string]int{plain: 6, lined: 6}, 12*time.Second, 8*time.Minute
	return p
}

// span is a range of durations.
type span struct{ least, most time.Duration }

// draw has each of some faults happen once, in any order, some of them two at a
// time.
func draw(seed int, kinds []*fault, hold func(*fault) span, pause span) plan {
	return rapid.Custom(func(t *rapid.T) plan {
		p := plan{seed: seed, rate: 20, sendersKeepOrder: rapid.Bool().Draw(t, "senders keep order")}
		within := func(s span, name string) time.Duration {
			tenths := rapid.IntRange(0, 10).Draw(t, name) // of so few values none is much liked
			return (s.least + (s.most-s.least)*time.Duration(tenths)/10).Round(100 * time.Millisecond)
		}
		for i, f := range rapid.Permutation(kinds).Draw(t, "order") {
			in := injection{
				fault: f, target: rapid.IntRange(0, 5).Draw(t, "target"), hold: within(hold(f), "hold"),
				other: rapid.Bool().Draw(t, "the other way"),
			}
			if together := rapid.IntRange(0, 2).Draw(t, "together") == 0; together && i > 0 && len(p.steps[len(p.steps)-1].faults) == 1 {
				last := &p.steps[len(p.steps)-1]
				last.faults = append(last.faults, in)
				continue
			}
			p.steps = append(p.steps, step{faults: []injection{in}, pause: within(pause, "pause")})
		}
		return p
	}).Example(seed)
}

func (p plan) String() string {
	lines := []string{fmt.Sprintf("seed %d, senders keep order: %v", p.seed, p.sendersKeepOrder)}
	for _, s := range p.steps {
		lines = append(lines, s.String())
	}
	return strings.Join(lines, "\n  ")
}

func (s step) String() string {
	var at []string
	for _, in := range s.faults {
		at = append(at, fmt.Sprintf("%s (%d, %v, %v)", in.name, in.target, in.hold, in.other))
	}
	return fmt.Sprintf("%s, then nothing for %v", strings.Join(at, " and "), s.pause)
}
