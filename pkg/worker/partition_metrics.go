package worker

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	partitionsHeld = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "wxbus_worker_partitions", Help: "Partitions that this replica of an ordered worker has.",
	}, []string{"worker"})
	leaseMoves = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_worker_lease_moves_total",
		Help: "Partitions that came to this replica or left it: taken, taken over (from one that died), handed over, lost (fenced).",
	}, []string{"worker", "move"})
	orderResets = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_worker_order_resets_total",
		Help: "Times that a partition was read again from its first unsettled message, to keep the order.",
	}, []string{"worker"})
)
