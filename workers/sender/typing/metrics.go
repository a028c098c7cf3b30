package typing

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var requests = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "wxbus_sender_typing_total",
	Help: "Requests to show that an answer is being written: done, refused by WeChat, failed, or dropped as busy, paused or malformed.",
}, []string{"account", "outcome"})

func count(account, outcome string) { requests.WithLabelValues(account, outcome).Inc() }
