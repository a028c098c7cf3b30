package typing_test

import "github.com/prometheus/client_golang/prometheus"

// outcome returns how many requests ended so, in all tests.
func (r *rig) outcome(name string) (n float64) {
	r.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		r.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "wxbus_sender_typing_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "outcome" && label.GetValue() == name {
					n += metric.GetCounter().GetValue()
				}
			}
		}
	}
	return n
}
