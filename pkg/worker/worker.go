package worker

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

// Worker takes the messages of one durable and has Handle deal with each. It
// is what [Run] makes of a [Mux], and what the sender is made of. Its fields
// must not be changed once Run is called.
type Worker struct {
	Durable  bus.Durable
	Settings Settings
	Log      *slog.Logger

	// Handle returns the verdict on a message.
	Handle func(ctx context.Context, d *bus.Delivery) error
	// Key names the lane of a message: those of one key are handled one after
	// the other.
	Key func(d *bus.Delivery) string
	// Buried, if set, learns that a message became a dead letter, and why.
	Buried func(ctx context.Context, d *bus.Delivery, reason string, verdict error)
	// MaxAge is when a message is given up for its age; 0 for shortly before
	// the stream drops it.
	MaxAge time.Duration
	// Forever tries a message again as long as its age allows, however often.
	Forever bool
	// Drain is how long messages under way may take once ctx is done.
	Drain time.Duration
	// Order says whether replicas share the work so that the messages of one
	// Key are handled in the order they were stored in, one at a time.
	Order Order
	// Park has the messages of a key follow one that was given up, in order,
	// because its attempts were used up: see [Ordering].
	Park bool

	gauge    gauge
	said     complaints
	joined   atomic.Bool // an ordered worker has its durables and is among the replicas
	unnoted  atomic.Bool // what is given back cannot be noted any more
	failed   chan error  // why it must end
	bus      *bus.Bus
	lanes    *lanes
	free     chan struct{}
	acks     sync.WaitGroup     // those that the server has not confirmed
	stopping context.Context    // done when no message may be started any more
	handling context.Context    // done when handlers must end
	cancel   context.CancelFunc // ends handling
	mu       sync.Mutex
	held     map[*bus.Delivery]struct{}
	alone    chan struct{} // has room for one suspect
	suspect  *bus.Delivery // may be what ended a process
}

// Run works until ctx is done. It then pulls nothing more, gives back what was
// not started, lets handlers finish for at most Drain, and returns. With
// StuckExit it does so too when a handler is stuck, which it does not wait for;
// its error says so. When the connection is closed for good it cancels the
// handlers, whose work nobody would hear of, and returns [bus.Bus.Err], shortly
// after Drain at the latest.
func (w *Worker) Run(ctx context.Context, b *bus.Bus) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w.failed = make(chan error, 1)
	var err error
	ended := make(chan struct{})
	go func() { err = w.run(ctx, b); close(ended) }()
	select {
	case <-ended:
		return cmp.Or(b.Err(), err)
	case failed := <-w.failed:
		stop()
		select {
		case <-ended:
		case <-time.After(w.Drain + exitGrace):
		}
		return failed
	}
}

// fail ends Run with an error. That of the first counts.
func (w *Worker) fail(err error) {
	select {
	case w.failed <- err:
	default:
	}
}

func (w *Worker) run(ctx context.Context, b *bus.Bus) error {
	w.bus, w.lanes = b, newLanes()
	w.free = make(chan struct{}, 2*w.Settings.Slots)
	w.held = make(map[*bus.Delivery]struct{})
	w.alone = make(chan struct{}, 1)
	stopping, cancel := b.Within(ctx)
	defer cancel()
	w.stopping = stopping
	w.handling, w.cancel = b.Within(context.WithoutCancel(ctx))
	defer w.cancel()
	defer w.beat()()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(w.Drain, w.cancel) })()
	defer context.AfterFunc(w.handling, func() {
		if err := b.Err(); err != nil {
			w.fail(err)
		}
	})()
	defer lags.add(w, b)()
	return w.work(stopping, b)
}

// work takes messages until ctx is done and all are settled.
func (w *Worker) work(ctx context.Context, b *bus.Bus) error {
	if err := b.Prepare(ctx); err != nil {
		return nil // asked to stop before there was anything to do
	}
	if w.Settings.Collect {
		defer collect(ctx, b, w.Log)()
	}
	if w.Order == OrderUser {
		return w.runOrdered(ctx)
	}
	w.Log.Info("subscribed", "durable", w.Durable.Name, "filters", w.Durable.Filters)
	err := b.Consume(ctx, w.Durable, w.Settings.Slots, w.free, w.take)
	w.lanes.wait()
	w.acks.Wait()
	return err
}

// Ready returns nil when b is ready and the worker can be given messages: its
// durable exists; one that keeps order has those of all partitions and is known
// to the other replicas. It need not have a partition.
func (w *Worker) Ready(ctx context.Context, b *bus.Bus) error {
	if w.Order != OrderUser {
		return b.ReadyFor(ctx, w.Durable)
	}
	if err := b.Ready(ctx); err != nil {
		return err
	}
	if !w.joined.Load() {
		return errors.New("not one of the replicas yet")
	}
	if _, err := w.Load(ctx, b); errors.Is(err, bus.ErrNoDurable) {
		return err
	}
	return nil
}

// take starts the work on a message.
func (w *Worker) take(d *bus.Delivery) {
	w.hold(d)
	w.lanes.add(w.Key(d), func() {
		defer w.release()
		w.process(d)
	})
}

// release frees a slot. The next message comes while the server still confirms
// that it has heard of the last one.
func (w *Worker) release() {
	select {
	case w.free <- struct{}{}:
	case <-w.stopping.Done(): // nobody asks for more
	}
}

// hold has a message kept from others until it is dropped.
func (w *Worker) hold(d *bus.Delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held[d] = struct{}{}
	inFlight.WithLabelValues(w.Durable.Name).Inc()
}

func (w *Worker) drop(d *bus.Delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.held, d)
	w.cleared(d)
	inFlight.WithLabelValues(w.Durable.Name).Dec()
}

// within returns a worker like w for a part of its work: it starts nothing more
// when stopping is done, and its handlers must end when over is.
func (w *Worker) within(stopping, over context.Context) *Worker {
	part := &Worker{
		Durable: w.Durable, Settings: w.Settings, Log: w.Log, Handle: w.Handle, Key: w.Key, Buried: w.Buried,
		MaxAge: w.MaxAge, Forever: w.Forever, Drain: w.Drain, Order: w.Order, Park: w.Park,
		failed: w.failed, bus: w.bus, lanes: newLanes(), held: make(map[*bus.Delivery]struct{}), stopping: stopping,
	}
	part.handling, part.cancel = context.WithCancel(w.handling)
	context.AfterFunc(over, part.cancel)
	return part
}

// process handles a message and settles it.
func (w *Worker) process(d *bus.Delivery) {
	if w.stopping.Err() != nil || !w.recall(d) || !w.begin(d) {
		w.giveBack(d)
		w.drop(d)
		return
	}
	started := time.Now()
	err := w.tooOften(d)
	if err == nil {
		attempts.WithLabelValues(w.Durable.Name).Inc()
		err = w.handle(d)
	}
	w.settle(d, err, time.Since(started))
}

// beat keeps every message that is held, also those that wait in a lane, from
// being given to another worker. The returned func ends it.
func (w *Worker) beat() (stop func()) {
	ticker, done := time.NewTicker(heartbeat), make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				w.progress()
			case <-done:
				return
			}
		}
	}()
	return func() { ticker.Stop(); close(done) }
}

func (w *Worker) progress() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for d := range w.held {
		if err := d.Progress(); err != nil {
			w.Log.Debug("heartbeat not sent", "message", d, "err", err)
		}
	}
}
