package door

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wxbus/wxbus/ingress/spool"
)

func describe(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("wxbus_ingress_spool_"+name, help, nil, nil)
}

var (
	spoolWaiting    = describe("waiting", "Pushes on disk that are not yet in the stream.")
	spoolBytes      = describe("bytes", "Size of the spool on disk.")
	spoolAge        = describe("oldest_seconds", "Age of the oldest push that waits in the spool, 0 when none does.")
	spoolDrained    = describe("drained_total", "Pushes that went from the spool into the stream.")
	spoolDuplicates = describe("duplicates_total", "Pushes of the spool that the stream had already.")
	spoolBad        = describe("bad_total", "Records of the spool that were put aside in files *.bad; somebody has to look at them.")
)

// spoolMetrics tells what a spool holds.
type spoolMetrics struct{ spool *spool.Spool }

// Describe implements prometheus.Collector.
func (m spoolMetrics) Describe(descs chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, descs) }

// Collect implements prometheus.Collector.
func (m spoolMetrics) Collect(metrics chan<- prometheus.Metric) {
	stats := m.spool.Stats()
	age := 0.0
	if !stats.Oldest.IsZero() {
		age = time.Since(stats.Oldest).Seconds()
	}
	gauge := func(desc *prometheus.Desc, value float64) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
	counter := func(desc *prometheus.Desc, value uint64) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(value))
	}
	gauge(spoolWaiting, float64(stats.Waiting))
	gauge(spoolBytes, float64(stats.Bytes))
	gauge(spoolAge, age)
	counter(spoolDrained, stats.Drained)
	counter(spoolDuplicates, stats.Duplicates)
	counter(spoolBad, stats.Bad)
}
