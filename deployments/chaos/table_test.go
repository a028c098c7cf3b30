package chaos

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// row is what happened while a fault was there, and until the next one.
type row struct {
	injections, acknowledged, lost, outOfOrder, copies, notAllowed int
}

// table has a row for each fault. What is written while there are two counts for
// both.
type table struct {
	rows  map[string]*row
	total row
}

func newTable() *table { return &table{rows: make(map[string]*row)} }

// add counts a run. What went wrong with a push counts for the fault that was
// there when it was written, and a copy for that when the first one was answered.
func (t *table) add(ran []happened, c *checker) {
	for _, at := range ran {
		t.row(at.name).injections++
		t.total.injections++
	}
	for _, p := range c.pushes {
		if p.acknowledged {
			t.count(ran, p.from, func(r *row) { r.acknowledged++ })
		}
	}
	for _, copied := range c.repeats {
		t.count(ran, copied.before, func(r *row) {
			if r.copies++; !copied.allowed {
				r.notAllowed++
			}
		})
	}
	pushes := make(map[string]map[key]bool) // by what went wrong, each once
	for _, b := range c.breaches {
		if pushes[b.kind] == nil {
			pushes[b.kind] = make(map[key]bool)
		}
		pushes[b.kind][b.key] = true
	}
	for k := range pushes[lost] {
		t.count(ran, c.written[k], func(r *row) { r.lost++ })
	}
	for k := range pushes[outOfOrder] {
		t.count(ran, c.written[k], func(r *row) { r.outOfOrder++ })
	}
}

// count counts something that was written at a time.
func (t *table) count(ran []happened, at time.Time, add func(*row)) {
	add(&t.total)
	for _, fault := range ran {
		if !at.Before(fault.from) && at.Before(fault.to) {
			add(t.row(fault.name))
		}
	}
}

func (t *table) row(name string) *row {
	if t.rows[name] == nil {
		t.rows[name] = new(row)
	}
	return t.rows[name]
}

// write prints the faults in the order of [faults].
func (t *table) write(to io.Writer) {
	_, _ = fmt.Fprintf(to, "| %-39s | injections | acknowledged | lost | out of order | extra copies | not allowed |\n", "fault")
	_, _ = fmt.Fprintf(to, "|%s|-----------:|-------------:|-----:|-------------:|-------------:|------------:|\n", strings.Repeat("-", 41))
	for _, fault := range faults {
		if r := t.rows[fault.name]; r != nil {
			r.write(to, fault.name)
		}
	}
	t.total.write(to, "all")
}

func (r *row) write(to io.Writer, name string) {
	_, _ = fmt.Fprintf(to, "| %-39s | %10d | %12d | %4d | %12d | %12d | %11d |\n",
		name, r.injections, r.acknowledged, r.lost, r.outOfOrder, r.copies, r.notAllowed)
}
