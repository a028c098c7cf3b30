package worker

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

// A handler that ignores its context cannot be ended from outside. As long as it
// runs, its message stays with it: heartbeats go on, so that no other replica
// handles the message at the same time. Its slot is lost, its user waits, and
// with order its partition is not handed over, not even by a replica that stops.
// All that ends with the handler or with the process, and the message is then
// delivered again like that of a process that was killed. Only a replica with
// order that cannot reach NATS is taken for dead nevertheless, as one that is
// frozen is; it joins the others again when the handler has ended.

var stuck = promauto.NewGaugeVec(prometheus.GaugeOpts{
	Name: "wxbus_worker_stuck", Help: "Handlers that still run WORKER_STUCK after their context has ended.",
}, []string{"worker"})

// exitGrace is how long a program that ends because of a stuck handler may take,
// beyond the drain, to settle what was cancelled.
const exitGrace = 2 * time.Second

// stackMax is how much is said of where a handler is.
const stackMax = 8 << 10

// watched calls the handler and has it reported when it is stuck. It labels the
// goroutine, and those that the handler starts, so that a profile tells whose
// they are.
func (w *Worker) watched(ctx context.Context, d *bus.Delivery) (err error) {
	ended := make(chan struct{})
	defer close(ended)
	defer context.AfterFunc(ctx, func() { w.watch(d, ended) })()
	labels := pprof.Labels("worker", w.Durable.Name, "message", d.String())
	pprof.Do(ctx, labels, func(ctx context.Context) { err = w.Handle(ctx, d) })
	return err
}

// watch waits for the end of a handler whose context has ended.
func (w *Worker) watch(d *bus.Delivery, ended <-chan struct{}) {
	select {
	case <-ended:
		return
	case <-time.After(w.Settings.Stuck):
	}
	since := time.Now()
	stuck.WithLabelValues(w.Durable.Name).Inc()
	defer stuck.WithLabelValues(w.Durable.Name).Dec()
	w.Log.Warn("handler is stuck: it goes on although its context has ended", "subject", d.Subject,
		"id", d.Get(route.HeaderMsgID), "attempt", d.Attempt, "exit", w.Settings.StuckExit, "stack", stackOf(w.Durable.Name, d))
	if w.Settings.StuckExit {
		w.fail(fmt.Errorf("handler of %s is stuck and WORKER_STUCK_EXIT is set", d))
	}
	<-ended
	w.Log.Info("stuck handler has ended", "id", d.Get(route.HeaderMsgID), "after", time.Since(since).Round(time.Second))
}

// stackOf returns where the handler of a message is, and what it has started: a
// line for each call, the innermost first.
func stackOf(worker string, d *bus.Delivery) string {
	var profile bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&profile, 1) // a buffer takes all
	message, its := fmt.Sprintf("%q:%q", "message", d.String()), fmt.Sprintf("%q:%q", "worker", worker)
	var stacks strings.Builder
	for record := range strings.SplitSeq(profile.String(), "\n\n") {
		_, record, _ = strings.Cut(record, "\n# labels: ")
		labels, frames, _ := strings.Cut(record, "\n")
		if !strings.Contains(labels, message) || !strings.Contains(labels, its) {
			continue
		}
		for frame := range strings.Lines(frames) {
			if parts := strings.Fields(frame); len(parts) == 4 { // #, address, function, place
				stacks.WriteString(parts[2] + " " + parts[3] + "\n")
			}
		}
	}
	return stacks.String()[:min(stacks.Len(), stackMax)]
}
