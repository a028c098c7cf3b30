package bus

import (
	"runtime"
	"sync"
)

// batch collects what many goroutines have to say at a time, so that it goes out
// in one write: whoever writes yields first, for those who are about to add
// something. It waits for nobody: alone, a message leaves at once.
type batch[T any] struct {
	wake chan struct{}

	mu    sync.Mutex
	queue []T
	spare []T // the last queue, for the next one
}

func newBatch[T any]() *batch[T] { return &batch[T]{wake: make(chan struct{}, 1)} }

func (b *batch[T]) add(one T) {
	b.mu.Lock()
	b.queue = append(b.queue, one)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// run writes what is added, until closed. What write is given is good until it
// returns.
func (b *batch[T]) run(closed <-chan struct{}, write func(all []T)) {
	for {
		select {
		case <-b.wake:
		case <-closed:
			return
		}
		runtime.Gosched()
		write(b.take())
	}
}

func (b *batch[T]) take() []T {
	b.mu.Lock()
	defer b.mu.Unlock()
	queue := b.queue
	clear(b.spare)
	b.queue, b.spare = b.spare[:0], queue
	return queue
}
