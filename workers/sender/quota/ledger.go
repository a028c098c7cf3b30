package quota

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

const (
	group       = "sender"        // of all replicas, so that one of them answers
	sweepEvery  = time.Minute     // each shard
	idsFor      = 5 * time.Minute // a generation of ids; the log itself knows them as long
	publishTime = 2 * time.Second // for a refusal, which is logged as well as it goes
	echoTime    = time.Second     // for the log to be read
	filtersMost = 32              // with more accounts all are read
	anyAccount  = "*"
)

// Ledger knows what may still be sent to each user of some accounts. It is safe
// for concurrent use. Use [New].
type Ledger struct {
	cfg      Config
	accounts []string
	bus      *bus.Bus
	log      *slog.Logger

	table  *table
	ids    *ids
	opened atomic.Pointer[func(account, user string)]
	ready  chan struct{} // closed once all is read
	once   sync.Once
}

// New returns the ledger for accounts; none means all. It knows nothing until
// [Ledger.Run] has read what there is.
func New(cfg Config, accounts []string, b *bus.Bus, log *slog.Logger) *Ledger {
	if len(accounts) == 0 || len(accounts) > filtersMost {
		accounts = []string{anyAccount}
	}
	return &Ledger{
		cfg: cfg, accounts: accounts, bus: b, log: log,
		table: newTable(cfg.Users), ids: newIDs(), ready: make(chan struct{}),
	}
}

// OnOpened has opened called when a user did something after which messages can
// be sent to him. It is called by the goroutine that reads the pushes, and must
// not block. What happened before [Ledger.Ready] is not told.
func (l *Ledger) OnOpened(opened func(account, user string)) { l.opened.Store(&opened) }

// Ready is closed once everything is known that was there when Run began.
// Before it no user is known.
func (l *Ledger) Ready() <-chan struct{} { return l.ready }

func (l *Ledger) isReady() bool {
	select {
	case <-l.ready:
		return true
	default:
		return false
	}
}

// Left returns what may still be sent to a user.
func (l *Ledger) Left(account, user string) wechat.Allowance {
	if !l.isReady() {
		return wechat.Allowance{}
	}
	st, known := l.table.look(l.table.key(account, user))
	if !known {
		return wechat.Allowance{}
	}
	return l.cfg.allowance(st, time.Now())
}

// Run keeps the ledger until ctx is done, and answers those who ask what is left
// for a user. It first reads the pushes up to the end, then the log: a message
// that is logged before its trigger is known would count against nothing.
func (l *Ledger) Run(ctx context.Context) error {
	since := time.Now().Add(-l.cfg.remembered())
	running, ctx := errgroup.WithContext(ctx)
	pushes, spent := make(chan struct{}), make(chan struct{})
	running.Go(func() error { return l.followPushes(ctx, since, pushes) })
	running.Go(func() error {
		if !isDone(ctx, pushes) {
			return nil
		}
		return l.followSpends(ctx, since, spent)
	})
	running.Go(func() error {
		if isDone(ctx, spent) {
			l.begin()
			return l.answer(ctx)
		}
		return nil
	})
	running.Go(func() error { l.sweep(ctx); return nil })
	return running.Wait()
}

// isDone waits for a channel to be closed and reports whether ctx lasted.
func isDone(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *Ledger) begin() {
	l.once.Do(func() {
		close(l.ready)
		ready.Set(1)
		l.log.Info("reply quota is known", "users", l.table.users.Load())
	})
}

// sweep forgets what is over, a shard at a time.
func (l *Ledger) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery / shardCount)
	defer ticker.Stop()
	aged := time.Now()
	for i := 0; ; i = (i + 1) % shardCount {
		select {
		case now := <-ticker.C:
			l.table.sweep(i, now, l.cfg.remembered())
			usersKnown.Set(float64(l.table.users.Load()))
			if now.Sub(aged) > idsFor && l.isReady() {
				l.ids.age()
				aged = now
			}
		case <-ctx.Done():
			return
		}
	}
}

// answer serves the questions of workers.
func (l *Ledger) answer(ctx context.Context) error {
	answering, ctx := errgroup.WithContext(ctx)
	for _, account := range l.accounts {
		answering.Go(func() error {
			return l.bus.Answer(ctx, route.Allowance+account+".*", group, func(subject string, _ []byte) []byte {
				account, user, _ := strings.Cut(strings.TrimPrefix(subject, route.Allowance), ".")
				body, _ := json.Marshal(l.Left(account, user)) // plain data
				return body
			})
		})
	}
	return answering.Wait()
}
