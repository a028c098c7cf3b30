// Command bench measures the ingress against an Echo server that does nothing,
// the worker against a loop that only acknowledges, and the sender against one
// that only calls, each in a process of its own, with a nats-server and `wxbus
// sim load` in others. What a machine can do differs, so only the ratios within
// one run mean anything: the two are measured by turns, and medians are compared.
// It needs Linux, whose /proc tells what a process takes.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// plan is what is measured, as the flags say.
type plan struct {
	connections []int
	repetitions int
	duration    time.Duration
	parts       []string // of allParts
	file        string   // for the result as JSON
}

// allParts are what can be measured, in this order: the quiet before the loud.
var allParts = []string{"rest", "trips", "sender", "worker", "ingress"}

func main() {
	p, err := flags()
	if err == nil {
		err = p.run()
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func flags() (*plan, error) {
	p := new(plan)
	connections := flag.String("connections", "64,256", "numbers of connections to measure with, a comma list")
	flag.IntVar(&p.repetitions, "repetitions", 5, "times that each server is measured with each number of connections")
	flag.DurationVar(&p.duration, "duration", 4*time.Second, "length of one measurement")
	only := flag.String("only", strings.Join(allParts, ","), "what to measure, a comma list")
	flag.StringVar(&p.file, "json", "", "file to write all figures to")
	flag.Parse()
	for text := range strings.SplitSeq(*connections, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-connections: %q is not a number above 0", text)
		}
		p.connections = append(p.connections, n)
	}
	p.parts = strings.Split(*only, ",")
	for _, part := range p.parts {
		if !slices.Contains(allParts, part) {
			return nil, fmt.Errorf("-only: %q is none of %s", part, strings.Join(allParts, ", "))
		}
	}
	if p.repetitions < 1 || p.duration <= 0 || flag.NArg() > 0 {
		return nil, errors.New("-repetitions and -duration are above 0, and there is no argument")
	}
	return p, nil
}

// run builds and starts the programs, measures and prints.
func (p *plan) run() error {
	folder, err := os.MkdirTemp("", "wxbus-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	b, err := begin(folder)
	if err != nil {
		return err
	}
	defer b.end()
	measured, rows, err := b.figures(p)
	if err != nil {
		return err
	}
	printTable(os.Stdout, rows)
	if p.file == "" {
		return nil
	}
	text, err := json.MarshalIndent(map[string]any{"rows": rows, "samples": measured}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(p.file, append(text, '\n'), 0o600)
}

// figures measures what is asked for. The load comes to servers that are started
// anew: no worker shall take what it pushes.
func (b *stage) figures(p *plan) (measured samples, rows []row, err error) {
	quiet := map[string]func(*plan) ([]row, error){
		"rest": b.atRest, "trips": b.roundTrips, "sender": b.senders, "worker": b.workers,
	}
	for _, part := range allParts {
		measure := quiet[part]
		if measure == nil || !slices.Contains(p.parts, part) {
			continue
		}
		more, err := measure(p)
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, more...)
	}
	if !slices.Contains(p.parts, "ingress") {
		return nil, rows, nil
	}
	b.end()
	if err := b.start(); err != nil {
		return nil, nil, err
	}
	measured, err = b.measureAll(p)
	return measured, slices.Concat(measured.rows(), rows), err
}
