package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

const (
	senderSlots = 32   // SENDER_SLOTS as by default, and the calls at once of the bare loop
	quickRate   = 3000 // replies to store for each second when WeChat answers at once,
	bareMore    = 4    // and how many times that the bare loop calls
	slowAnswer  = 50 * time.Millisecond
	senderLong  = 2 * time.Minute // no measurement takes so long
)

// drain is one way to send a backlog.
type drain struct {
	answer time.Duration // WeChat's
	ledger string        // SENDER_LEDGER
	rate   figure
	cpu    figure
}

// drains are what is measured with 1, 2 and 4 replicas.
var drains = []drain{
	{
		0, "parts",
		figure{"replies/s, no ledger, 0 ms answers, by replicas", nil, "%.0f", map[int]target{1: {least: 0.6}}},
		figure{"CPU ms per reply, no ledger, 0 ms answers", nil, "%.3f", nil},
	},
	{
		0, "all",
		figure{"replies/s, ledger, 0 ms answers, by replicas", nil, "%.0f", nil},
		figure{"CPU ms per reply, ledger, 0 ms answers", nil, "%.3f", nil},
	},
	{
		slowAnswer, "all",
		figure{"replies/s, ledger, 50 ms answers, by replicas", nil, "%.0f", nil},
		figure{"CPU ms per reply, ledger, 50 ms answers", nil, "%.3f", nil},
	},
}

var replicaCounts = []int{1, 2, 4}

// senders measures the sender: how fast it sends what waits, beside a loop that
// makes the same calls with as many at once, and how long a reply takes that
// finds nothing before it.
func (b *stage) senders(p *plan) (rows []row, err error) {
	if err := b.buildBare(); err != nil {
		return nil, err
	}
	d, err := b.openDesk("")
	if err != nil {
		return nil, err
	}
	defer d.close()
	for _, way := range drains {
		for _, replicas := range replicaCounts {
			both, err := d.compare(p, way, replicas)
			if err != nil {
				return nil, fmt.Errorf("%s, %d replicas: %w", way.rate.name, replicas, err)
			}
			rows = append(rows, both...)
		}
	}
	slices.SortStableFunc(rows, byFigure)
	waits, err := b.senderWaits(p)
	return append(rows, waits...), err
}

// byFigure orders rows so that those of one figure stand together.
func byFigure(a, b row) int { return rank(a) - rank(b) }

func rank(r row) int {
	for i, way := range drains {
		switch r.Figure {
		case way.rate.name:
			return 2 * i
		case way.cpu.name:
			return 2*i + 1
		}
	}
	return 2 * len(drains)
}

// compare measures the bare loop and the replicas by turns.
func (d *desk) compare(p *plan, way drain, replicas int) ([]row, error) {
	n := int(quickRate * p.duration.Seconds())
	calls := bareMore * n
	if way.answer > 0 {
		n = int(p.duration.Seconds() * float64(replicas*senderSlots) / way.answer.Seconds())
		calls = n
	}
	var loops, senders []pace
	for i := range p.repetitions {
		loop, err := d.measure(way.answer, calls, func() ([]*server, error) { return d.bare(calls, replicas*senderSlots) })
		if err != nil {
			return nil, err
		}
		if err := d.fill(n); err != nil {
			return nil, err
		}
		sender, err := d.measure(way.answer, n, func() ([]*server, error) {
			return d.senders(replicas, "SENDER_LEDGER="+way.ledger, fmt.Sprint("SENDER_SLOTS=", senderSlots))
		})
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "%d/%d %s: %d replicas %6.0f/s, bare loop %6.0f/s\n",
			i+1, p.repetitions, way.rate.name, replicas, sender.perSecond, loop.perSecond)
		loops, senders = append(loops, loop), append(senders, sender)
	}
	return []row{
		way.rate.row(replicas, each(loops, pace.rate), each(senders, pace.rate)),
		way.cpu.row(replicas, each(loops, pace.cpu), each(senders, pace.cpu)),
	}, nil
}

// pace is what programs did in the middle of their work.
type pace struct{ perSecond, cpuMS float64 }

func (p pace) rate() float64 { return p.perSecond }
func (p pace) cpu() float64  { return p.cpuMS }

func each[T any](all []T, of func(T) float64) (values []float64) {
	for _, one := range all {
		values = append(values, of(one))
	}
	return values
}

// mark is the time, and what the programs have computed by then.
type mark struct {
	at  time.Time
	cpu float64
	err error
}

// measure starts programs that make n calls in all, and looks at them between
// the first quarter of these and the last tenth, when all of them are at work.
func (d *desk) measure(answer time.Duration, n int, start func() ([]*server, error)) (pace, error) {
	const from, to = 25, 90 // hundredths
	var running []*server
	ready, marks, done := make(chan struct{}), make(chan mark, 2), make(chan struct{})
	look := func() {
		<-ready
		m := mark{at: time.Now()}
		for _, s := range running {
			used, err := cpu(s.Process.Pid)
			m.cpu, m.err = m.cpu+used, errors.Join(m.err, err)
		}
		marks <- m
	}
	d.api.expect(answer, map[int]func(){n * from / 100: look, n * to / 100: look, n: func() { close(done) }})
	running, err := start()
	if err != nil {
		return pace{}, err
	}
	close(ready)
	defer stopAll(running)
	select {
	case <-done:
	case <-time.After(senderLong):
		return pace{}, running[0].silent()
	}
	first, last := <-marks, <-marks
	calls := float64(n*to/100 - n*from/100)
	return pace{
		perSecond: calls / last.at.Sub(first.at).Seconds(), cpuMS: (last.cpu - first.cpu) * 1000 / calls,
	}, errors.Join(first.err, last.err)
}
