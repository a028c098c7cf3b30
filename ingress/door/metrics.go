package door

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	pushes = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_ingress_pushes_total",
		Help: "Pushes answered with success: stored, duplicate, undecodable, spooled.",
	}, []string{"account", "result"})
	refusals = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_ingress_refusals_total",
		Help: "Requests that were not answered with success, by HTTP status.",
	}, []string{"account", "status"})
	pushTime = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "wxbus_ingress_push_seconds", Help: "Time from a push's arrival to its acknowledgement by JetStream.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
	}, []string{"account"})
	goingOn = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "wxbus_ingress_publishing_on", Help: "Pushes still published after they were answered with 503.",
	})
	oldUsed = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "wxbus_ingress_old_secret_last_used_seconds",
		Help: "When a push last needed the old token or the old AES key of new,old (Unix time): no longer, and the old one can go.",
	}, []string{"account", "secret"})
	lost = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_ingress_not_stored_total", Help: "Pushes that the ingress gave up on; WeChat may deliver them again.",
	}, []string{"account"})
)

// results are what becomes of a push that is answered with success.
var results = []string{"stored", "duplicate", "undecodable", "spooled"}

// accountMetrics are those of one account, looked up once.
type accountMetrics struct {
	results map[string]prometheus.Counter
	time    prometheus.Observer
}

func metricsOf(account string) *accountMetrics {
	m := &accountMetrics{results: make(map[string]prometheus.Counter), time: pushTime.WithLabelValues(account)}
	for _, result := range results {
		m.results[result] = pushes.WithLabelValues(account, result)
	}
	return m
}

func (m *accountMetrics) published(result string, took time.Duration) {
	m.results[result].Inc()
	m.time.Observe(took.Seconds())
}

// oldSecret notes that an account's old token or key is still in use.
func oldSecret(account string) func(secret string) {
	return func(secret string) { oldUsed.WithLabelValues(account, secret).SetToCurrentTime() }
}
