package worker

import "sync"

// lanes run jobs: those of one key one after the other in the order they were
// added, those of different keys at the same time.
type lanes struct {
	mu     sync.Mutex
	queues map[string][]func() // jobs that wait behind a running one
	busy   sync.WaitGroup
	idle   int // goroutines that wait for a lane
	handed chan lane
}

// lane is one that has just been opened, with its first job.
type lane struct {
	key string
	job func()
}

// idleMax is how many goroutines wait for the next lane: one that has run a job
// has the stack for another.
const idleMax = 64

func newLanes() *lanes {
	return &lanes{queues: make(map[string][]func()), handed: make(chan lane, idleMax)}
}

// add queues a job and returns at once, with the number of jobs that it waits
// for.
func (l *lanes) add(key string, job func()) (ahead int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if queue, running := l.queues[key]; running {
		l.queues[key] = append(queue, job)
		return len(queue) + 1
	}
	l.queues[key] = nil
	if l.idle > 0 {
		l.idle--
		l.handed <- lane{key, job} // there is room for as many as are idle
		return 0
	}
	l.busy.Go(func() { l.work(lane{key, job}) })
	return 0
}

// work runs a lane, and others as long as there are some.
func (l *lanes) work(first lane) {
	for open := first; open.job != nil; open = l.await() {
		for job := open.job; job != nil; job = l.next(open.key) {
			job()
		}
	}
}

// await returns the next lane, none when there are enough who wait or all is
// done.
func (l *lanes) await() lane {
	l.mu.Lock()
	if l.idle >= idleMax {
		l.mu.Unlock()
		return lane{}
	}
	l.idle++
	l.mu.Unlock()
	return <-l.handed
}

func (l *lanes) next(key string) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	queue := l.queues[key]
	if len(queue) == 0 {
		delete(l.queues, key)
		return nil
	}
	l.queues[key] = queue[1:]
	return queue[0]
}

// wait returns when all jobs are done. No job may be added any more.
func (l *lanes) wait() {
	close(l.handed)
	l.busy.Wait()
}
