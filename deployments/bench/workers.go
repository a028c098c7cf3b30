package main

import (
	"fmt"
	"os"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	manyMessages = 60000 // in the stream, when their handler does nothing
	manyUsers    = 1000
)

// slotCounts are the prefetches to measure with: WORKER_SLOTS as by default,
// and one with which nobody waits for the next message.
var slotCounts = []int{16, 128}

// effort is what a taker did with each message in the middle of its work.
type effort struct{ perSecond, cpuMicros, mallocs float64 }

func (e effort) rate() float64   { return e.perSecond }
func (e effort) cpu() float64    { return e.cpuMicros }
func (e effort) allocs() float64 { return e.mallocs }

func between(first, last score) effort {
	n := float64(last.Taken - first.Taken)
	return effort{
		perSecond: n / last.At.Sub(first.At).Seconds(),
		cpuMicros: (last.CPU - first.CPU) * 1e6 / n,
		mallocs:   float64(last.Mallocs-first.Mallocs) / n,
	}
}

// rate is what a way to take messages is compared with, and what it has to
// reach: the bar is the loop that acknowledges and waits for nothing. That which
// has each acknowledgement confirmed is there to be seen.
type rate struct {
	way   way
	bar   way
	least float64
}

var rates = []rate{
	{unordered, loopAck, 0.7},
	{ordered, loopAck, 0.4},
	{unordered, loopConfirm, 0},
	{ordered, loopConfirm, 0},
}

// workers measures the worker: how fast it takes messages that are stored,
// beside loops around nats.go, and how that grows with replicas and users.
func (b *stage) workers(p *plan) (rows []row, err error) {
	for _, storage := range []jetstream.StorageType{jetstream.MemoryStorage, jetstream.FileStorage} {
		more, err := b.speed(p, storage)
		if err != nil {
			return nil, fmt.Errorf("workers, %s storage: %w", storage, err)
		}
		rows = append(rows, more...)
	}
	growth, err := b.growth()
	return append(rows, growth...), err
}

// speed measures all ways by turns.
func (b *stage) speed(p *plan, storage jetstream.StorageType) (rows []row, err error) {
	h, err := b.openHall(storage)
	if err != nil {
		return nil, err
	}
	defer h.close()
	if err := h.fill(manyMessages, manyUsers); err != nil {
		return nil, err
	}
	for _, slots := range slotCounts {
		measured := map[string][]effort{}
		for i := range p.repetitions {
			for _, w := range []way{loopAck, unordered, ordered, loopConfirm} {
				one, err := h.effort(w, slots)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", w.name, err)
				}
				measured[w.name] = append(measured[w.name], one)
				fmt.Fprintf(os.Stderr, "%d/%d %s storage, %3d slots, %-15s: %6.0f messages/s, CPU %5.1f µs, %5.1f allocations\n",
					i+1, p.repetitions, storage, slots, w.name, one.perSecond, one.cpuMicros, one.mallocs)
			}
		}
		rows = append(rows, compare(measured, storage, slots)...)
	}
	return rows, nil
}

func compare(measured map[string][]effort, storage jetstream.StorageType, slots int) (rows []row) {
	for _, r := range rates {
		title := fmt.Sprintf(", %s storage: %s, %s", storage, r.bar.name, r.way.name)
		bar, ours := measured[r.bar.name], measured[r.way.name]
		goal := map[int]target{slots: {least: r.least}}
		rows = append(rows, figure{"messages/s by slots" + title, nil, "%.0f", goal}.row(slots, each(bar, effort.rate), each(ours, effort.rate)))
		if r.bar == loopAck {
			rows = append(rows,
				figure{"CPU µs per message" + title, nil, "%.1f", nil}.row(slots, each(bar, effort.cpu), each(ours, effort.cpu)),
				figure{"allocations per message" + title, nil, "%.1f", nil}.row(slots, each(bar, effort.allocs), each(ours, effort.allocs)))
		}
	}
	return rows
}

// effort has one taker work, and looks at it between the first fifth and the
// last, when it is at full speed.
func (h *hall) effort(w way, slots int) (e effort, err error) {
	durable, remove, err := h.durable(w.ordered)
	if err != nil {
		return e, err
	}
	t, err := h.take(w, durable, fmt.Sprint("WORKER_SLOTS=", slots))
	if err != nil {
		return e, err
	}
	first, err := t.after(manyMessages / 5) //nolint:mnd // a fifth
	if err != nil {
		return e, err
	}
	last, err := t.after(manyMessages * 4 / 5) //nolint:mnd // four fifths
	if err != nil {
		return e, err
	}
	t.end()
	return between(first, last), remove()
}
