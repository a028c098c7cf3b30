package worker

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/wxbus/wxbus/pkg/bus"
)

var (
	verdicts = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_worker_verdicts_total",
		Help: "Messages settled: done, retry, dead, given back.",
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
	suppressed = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_worker_suppressed_total", Help: "Replies to replayed messages that were not published.",
	}, []string{"worker"})
	pending = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "wxbus_worker_pending", Help: "Messages that waited in the stream when the last one came.",
	}, []string{"worker"})
)

func (w *Worker) count(d *bus.Delivery, verdict string, took time.Duration) {
	verdicts.WithLabelValues(w.Durable.Name, verdict).Inc()
	if verdict == "done" {
		handlerTime.WithLabelValues(w.Durable.Name).Observe(took.Seconds())
		waitTime.WithLabelValues(w.Durable.Name).Observe(time.Since(d.Stored).Seconds())
	}
}
