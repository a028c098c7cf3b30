package door

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	pushes = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_ingress_pushes_total",
		Help: "Pushes answered with success: stored, duplicate, undecodable.",
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
	lost = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_ingress_not_stored_total", Help: "Pushes that the ingress gave up on; WeChat may deliver them again.",
	}, []string{"account"})
)
