package door

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/wxbus/wxbus/ingress/spool"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

// publisher stores pushes. One that JetStream does not acknowledge in time is
// kept on disk, if there is a spool, or published on in the background, under
// the same id, so that a retry of WeChat is a duplicate and a push that WeChat
// gives up on is stored all the same.
type publisher struct {
	bus     *bus.Bus
	spool   *spool.Spool // nil without SPOOL_DIR
	timeout time.Duration
	log     *slog.Logger
	tracer  trace.Tracer

	mu      sync.Mutex
	count   int
	bytes   int
	going   sync.WaitGroup
	stopped context.Context
	stop    context.CancelFunc
}

func newPublisher(b *bus.Bus, timeout time.Duration, log *slog.Logger) *publisher {
	p := &publisher{bus: b, timeout: timeout, log: log, tracer: otel.Tracer("wxbus")}
	p.stopped, p.stop = context.WithCancel(context.Background())
	return p
}

// publish stores a push and returns what has become of it: [spool.Stored],
// [spool.Duplicate] or [spool.Spooled]. It gives up waiting when the push is as
// old as the timeout, but not trying. It does not matter whether WeChat still
// waits: the push has to be stored.
func (p *publisher) publish(ctx context.Context, e *route.Envelope, header map[string][]string, arrived time.Time) (spool.Outcome, error) {
	ctx, span := p.tracer.Start(context.WithoutCancel(ctx), "publish")
	defer span.End()
	bus.Inject(ctx, header)
	outcome, err := p.keep(ctx, e, header, arrived)
	if err != nil && mayBeMended(err) {
		p.goOn(e, header)
	}
	return outcome, err
}

// mayBeMended reports whether a later attempt can store what this one could not.
func mayBeMended(err error) bool {
	return errors.Is(err, bus.ErrUnavailable) || errors.Is(err, spool.ErrFull) || errors.Is(err, errDisk)
}

// errDisk says that a push could not be kept in the spool.
var errDisk = errors.New("the spool does not take it")

// forDisk is how much of the timeout is left for the spool.
const forDisk = time.Second

func (p *publisher) keep(ctx context.Context, e *route.Envelope, header map[string][]string, arrived time.Time) (spool.Outcome, error) {
	end := arrived.Add(p.timeout)
	if p.spool == nil {
		return outcomeOf(p.store(ctx, end, e, header))
	}
	ctx, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	outcome, err := p.spool.Store(ctx, spool.NewRecord(e, header, arrived), func(ctx context.Context) (bool, error) {
		return p.store(ctx, end.Add(-min(forDisk, p.timeout/2)), e, header)
	})
	if err != nil && !errors.Is(err, bus.ErrTooLarge) {
		err = fmt.Errorf("%w: %w", errDisk, err)
	}
	return outcome, err
}

func outcomeOf(duplicate bool, err error) (spool.Outcome, error) {
	switch {
	case err != nil:
		return "", err
	case duplicate:
		return spool.Duplicate, nil
	}
	return spool.Stored, nil
}

func (p *publisher) store(ctx context.Context, end time.Time, e *route.Envelope, header map[string][]string) (duplicate bool, err error) {
	partitions, err := p.bus.PartitionsUntil(ctx, end)
	if err != nil {
		return false, bus.ErrUnavailable
	}
	return p.bus.PublishUntil(ctx, end, e.Subject(partitions), header[route.HeaderMsgID][0], header, e.Body)
}

// ready returns nil when pushes can be stored. With a spool that has room they
// can be, whatever JetStream does.
func (p *publisher) ready(ctx context.Context) error {
	if p.spool != nil && p.spool.HasRoom() {
		return nil
	}
	return p.bus.Ready(ctx)
}
