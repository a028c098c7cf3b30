package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/wxbus/wxbus/pkg/wxsim"
)

// sample is one measurement of one server.
type sample struct {
	Server      string  `json:"server"`
	Connections int     `json:"connections"`
	PerSecond   float64 `json:"per_second"`
	P50         float64 `json:"p50_ms"`
	P99         float64 `json:"p99_ms"`
	CPU         float64 `json:"cpu_seconds_per_1000"` // of the server
	LoadCPU     float64 `json:"load_cpu_seconds_per_1000"`
	RSS         float64 `json:"rss_mb"`      // of the server, at the end
	Peak        float64 `json:"rss_peak_mb"` // and at most
}

type samples []sample

const warmUp = time.Second

// measureAll measures both servers by turns, after each was warmed up.
func (b *stage) measureAll(p *plan) (all samples, err error) {
	for _, s := range []*server{b.noop, b.ingress} {
		if _, err := b.measure(s, p.connections[0], warmUp); err != nil {
			return nil, err
		}
	}
	for i := range p.repetitions {
		order := []*server{b.noop, b.ingress}
		if i%2 == 1 {
			order = []*server{b.ingress, b.noop}
		}
		for _, connections := range p.connections {
			for _, s := range order {
				one, err := b.measure(s, connections, p.duration)
				if err != nil {
					return nil, err
				}
				fmt.Fprintf(os.Stderr, "%d/%d %-7s %3d connections: %6.0f/s, p99 %6.2f ms\n",
					i+1, p.repetitions, s.name, connections, one.PerSecond, one.P99)
				all = append(all, one)
			}
		}
	}
	return all, nil
}

// measure pushes to one server and looks at what that takes.
func (b *stage) measure(s *server, connections int, d time.Duration) (sample, error) {
	pid := s.Process.Pid
	if err := forgetPeak(pid); err != nil {
		return sample{}, fmt.Errorf("%s has ended: %w", s.name, err)
	}
	before, err := cpu(pid)
	if err != nil {
		return sample{}, err
	}
	report, loadCPU, err := b.load(s, connections, d)
	if err != nil {
		return sample{}, fmt.Errorf("load on %s: %w", s.name, err)
	}
	after, err := cpu(pid)
	if err != nil {
		return sample{}, err
	}
	now, peak, err := memory(pid)
	per1000 := 1000 / float64(report.Pushes)
	return sample{
		Server: s.name, Connections: connections, PerSecond: report.PerSecond,
		P50: ms(report.P50), P99: ms(report.P99),
		CPU: (after - before) * per1000, LoadCPU: loadCPU * per1000, RSS: now, Peak: peak,
	}, err
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// load runs `wxbus sim load` against a server. A push that is not accepted is
// an error: a server that sheds load is not to be praised for speed.
func (b *stage) load(s *server, connections int, d time.Duration) (report wxsim.LoadReport, cpu float64, err error) {
	command := exec.Command(filepath.Join(b.folder, "wxbus"), "sim", "load", "--json", //nolint:gosec // a program of ours
		"--url", s.url(), "--connections", strconv.Itoa(connections), "--duration", d.String())
	command.Env = append([]string{"GOGC=400"}, account...)
	command.Stderr = os.Stderr
	text, err := command.Output()
	if err != nil {
		return report, 0, fmt.Errorf("%w: %s", err, text)
	}
	used := command.ProcessState
	return report, (used.UserTime() + used.SystemTime()).Seconds(), json.Unmarshal(text, &report)
}
