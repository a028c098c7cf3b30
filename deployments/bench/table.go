package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
)

// figure is something that is compared.
type figure struct {
	name    string
	of      func(sample) float64 // nil when it is not measured under load
	format  string
	targets map[int]target // by the number of connections, 0 without load
}

// target is what the ratio of ingress to noop has to reach, or with absolute
// the ingress' own figure.
type target struct {
	least, most float64 // the one that is not 0
	absolute    bool
}

var figures = []figure{
	{"pushes per second", func(s sample) float64 { return s.PerSecond }, "%.0f", map[int]target{64: {least: 0.45}, 256: {least: 0.53}}},
	{"CPU s per 1000 pushes", func(s sample) float64 { return s.CPU }, "%.4f", map[int]target{64: {most: 1.8}, 256: {most: 1.65}}},
	{"p50 ms", func(s sample) float64 { return s.P50 }, "%.2f", nil},
	{"p99 ms", func(s sample) float64 { return s.P99 }, "%.2f", map[int]target{64: {most: 1.5}}},
	{"RSS MB", func(s sample) float64 { return s.RSS }, "%.1f", nil},
	{"RSS MB, peak", func(s sample) float64 { return s.Peak }, "%.1f", map[int]target{256: {most: 34, absolute: true}}},
	{"CPU of the load itself", func(s sample) float64 { return s.LoadCPU }, "%.4f", nil},
}

// row is one figure at one number of connections: medians, and the ratios of
// the pairs that were measured one after the other.
type row struct {
	Figure      string  `json:"figure"`
	Connections int     `json:"connections,omitempty"`
	Noop        float64 `json:"noop"`
	Ingress     float64 `json:"ingress"`
	Ratio       float64 `json:"ratio"`
	Lowest      float64 `json:"lowest_ratio"`
	Highest     float64 `json:"highest_ratio"`
	Target      string  `json:"target,omitempty"`
	Met         bool    `json:"met"` // also without a target

	format string
}

func (all samples) rows() (rows []row) {
	var connections []int
	for _, s := range all {
		if !slices.Contains(connections, s.Connections) {
			connections = append(connections, s.Connections)
		}
	}
	for _, f := range figures {
		for _, n := range connections {
			rows = append(rows, f.row(n, all.values(noopName, n, f), all.values(ingressName, n, f)))
		}
	}
	return rows
}

// values are a figure of one server in the order of its measurements.
func (all samples) values(server string, connections int, f figure) (values []float64) {
	for _, s := range all {
		if s.Server == server && s.Connections == connections {
			values = append(values, f.of(s))
		}
	}
	return values
}

func (f figure) row(connections int, noop, ingress []float64) row {
	var ratios []float64
	for i := range noop {
		ratios = append(ratios, ingress[i]/noop[i])
	}
	r := row{
		Figure: f.name, Connections: connections, format: f.format,
		Noop: median(noop), Ingress: median(ingress), Ratio: median(ratios),
		Lowest: slices.Min(ratios), Highest: slices.Max(ratios),
	}
	goal := f.targets[connections]
	reached, unit := r.Ratio, " ×"
	if goal.absolute {
		reached, unit = r.Ingress, ""
	}
	r.Met = reached >= goal.least && (goal.most == 0 || reached <= goal.most)
	if goal.least > 0 {
		r.Target = fmt.Sprintf("≥ %g%s", goal.least, unit)
	} else if goal.most > 0 {
		r.Target = fmt.Sprintf("≤ %g%s", goal.most, unit)
	}
	return r
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// printTable prints medians, the ratio with its lowest and highest, and the target.
func printTable(w io.Writer, rows []row) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "\tconnections\tyardstick\twxbus\tratio (lowest to highest)\ttarget\t")
	for _, r := range rows {
		verdict, connections := "", ""
		if r.Connections > 0 {
			connections = strconv.Itoa(r.Connections)
		}
		if r.Target != "" && r.Met {
			verdict = "met"
		} else if r.Target != "" {
			verdict = "missed"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t"+r.format+"\t"+r.format+"\t%.2f (%.2f to %.2f)\t%s\t%s\n",
			r.Figure, connections, r.Noop, r.Ingress, r.Ratio, r.Lowest, r.Highest, r.Target, verdict)
	}
	_ = table.Flush()
}
