package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The inside is what matters: a whole run measures a machine.
func TestRowsCompareMediansOfPairs(t *testing.T) {
	var all samples
	for _, pair := range []struct{ noop, ingress float64 }{{100, 50}, {200, 80}, {100, 60}} {
		all = append(all,
			sample{Server: noopName, Connections: 64, PerSecond: pair.noop, Peak: 10},
			sample{Server: ingressName, Connections: 64, PerSecond: pair.ingress, Peak: 30})
	}
	rows := all.rows()
	if len(rows) != len(figures) {
		t.Fatalf("%d rows, want %d", len(rows), len(figures))
	}
	want := row{
		Figure: "pushes per second", Connections: 64, Noop: 100, Ingress: 60,
		Ratio: 0.5, Lowest: 0.4, Highest: 0.6, Target: "≥ 0.45 ×", Met: true, format: "%.0f",
	}
	if diff := cmp.Diff(want, rows[0], cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestRowsKnowTheirTargets(t *testing.T) {
	for _, tt := range []struct {
		name          string
		goal          target
		noop, ingress float64
		target        string
		met           bool
	}{
		{"no target", target{}, 1, 9, "", true},
		{"enough", target{least: 0.5}, 10, 5, "≥ 0.5 ×", true},
		{"too little", target{least: 0.5}, 10, 4, "≥ 0.5 ×", false},
		{"little enough", target{most: 2}, 10, 20, "≤ 2 ×", true},
		{"too much", target{most: 2}, 10, 21, "≤ 2 ×", false},
		{"absolute", target{most: 34, absolute: true}, 10, 33, "≤ 34", true},
		{"absolute, too much", target{most: 34, absolute: true}, 30, 35, "≤ 34", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := figure{name: "it", format: "%.1f", targets: map[int]target{0: tt.goal}}
			got := f.row(0, []float64{tt.noop}, []float64{tt.ingress})
			if got.Target != tt.target || got.Met != tt.met {
				t.Errorf("target %q, met %t, want %q, %t", got.Target, got.Met, tt.target, tt.met)
			}
			var out bytes.Buffer
			printTable(&out, []row{got})
			if missed := strings.Contains(out.String(), "missed"); missed == tt.met {
				t.Errorf("table says\n%s", out.String())
			}
		})
	}
}

func TestMedian(t *testing.T) {
	for want, values := range map[float64][]float64{3: {3}, 2: {9, 1, 2}, 2.5: {4, 1, 2, 3}} {
		if got := median(values); got != want {
			t.Errorf("median(%v) = %v, want %v", values, got, want)
		}
	}
}
