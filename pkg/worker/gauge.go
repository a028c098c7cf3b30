package worker

import (
	"context"
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

// gauge knows how much a worker has to do.
type gauge struct {
	mu   sync.Mutex
	at   time.Time
	last bus.Lag
	err  error
}

// lag asks NATS unless it has done so a moment ago. Whoever comes meanwhile waits
// for the same answer.
func (g *gauge) lag(ctx context.Context, b *bus.Bus, d bus.Durable) (bus.Lag, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	lasts := lagFor
	if g.err != nil {
		lasts = lagFailed
	}
	if time.Since(g.at) < lasts {
		return g.last, g.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lagAsk)
	defer cancel()
	g.last, g.err = b.Lag(ctx, d)
	g.at = time.Now()
	return g.last, g.err
}

// Load returns how much the worker has to do yet, with all its replicas; it may
// be called before Run. It is at most three seconds old. Its error says at once
// that there is no connection, and within two seconds what else keeps it from
// knowing.
func (w *Worker) Load(ctx context.Context, b *bus.Bus) (process.Load, error) {
	lag, err := w.gauge.lag(ctx, b, w.Durable)
	if err != nil {
		return process.Load{}, err
	}
	return process.Load{
		Worker: w.Durable.Name, Lag: lag.Pending + lag.Unsettled, Pending: lag.Pending, Unacked: lag.Unsettled,
		OldestAge: age(lag.Oldest), WaitingAge: age(lag.Waiting), Partitions: lag.Partitions,
	}, nil
}

// age is how many seconds ago something was, 0 when it never was.
func age(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return max(0, time.Since(at).Round(time.Millisecond).Seconds())
}

// lags are the loads of the workers that run, as metrics. They are asked for when
// they are scraped, and absent while they are not known.
var lags = newLagMetrics()

type lagMetrics struct {
	mu      sync.Mutex
	workers map[*Worker]*bus.Bus
}

func newLagMetrics() *lagMetrics {
	m := &lagMetrics{workers: make(map[*Worker]*bus.Bus)}
	prometheus.MustRegister(m)
	return m
}

// add has the metrics of a worker shown until remove is called.
func (m *lagMetrics) add(w *Worker, b *bus.Bus) (remove func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.workers[w] = b
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.workers, w)
	}
}

func describe(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, []string{"worker"}, nil)
}

var (
	pendingDesc   = describe("wxbus_worker_pending", "Messages that were delivered to no replica yet.")
	unsettledDesc = describe("wxbus_worker_unsettled", "Messages that a replica holds or that wait to be tried again.")
	oldestDesc    = describe("wxbus_worker_oldest_seconds", "Age of the oldest message that is not settled, 0 when there is none.")
	waitingDesc   = describe("wxbus_worker_waiting_seconds", "Age of the oldest message that was delivered to no replica yet, 0 when there is none.")
)

// Describe implements prometheus.Collector.
func (m *lagMetrics) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{pendingDesc, unsettledDesc, oldestDesc, waitingDesc} {
		descs <- desc
	}
}

// Collect implements prometheus.Collector.
func (m *lagMetrics) Collect(metrics chan<- prometheus.Metric) {
	for name, load := range m.loads() {
		for desc, value := range map[*prometheus.Desc]float64{
			pendingDesc: float64(load.Pending), unsettledDesc: float64(load.Unacked),
			oldestDesc: load.OldestAge, waitingDesc: load.WaitingAge,
		} {
			metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, name)
		}
	}
}

// loads asks for all at once. Replicas of one worker say the same.
func (m *lagMetrics) loads() map[string]process.Load {
	m.mu.Lock()
	defer m.mu.Unlock()
	var asking sync.WaitGroup
	answers := make(chan process.Load, len(m.workers))
	for w, b := range m.workers {
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
