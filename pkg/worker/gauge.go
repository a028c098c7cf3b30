package worker

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/process"
)

// How long what was learnt of a lag is used again, so that whoever scales,
// scrapes and probes is one question to NATS. What failed is asked again sooner.
const (
	lagFor    = 3 * time.Second
	lagFailed = time.Second
	lagAsk    = 2 * time.Second // longest wait for an answer
)

// gauge knows the load of a worker.
type gauge struct {
	mu   sync.Mutex
	at   time.Time
	last process.Load
	err  error
}

// Load returns how much the worker has to do yet, with all its replicas; it may
// be called before Run. What it says is up to three seconds old. Its error says
// at once that there is no connection, and within two seconds what else keeps it
// from knowing. The answer is kept for others, also that ctx was done.
func (w *Worker) Load(ctx context.Context, b *bus.Bus) (process.Load, error) {
	g := &w.gauge
	g.mu.Lock() // who comes while NATS is asked waits for the same answer
	defer g.mu.Unlock()
	lasts := lagFor
	if g.err != nil {
		lasts = lagFailed
	}
	if time.Since(g.at) < lasts {
		return g.last, g.err
	}
	ctx, cancel := context.WithTimeout(ctx, lagAsk)
	defer cancel()
	lag, err := b.Lag(ctx, w.Durable)
	g.at, g.err = time.Now(), err
	g.last = process.Load{
		Worker: w.Durable.Name, Lag: lag.Pending + lag.Unsettled, Pending: lag.Pending, Unacked: lag.Unsettled,
		OldestAge: age(lag.Oldest), WaitingAge: age(lag.Waiting), Partitions: lag.Partitions,
	}
	return g.last, g.err
}

// age is how many seconds ago something was, 0 when it never was.
func age(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return max(0, time.Since(at).Round(time.Millisecond).Seconds())
}

// lagGauges are the metrics of a load.
var lagGauges = []struct {
	desc  *prometheus.Desc
	value func(process.Load) float64
}{
	{
		lagDesc("wxbus_worker_pending", "Messages that were delivered to no replica yet."),
		func(l process.Load) float64 { return float64(l.Pending) },
	},
	{
		lagDesc("wxbus_worker_unsettled", "Messages that a replica holds or that wait to be tried again."),
		func(l process.Load) float64 { return float64(l.Unacked) },
	},
	{
		lagDesc("wxbus_worker_oldest_seconds", "Age of the oldest message that is not settled, 0 when there is none."),
		func(l process.Load) float64 { return l.OldestAge },
	},
	{
		lagDesc("wxbus_worker_waiting_seconds", "Age of the oldest message that was delivered to no replica yet, 0 when there is none."),
		func(l process.Load) float64 { return l.WaitingAge },
	},
}

func lagDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, []string{"worker"}, nil)
}

// lags are the loads of the workers that run, as metrics. They are asked for when
// they are scraped, and absent while they are not known.
var lags lagMetrics

type lagMetrics struct {
	mu      sync.Mutex
	workers map[*Worker]*bus.Bus
}

// add has the metrics of a worker shown until remove is called.
func (m *lagMetrics) add(w *Worker, b *bus.Bus) (remove func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.workers == nil {
		m.workers = make(map[*Worker]*bus.Bus)
		prometheus.MustRegister(m)
	}
	m.workers[w] = b
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.workers, w)
	}
}

// Describe implements prometheus.Collector.
func (m *lagMetrics) Describe(descs chan<- *prometheus.Desc) {
	for _, gauge := range lagGauges {
		descs <- gauge.desc
	}
}

// Collect implements prometheus.Collector.
func (m *lagMetrics) Collect(metrics chan<- prometheus.Metric) {
	for name, load := range m.loads() {
		for _, gauge := range lagGauges {
			metrics <- prometheus.MustNewConstMetric(gauge.desc, prometheus.GaugeValue, gauge.value(load), name)
		}
	}
}

// loads asks for all at once. Replicas of one worker say the same.
func (m *lagMetrics) loads() map[string]process.Load {
	m.mu.Lock()
	workers := maps.Clone(m.workers)
	m.mu.Unlock()
	var asking sync.WaitGroup
	answers := make(chan process.Load, len(workers))
	for w, b := range workers {
		asking.Go(func() {
			if load, err := w.Load(context.Background(), b); err == nil {
				answers <- load
			}
		})
	}
	asking.Wait()
	close(answers)
	loads := make(map[string]process.Load)
	for load := range answers {
		loads[load.Worker] = load
	}
	return loads
}
