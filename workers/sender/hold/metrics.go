package hold

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	waiting = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "wxbus_sender_held",
		Help: "Replies that wait until their user can be sent to, of all replicas: each one shows all of them.",
	}, []string{"account"})
	released = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_sender_released_total",
		Help: "Held replies that this replica released: opened for being sent, expired for a dead letter.",
	}, []string{"account", "outcome"})
)
