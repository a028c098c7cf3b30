package worker

import "sync"

// lanes run jobs: those of one key one after the other in the order they were
// added, those of different keys at the same time.
type lanes struct {
	mu     sync.Mutex
	queues map[string][]func() // jobs that wait behind a running one
	busy   sync.WaitGroup
}

func newLanes() *lanes { return &lanes{queues: make(map[string][]func())} }

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
	l.busy.Go(func() { l.run(key, job) })
	return 0
}

// run does a job and all that come to its lane meanwhile.
func (l *lanes) run(key string, job func()) {
	for job != nil {
		job()
		job = l.next(key)
	}
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
func (l *lanes) wait() { l.busy.Wait() }
