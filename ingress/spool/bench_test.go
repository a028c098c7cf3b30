package spool_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/ingress/spool"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// bodyOf is about as long as most pushes are.
var bodyOf = bytes.Repeat([]byte("x"), 500)

func quiet(b *testing.B, dir string) *spool.Spool {
	b.Helper()
	s, err := spool.Open(dir, 64*roomy, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// fill keeps n pushes of a thousand users, some at a time.
func fill(b *testing.B, s *spool.Spool, n, atOnce int) {
	b.Helper()
	var next atomic.Int64
	var group errgroup.Group
	for range atOnce {
		group.Go(func() error {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if err := s.Append(b.Context(), pushOf(fmt.Sprint("u", i%1000), int(i), bodyOf)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, atOnce := range []int{1, 64, 256} {
		b.Run(fmt.Sprint(atOnce), func(b *testing.B) {
			s := quiet(b, b.TempDir())
			b.ResetTimer()
			fill(b, s, b.N, atOnce)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkDrain drains what this process has spooled, and what another one
// has: that is looked up in the stream first.
func BenchmarkDrain(b *testing.B) {
	for _, restart := range []bool{false, true} {
		b.Run(fmt.Sprint("restart=", restart), func(b *testing.B) {
			nats, dir := bustest.Start(b), b.TempDir()
			s := quiet(b, dir)
			fill(b, s, b.N, 256)
			if restart {
				_ = s.Close()
				start := time.Now()
				s = quiet(b, dir)
				b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "opened/s")
			}
			conn := nats.Bus()
			b.ResetTimer()
			drain(b, s, conn)
			drained(b, s)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
