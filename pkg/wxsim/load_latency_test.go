package wxsim

import (
	"math"
	"testing"
	"time"
)

// The inside matters here: no load has latencies that are known beforehand.
func TestLatenciesAreExactToOnePercent(t *testing.T) {
	l := new(latencies)
	if got := l.quantile(0.5); got != 0 {
		t.Errorf("p50 of nothing = %v", got)
	}
	const most = 10_000
	for i := 1; i <= most; i++ {
		l.add(time.Duration(i) * time.Microsecond)
	}
	for _, q := range []float64{0.0001, 0.5, 0.9, 0.99, 0.999, 1} {
		got, want := float64(l.quantile(q)), q*most*float64(time.Microsecond)
		if got < want-1 || got > want*1.01 {
			t.Errorf("quantile %v = %v, want %v to one percent above", q, time.Duration(got), time.Duration(want))
		}
	}
}

func TestBucketsHaveNoGaps(t *testing.T) {
	for i := range latencyBs {
		end := bucketEnd(i)
		if end < 0 || end == math.MaxInt64 {
			break
		}
		if bucket(end) != i || bucket(end+1) != i+1 {
			t.Fatalf("bucket %d ends at %d: that is in %d, and %d is in %d", i, end, bucket(end), end+1, bucket(end+1))
		}
	}
	for _, d := range []time.Duration{-1, 0, math.MaxInt64} {
		if i := bucket(d); i < 0 || i >= latencyBs {
			t.Errorf("bucket of %d is %d", d, i)
		}
	}
}
