package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

// waits are measured with NATS syncing to disk in two ways. The figure on the
// left is that of a NATS that syncs later.
var (
	waitP50 = figure{"stored reply to request at 200/s, p50 ms: synced later, always", nil, "%.2f", nil}
	waitP99 = figure{"stored reply to request at 200/s, p99 ms: synced later, always", nil, "%.2f", map[int]target{0: {most: 25, absolute: true}}}
	lazyP99 = figure{"stored reply to request at 200/s, p99 ms: synced later", nil, "%.2f", map[int]target{0: {most: 25, absolute: true}}}
)

// senderWaits measures how long a reply waits that finds the sender idle.
func (b *stage) senderWaits(p *plan) ([]row, error) {
	var lazy, always [2][]float64
	for range p.repetitions {
		for _, way := range []struct {
			sync string
			took *[2][]float64
		}{{"", &lazy}, {", sync_interval: always", &always}} {
			took, err := b.replyWaits(way.sync, int(tripRate*p.duration.Seconds()))
			if err != nil {
				return nil, fmt.Errorf("replies at %d/s%s: %w", tripRate, way.sync, err)
			}
			way.took[0] = append(way.took[0], ms(took[len(took)/2]))
			way.took[1] = append(way.took[1], ms(took[len(took)*99/100]))
		}
	}
	return []row{
		waitP50.row(0, lazy[0], always[0]),
		lazyP99.row(0, lazy[1], lazy[1]),
		waitP99.row(0, lazy[1], always[1]),
	}, nil
}

// replyWaits stores n replies, each when it is due, and returns how long each
// took from when it was stored until it came to WeChat's API, in order.
func (b *stage) replyWaits(sync string, n int) ([]time.Duration, error) {
	d, err := b.openDesk(sync)
	if err != nil {
		return nil, err
	}
	defer d.close()
	done := make(chan struct{})
	const warm = tripRate // one second's replies are not looked at
	d.api.expect(0, map[int]func(){warm + n: func() { close(done) }})
	d.api.note()
	running, err := d.senders(1)
	if err != nil {
		return nil, err
	}
	defer stopAll(running)
	if err := d.storeWhenDue(warm + n); err != nil {
		return nil, err
	}
	select {
	case <-done:
	case <-time.After(tripTimeout):
		return nil, running[0].silent()
	}
	stored, err := d.storedAt(warm + n)
	return d.api.since(stored[warm:]), err
}

func (d *desk) storeWhenDue(n int) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(n)*time.Second/tripRate+tripTimeout)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	due := time.NewTicker(time.Second / tripRate)
	defer due.Stop()
	for range n {
		<-due.C
		user := d.user()
		group.Go(func() error { return d.store(ctx, user) })
	}
	return group.Wait()
}

// storedReply is a reply in the stream.
type storedReply struct {
	user string
	at   time.Time // by the server's clock, which is ours
}

// storedAt reads when each of n replies was stored, in order.
func (d *desk) storedAt(n int) (stored []storedReply, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	free := make(chan struct{}, n)
	var mu sync.Mutex
	durable := bus.Durable{Name: "bench", Stream: bus.StreamOut, Filters: []string{route.Out + ">"}, All: true}
	err = d.bus.Consume(ctx, durable, senderSlots, free, func(reply *bus.Delivery) {
		mu.Lock()
		defer mu.Unlock()
		stored = append(stored, storedReply{reply.Get(route.HeaderMsgID)[len("bench:"):], reply.Stored})
		free <- struct{}{}
		if len(stored) == n {
			cancel()
		}
	})
	if err == nil && len(stored) < n {
		err = errors.New("not all replies are in the stream")
	}
	return stored, err
}

// since returns how long after they were stored the replies came, in order.
func (a *wechatAPI) since(stored []storedReply) (took []time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, reply := range stored {
		took = append(took, a.at[reply.user].Sub(reply.at))
	}
	slices.Sort(took)
	return took
}
