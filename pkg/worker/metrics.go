package worker

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/wxbus/wxbus/pkg/bus"
)

var (
	verdicts = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_worker_verdicts_total",
		Help: "Messages settled: done, retry, snoozed, dead, given back.",
	}, []string{"worker", "verdict"})
	handlerTime = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "wxbus_worker_handler_seconds", Help: "Time a handler took for a message that it dealt with.",
		Buckets: prometheus.ExponentialBuckets(0.001, 3, 12),
	}, []string{"worker"})
	waitTime = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "wxbus_worker_settled_after_seconds", Help: "Time from when a message was stored until it was dealt with.",
		Buckets: prometheus.ExponentialBuckets(0.001, 3, 14),
	}, []string{"worker"})
	inFlight = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "wxbus_worker_in_flight", Help: "Messages held by this replica.",
	}, []string{"worker"})
	attempts = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_worker_attempts_total", Help: "Tries of handlers that were begun.",
	}, []string{"worker"})
	suppressed = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_worker_suppressed_total", Help: "Replies to replayed messages that were not published.",
	}, []string{"worker"})
	deadLetters = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_worker_dead_letters_total", Help: "Dead letters that were stored, by reason; other: of more reasons than are counted.",
	}, []string{"worker", "reason"})
)

func (w *Worker) count(d *bus.Delivery, verdict string, took time.Duration) {
	verdicts.WithLabelValues(w.Durable.Name, verdict).Inc()
	if verdict == "done" {
		handlerTime.WithLabelValues(w.Durable.Name).Observe(took.Seconds())
		waitTime.WithLabelValues(w.Durable.Name).Observe(time.Since(d.Stored).Seconds())
	}
}

// reasonsMax is how many reasons of dead letters are counted one by one.
const reasonsMax = 64

// reasons of handlers are free texts: a handler that makes up a new one for each
// message must not make as many series.
var reasons labels

// labels are the values of a label that are in use.
type labels struct {
	mu    sync.Mutex
	known map[string]bool
}

func (l *labels) label(value string) string {
	value = oneLine(value)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[value] {
		return value
	}
	if len(l.known) >= reasonsMax {
		return "other"
	}
	if l.known == nil {
		l.known = make(map[string]bool, reasonsMax)
	}
	l.known[value] = true
	return value
}
