package rules

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// lookEvery is how often the file is looked at. Editors and Kubernetes replace
// files in ways that no notification tells of everywhere; this always works.
const lookEvery = time.Second

// live are rules that change while they answer.
type live struct {
	file  string // empty for rules that have none
	host  *process.Host
	rules atomic.Pointer[Rules]
	seen  stamp // of the file when it was read
}

// stamp tells one version of a file from another.
type stamp struct {
	size     int64
	modified time.Time
}

func stampOf(file string) stamp {
	info, err := os.Stat(file)
	if err != nil {
		return stamp{} // gone, perhaps only for a moment
	}
	return stamp{info.Size(), info.ModTime()}
}

// Run answers by the rules of a file until ctx is done, and by what stands in it
// after each change. A file with a fault changes nothing: the log says which
// line, and why.
func Run(ctx context.Context, cfg Config, host *process.Host) error {
	memory, err := bus.Connect(Name, cfg.NATS, host.Log)
	if err != nil {
		return err
	}
	defer memory.Close()
	go func() { _ = memory.Prepare(ctx) }() // a ctx that ends meanwhile is no fault
	l := &live{file: string(cfg.File), host: host, seen: stampOf(string(cfg.File))}
	l.take(cfg.Rules, Bucket(memory))
	health := new(atomic.Pointer[process.Health])
	health.Store(process.NewHealth(ctx))
	host.Health.Add(Name, func(ctx context.Context) error { return health.Load().Ready(ctx) })
	for ctx.Err() == nil {
		kinds, next := context.WithCancel(ctx)
		go l.watch(kinds, next, Bucket(memory))
		health.Store(process.NewHealth(kinds))
		err := worker.Run(kinds, Name, cfg.Config, l.mux(), &process.Host{Log: host.Log, Health: health.Load(), Loads: host.Loads})
		next()
		if err != nil {
			return err
		}
	}
	return nil
}

// take makes rules those that answer.
func (l *live) take(r *Rules, memory Memory) {
	r.memory = memory
	l.rules.Store(r)
}

// mux has handlers for the kinds of the present rules; what they answer is up
// to the rules at that moment.
func (l *live) mux() *worker.Mux {
	mux := worker.NewMux()
	for _, kind := range l.rules.Load().Kinds() {
		mux.Handle(kind, func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
			return l.rules.Load().Answer(ctx, m)
		})
	}
	return mux
}

// watch looks at the file until ctx is done. When the new rules want messages
// of other kinds, it calls next, to subscribe anew.
func (l *live) watch(ctx context.Context, next func(), memory Memory) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for l.file != "" {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if l.reload(memory) {
			next()
			return
		}
	}
}

// reload reads the file if it is another one, and reports whether the new rules
// want messages of other kinds.
func (l *live) reload(memory Memory) (otherKinds bool) {
	now := stampOf(l.file)
	if now == l.seen || now == (stamp{}) {
		return false
	}
	l.seen = now
	r, err := Load(l.file)
	if err != nil {
		for fault := range strings.SplitSeq(err.Error(), "\n") {
			l.host.Log.Error("rules not changed: the file has a fault", "fault", fault)
		}
		return false
	}
	before := l.rules.Load().Kinds()
	l.take(r, memory)
	l.host.Log.Info("rules changed", "file", l.file, "rules", r.Len())
	slices.Sort(before)
	return !slices.Equal(before, slices.Sorted(slices.Values(r.Kinds())))
}
