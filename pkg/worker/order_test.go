package worker_test

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/worker"
)

func TestOrderIsKeptWhileReplicasComeAndGo(t *testing.T) {
	t.Parallel()
	c, r, users := newCrew(t), newRecord(t), names(40)
	c.locked()
	many := func(s *worker.Settings) {
		s.Attempts, s.Backoff, s.BackoffMax = 50, 2*time.Millisecond, 20*time.Millisecond
	}
	handler := r.steady(0.1)
	first := c.start(handler, many)
	const n = 60
	var publishing sync.WaitGroup
	publishing.Go(func() { c.texts(users, 1, n) })
	reach := func(count int) {
		bustest.Eventually(t, fmt.Sprint(count, " are handled"), func() bool { return r.count() >= count })
	}
	reach(n * len(users) / 6)
	second, third := c.start(handler, many), c.start(handler, many)
	reach(n * len(users) / 3)
	first.stop()
	reach(n * len(users) / 2)
	third.stop()
	publishing.Wait()
	reach(n * len(users))
	c.allSettled()
	second.stop()
	r.wantOrder(n, 0)
}

// The same on a cluster, while the leaders of the stream and of the replicas'
// bucket go.
func TestOrderIsKeptOnACluster(t *testing.T) {
	t.Parallel()
	cluster := bustest.StartCluster(t)
	c, r, users := &crew{rig: &rig{t: t}, url: cluster.Config()}, newRecord(t), names(20)
	var err error
	if c.bus, err = bus.Connect("test", c.url, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.bus.Close)
	if err := c.bus.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	many := func(s *worker.Settings) { s.Attempts = 50 }
	c.start(r.steady(0.05), many)
	second := c.start(r.steady(0.05), many)
	const n = 40
	var publishing sync.WaitGroup
	publishing.Go(func() { c.texts(users, 1, n) })
	reach := func(count int) {
		bustest.Eventually(t, fmt.Sprint(count, " are handled"), func() bool { return r.count() >= count })
	}
	reach(n * len(users) / 4)
	lost := cluster.Leader("KV_" + bus.BucketLease)
	lost.Down()
	reach(n * len(users) / 2)
	second.stop()
	publishing.Wait()
	bustest.Eventually(t, "all are handled", func() bool { return r.highest(n) == len(users) })
	r.wantOrder(n, n*len(users)/4)
}
