package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	growthTakes  = 20 * time.Millisecond // a handler that asks somebody
	growthSlots  = 16                    // WORKER_SLOTS as by default
	growthStored = 16000
	growthWarm   = 2 * time.Second // until replicas have shared the work
	growthLong   = 1500 * time.Millisecond
)

var userCounts = []int{1, 10, 100, 1000}

// growth measures how much more is done by more replicas and for more users,
// against the most that is possible: each slot, or each user that has to be
// served in order, is done with one message after the other.
func (b *stage) growth() (rows []row, err error) {
	h, err := b.openHall(jetstream.FileStorage)
	if err != nil {
		return nil, err
	}
	defer h.close()
	for _, w := range []way{unordered, ordered} {
		for _, users := range userCounts {
			if err := h.fill(growthStored, users); err != nil {
				return nil, err
			}
			for _, replicas := range replicaCounts {
				done, err := h.together(w, replicas)
				if err != nil {
					return nil, fmt.Errorf("%s, %d replicas, %d users: %w", w.name, replicas, users, err)
				}
				ideal := ideal(w, replicas, users)
				fmt.Fprintf(os.Stderr, "%s, %d replicas, %4d users: %5.0f messages/s, at most %5.0f\n", w.name, replicas, users, done, ideal)
				f := figure{fmt.Sprintf("messages/s by replicas, %s, handler takes 20 ms, %d users: possible, done", w.name, users), nil, "%.0f", nil}
				rows = append(rows, f.row(replicas, []float64{ideal}, []float64{done}))
			}
		}
	}
	return rows, nil
}

// ideal is the most messages per second. Within a replica the messages of a user
// are handled one at a time, in order among all replicas.
func ideal(w way, replicas, users int) float64 {
	most := min(users, growthSlots) * replicas
	if w.ordered {
		most = min(users, growthSlots*replicas)
	}
	return float64(most) / growthTakes.Seconds()
}

// together has replicas of a worker share what is stored, and returns how many
// messages they handle in a second.
func (h *hall) together(w way, replicas int) (perSecond float64, err error) {
	durable, remove, err := h.durable(w.ordered)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, remove()) }() // once they have ended
	var running []*taker
	for range replicas {
		t, err := h.take(w, durable, fmt.Sprint("TAKER_TAKES=", growthTakes), fmt.Sprint("WORKER_SLOTS=", growthSlots))
		if err != nil {
			return 0, err
		}
		defer t.end()
		running = append(running, t)
	}
	time.Sleep(growthWarm)
	first, err := now(running)
	if err != nil {
		return 0, err
	}
	time.Sleep(growthLong)
	last, err := now(running)
	if err != nil {
		return 0, err
	}
	for i := range running {
		perSecond += between(first[i], last[i]).perSecond
	}
	return perSecond, nil
}

func now(running []*taker) (scores []score, err error) {
	for _, t := range running {
		s, err := t.after(0)
		if err != nil {
			return nil, err
		}
		scores = append(scores, s)
	}
	return scores, nil
}
