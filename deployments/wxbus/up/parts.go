package up

import (
	"context"
	"errors"
	"slices"
)

// part is something that runs until its context is done.
type part struct {
	name string
	run  func(ctx context.Context) error
}

// running is a part that was started.
type running struct {
	part
	stop  context.CancelFunc
	ended chan error
}

// runParts starts parts in order and runs them until ctx is done or one of them
// ends. It then stops them in the opposite order, each after the next one has
// ended: what feeds goes before what is fed.
func runParts(ctx context.Context, parts []part) error {
	first := make(chan struct{}, len(parts))
	started := make([]*running, 0, len(parts))
	for _, p := range parts {
		started = append(started, start(ctx, p, first))
	}
	select {
	case <-ctx.Done():
	case <-first:
	}
	var errs []error
	for _, s := range slices.Backward(started) {
		s.stop()
		if err := <-s.ended; err != nil {
			errs = append(errs, errors.New(s.name+": "+err.Error()))
		}
	}
	return errors.Join(errs...)
}

func start(ctx context.Context, p part, ended chan<- struct{}) *running {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	r := &running{part: p, stop: stop, ended: make(chan error, 1)}
	go func() {
		r.ended <- p.run(ctx)
		ended <- struct{}{}
	}()
	return r
}
