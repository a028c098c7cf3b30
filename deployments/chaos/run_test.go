package chaos

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// happened is a fault of a run, and the time in which what users wrote is
// counted for it.
type happened struct {
	name     string
	from, to time.Time
}

// run has users write while everything goes wrong, and returns when all is well
// and nothing is left to do.
func (s *stage) run(p plan, say func(format string, args ...any)) (ran []happened) {
	ctx, stop := context.WithCancel(context.Background())
	var writing sync.WaitGroup
	writing.Go(func() { s.crowd.write(ctx, p.rate) })
	if err := within(readyTimeout, "some pushes are acknowledged", func() bool { return s.crowd.accepted.Load() > int64(p.rate) }); err != nil {
		s.wrong("%v", err)
	}
	for _, step := range p.steps {
		from := time.Now()
		s.take(step)
		time.Sleep(step.pause)
		for _, in := range step.faults {
			ran = append(ran, happened{in.name, from, time.Now()})
		}
		say("%s: %s; %d pushes acknowledged, %d messages sent", clock(time.Now()), step, s.crowd.accepted.Load(), s.api.count())
	}
	stop()
	writing.Wait()
	if err := s.rest(p.rest); err != nil {
		s.wrong("%v", err)
	}
	say("%s: at rest; %d pushes acknowledged, %d messages sent", clock(time.Now()), s.crowd.accepted.Load(), s.api.count())
	return ran
}

// take injects the faults of a step and waits until they are healed.
func (s *stage) take(step step) {
	var group errgroup.Group
	for _, in := range step.faults {
		group.Go(func() error {
			if err := in.inject(s, in); err != nil {
				s.wrong("%s: %v", in.name, err)
			}
			return nil
		})
	}
	_ = group.Wait()
}

// rest waits until nothing is left to do.
func (s *stage) rest(limit time.Duration) error {
	var left string
	quiet := func() bool {
		var err error
		if left, err = s.left(); err != nil {
			left = err.Error()
		}
		return left == ""
	}
	if err := within(limit, "all is dealt with", quiet); err != nil {
		return fmt.Errorf("%w: %s", err, left)
	}
	return nil
}

// left says what is left to do.
func (s *stage) left() (string, error) {
	for _, p := range s.actors[ingress] {
		for _, name := range []string{"wxbus_ingress_spool_waiting", "wxbus_ingress_publishing_on"} {
			if n, err := p.metric(name); err != nil || n > 0 {
				return fmt.Sprintf("%s of %s is %v", name, p.name, n), err
			}
		}
	}
	return s.nats.waiting()
}

// metric returns what a process says of itself, 0 when it does not say.
func (p *process) metric(name string) (float64, error) {
	addr, _, _ := strings.Cut(p.admin, "/")
	response, err := http.Get("http://" + addr + "/metrics")
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, nil
}
