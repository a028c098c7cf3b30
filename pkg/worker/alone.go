package worker

import "github.com/wxbus/wxbus/pkg/bus"

// A message that came more often than it can have been tried was there when a
// process ended, and may be why. Those that were handled beside it come again
// with it each time, at the same distance, and would be ended with it until all
// are given up. So of such messages one is handled at a time: the others are
// done before it, or are handled elsewhere.

// begin waits for its turn if a message may be what ended a process. It reports
// false when the worker must stop.
func (w *Worker) begin(d *bus.Delivery) bool {
	if w.Forever || d.Attempt <= w.Settings.Attempts {
		return true
	}
	if !enter(w.alone, w.stopping) {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.suspect = d
	return true
}

// cleared lets the next one begin, once the server has heard what became of
// this one. The caller holds mu.
func (w *Worker) cleared(d *bus.Delivery) {
	if w.suspect == d {
		w.suspect = nil
		<-w.alone
	}
}
