package quota

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// BenchmarkUsers tells how many bytes of heap a user takes.
func BenchmarkUsers(b *testing.B) {
	for _, users := range []int{1_000_000, 3_000_000, 10_000_000} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			for range b.N {
				before := heap()
				l := New(testRules(), nil, nil, nil)
				now := time.Now().Add(-time.Hour)
				for n := range users {
					l.trigger("main", fmt.Sprintf("oABCDEFGHIJKLMNOPQRS%08d", n), byMessage, now)
				}
				b.ReportMetric(float64(heap()-before)/float64(users), "B/user")
				runtime.KeepAlive(l)
			}
		})
	}
}

func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
