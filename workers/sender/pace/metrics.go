package pace

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	paused = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "wxbus_sender_paused",
		Help: "1 while no replica calls for the account, until a call has shown that it may be called again.",
	}, []string{"account"})
	pauses = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_sender_pauses_total",
		Help: "Pauses that this replica began: throttled, minute, busy.",
	}, []string{"account", "reason"})
	breakerOpen = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "wxbus_sender_breaker_open",
		Help: "1 while this replica cannot reach WeChat for the account, until a call has come through.",
	}, []string{"account"})
	permitsTotal = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_sender_permits_total",
		Help: "Permits of SENDER_RATE that this replica has taken, and those of them that have lapsed unused.",
	}, []string{"account", "state"})
	sentAway = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_sender_delayed_total",
		Help: "Replies that were put off because the account was not to be called yet.",
	}, []string{"account"})
)

func gauge(on bool) float64 {
	if on {
		return 1
	}
	return 0
}
