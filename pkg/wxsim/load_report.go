package wxsim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// LoadReport tells what came of a [Load].
type LoadReport struct {
	Pushes     int64            `json:"pushes"`             // that were begun
	Accepted   int64            `json:"accepted"`           // of them
	Unsent     int64            `json:"unsent"`             // planned, but never begun
	Deliveries int64            `json:"deliveries"`         // of all pushes, with those made again
	Failures   map[string]int64 `json:"failures,omitempty"` // deliveries by what was wrong: "HTTP 503", "connection lost", …
	Took       time.Duration    `json:"took"`               // nanoseconds, as all that follow
	PerSecond  float64          `json:"per_second"`         // accepted pushes

	// How long accepted pushes took, from the moment that they were due to the
	// last byte of the answer; exact to one percent.
	P50  time.Duration `json:"p50"`
	P90  time.Duration `json:"p90"`
	P99  time.Duration `json:"p99"`
	P999 time.Duration `json:"p999"`
	Max  time.Duration `json:"max"`
}

// count takes a delivery that was accepted, or failed by what is named.
func (r *LoadReport) count(failure string) {
	r.Deliveries++
	if failure == "" {
		r.Accepted++
		return
	}
	if r.Failures == nil {
		r.Failures = make(map[string]int64)
	}
	r.Failures[failure]++
}

func (f *flood) report(pushers []*pusher, took time.Duration) LoadReport {
	r := LoadReport{Took: took, Failures: make(map[string]int64)}
	for _, p := range pushers {
		r.Pushes += p.tally.Pushes
		r.Accepted += p.tally.Accepted
		r.Deliveries += p.tally.Deliveries
		for failure, n := range p.tally.Failures {
			r.Failures[failure] += n
		}
	}
	r.Unsent = f.pace.left(r.Pushes)
	r.PerSecond = float64(r.Accepted) / took.Seconds()
	r.P50, r.P90 = f.latencies.quantile(0.5), f.latencies.quantile(0.9)
	r.P99, r.P999 = f.latencies.quantile(0.99), f.latencies.quantile(0.999)
	r.Max = time.Duration(f.latencies.max.Load())
	return r
}

// String is the report for a person, in lines.
func (r LoadReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d pushes in %.2f s, %d accepted: %.0f/s\n", r.Pushes, r.Took.Seconds(), r.Accepted, r.PerSecond)
	if r.Accepted > 0 {
		fmt.Fprintf(&b, "p50 %s  p90 %s  p99 %s  p99.9 %s  max %s\n", ms(r.P50), ms(r.P90), ms(r.P99), ms(r.P999), ms(r.Max))
	}
	for _, failure := range slices.Sorted(maps.Keys(r.Failures)) {
		fmt.Fprintf(&b, "%s: %d of %d deliveries\n", failure, r.Failures[failure], r.Deliveries)
	}
	if r.Unsent > 0 {
		fmt.Fprintf(&b, "not begun: %d\n", r.Unsent)
	}
	return b.String()
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }
