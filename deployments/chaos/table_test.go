package chaos

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
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

// add counts a run.
func (t *table) add(ran []happened, c *checker) {
	written := make(map[key]time.Time)
	for _, p := range c.pushes {
		written[p.key] = p.from
		if p.acknowledged {
			t.count(ran, p.from, func(r *row) { r.acknowledged++ })
		}
	}
	for _, at := range ran {
		t.row(at.name).injections++
		t.total.injections++
	}
	for _, k := range c.copies {
		t.count(ran, written[k], func(r *row) { r.copies++ })
	}
	counted := make(map[string]bool)
	for _, b := range c.breaches {
		once := fmt.Sprint(b.kind, b.key)
		if counted[once] && b.kind != extra {
			continue
		}
		counted[once] = true
		t.count(ran, written[b.key], func(r *row) {
			switch b.kind {
			case lost:
				r.lost++
			case outOfOrder:
				r.outOfOrder++
			default:
				r.notAllowed++
			}
		})
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

// print writes the faults in the order of [faults].
func (t *table) print(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 1, ' ', tabwriter.AlignRight|tabwriter.Debug)
	line := func(name string, r row) {
		_, _ = fmt.Fprintf(w, "| %s\t %d\t %d\t %d\t %d\t %d\t %d\t\n", pad(name), r.injections, r.acknowledged, r.lost, r.outOfOrder, r.copies, r.notAllowed)
	}
	_, _ = fmt.Fprintf(w, "| %s\t injections\t acknowledged\t lost\t out of order\t extra copies\t not allowed\t\n", pad("fault"))
	_, _ = fmt.Fprintf(w, "|%s\t-:\t-:\t-:\t-:\t-:\t-:\t\n", strings.Repeat("-", widest+2))
	for _, fault := range faults {
		if r := t.rows[fault.name]; r != nil {
			line(fault.name, *r)
		}
	}
	line("all", t.total)
	_ = w.Flush()
}

const widest = 38 // a name of a fault

func pad(name string) string { return fmt.Sprintf("%-*s", widest, name) }
