package door

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

const (
	// goOnFor is how long a push is published on after WeChat was told 503: it
	// covers WeChat's three tries and an election of a stream leader.
	goOnFor = 30 * time.Second
	// goOnMost is how many pushes may be published on at a time.
	goOnMost = 1000
	// goOnBytes is how much memory they may take.
	goOnBytes = 64 << 20
)

// publisher stores pushes. One that JetStream does not acknowledge in time is
// published on in the background, under the same id, so that a retry of WeChat
// is a duplicate and a push that WeChat gives up on is stored all the same.
type publisher struct {
	bus     *bus.Bus
	timeout time.Duration
	log     *slog.Logger

	mu      sync.Mutex
	count   int
	bytes   int
	going   sync.WaitGroup
	stopped context.Context
	stop    context.CancelFunc
}

func newPublisher(b *bus.Bus, timeout time.Duration, log *slog.Logger) *publisher {
	p := &publisher{bus: b, timeout: timeout, log: log}
	p.stopped, p.stop = context.WithCancel(context.Background())
	return p
}

// publish stores a push and returns whether it was there already. It gives up
// waiting when the push is as old as the timeout, but not trying. It does not
// matter whether WeChat still waits: the push has to be stored.
func (p *publisher) publish(ctx context.Context, e *route.Envelope, header map[string][]string, arrived time.Time) (duplicate bool, err error) {
	ctx, span := otel.Tracer("wxbus").Start(context.WithoutCancel(ctx), "publish")
	defer span.End()
	bus.Inject(ctx, header)
	duplicate, err = p.store(ctx, arrived.Add(p.timeout), e, header)
	if errors.Is(err, bus.ErrUnavailable) {
		p.goOn(e, header)
	}
	return duplicate, err
}

func (p *publisher) store(ctx context.Context, end time.Time, e *route.Envelope, header map[string][]string) (duplicate bool, err error) {
	partitions, err := p.bus.PartitionsUntil(ctx, end)
	if err != nil {
		return false, bus.ErrUnavailable
	}
	return p.bus.PublishUntil(ctx, end, e.Subject(partitions), header[route.HeaderMsgID][0], header, e.Body)
}

// goOn publishes a push in the background, if there is room for one more.
func (p *publisher) goOn(e *route.Envelope, header map[string][]string) {
	if !p.enter(len(e.Body)) {
		lost.WithLabelValues(e.Account).Inc()
		p.log.Error("push not stored and no room to publish it on; WeChat may deliver it again", "id", e.ID)
		return
	}
	p.going.Go(func() {
		defer p.leave(len(e.Body))
		if _, err := p.store(p.stopped, time.Now().Add(goOnFor), e, header); err != nil {
			lost.WithLabelValues(e.Account).Inc()
			p.log.Error("push not stored; WeChat may deliver it again", "id", e.ID, "err", err)
			return
		}
		p.log.Info("published after a while", "id", e.ID)
	})
}

func (p *publisher) enter(size int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count >= goOnMost || p.bytes+size > goOnBytes {
		return false
	}
	p.count, p.bytes = p.count+1, p.bytes+size
	goingOn.Inc()
	return true
}

func (p *publisher) leave(size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count, p.bytes = p.count-1, p.bytes-size
	goingOn.Dec()
}

// drain waits for what is published on, until ctx is done. Nothing may be
// published any more.
func (p *publisher) drain(ctx context.Context) {
	defer context.AfterFunc(ctx, p.stop)()
	p.going.Wait()
	p.stop()
}
