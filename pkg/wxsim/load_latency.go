package wxsim

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	fineBits  = 7             // a bucket is at most 1/128 as wide as what it holds
	fine      = 1 << fineBits // buckets to each power of two
	latencyBs = (64 - fineBits) * fine
)

// latencies is a histogram. It takes no more memory however much it counts,
// and is safe for concurrent use.
type latencies struct {
	buckets [latencyBs]atomic.Int64
	max     atomic.Int64 // nanoseconds
}

func (l *latencies) add(d time.Duration) {
	l.buckets[bucket(d)].Add(1)
	for {
		most := l.max.Load()
		if int64(d) <= most || l.max.CompareAndSwap(most, int64(d)) {
			return
		}
	}
}

// bucket returns where d is counted: up to 256 ns each has a bucket of its own,
// above it 128 buckets share each power of two.
func bucket(d time.Duration) int {
	n := uint64(max(d, 0))
	shift := max(bits.Len64(n)-fineBits-1, 0)
	return shift*fine + int(n>>shift) //nolint:gosec // below 256
}

// quantile returns the smallest latency that at least the share q had, rounded
// up to its bucket's end; 0 when there is none.
func (l *latencies) quantile(q float64) time.Duration {
	var all int64
	for i := range l.buckets {
		all += l.buckets[i].Load()
	}
	want, seen := int64(math.Ceil(q*float64(all))), int64(0)
	for i := range l.buckets {
		if seen += l.buckets[i].Load(); seen >= want && all > 0 {
			return min(bucketEnd(i), time.Duration(l.max.Load()))
		}
	}
	return 0
}

func bucketEnd(i int) time.Duration {
	if i < 2*fine {
		return time.Duration(i)
	}
	shift := i/fine - 1
	return time.Duration(i-shift*fine+1)<<shift - 1
}
