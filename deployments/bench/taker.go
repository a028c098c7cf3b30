package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

const takerName = "taker"

// way is one to take messages.
type way struct {
	name    string
	program string // for deployments/bench/taker
	ordered bool
}

var (
	loopAck     = way{"loop, Ack", "ack", false}
	loopConfirm = way{"loop, DoubleAck", "confirm", false}
	unordered   = way{"worker", "worker", false}
	ordered     = way{"worker, ordered", "worker", true}
)

// taker is one that runs.
type taker struct {
	process *exec.Cmd
	asked   io.Writer
	told    *bufio.Scanner
	log     string // the file that holds what it says
}

// score is what a taker has done so far.
type score struct {
	Taken   int64     `json:"taken"`
	At      time.Time `json:"at"`
	CPU     float64   `json:"cpu"`
	Mallocs uint64    `json:"mallocs"`
}

// take starts a taker on a durable.
func (h *hall) take(w way, durable string, settings ...string) (*taker, error) {
	log, err := os.CreateTemp(h.stage.folder, takerName+"-*.log")
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	t := &taker{log: log.Name()}
	t.process = exec.Command(filepath.Join(h.stage.folder, takerName)) //nolint:gosec // a program of ours
	t.process.Env = slices.Concat(settings, []string{
		"NATS_URL=nats://" + h.nats.addr, "LOG_FORMAT=json", "TAKER_WAY=" + w.program, "TAKER_DURABLE=" + durable,
	})
	if w.ordered {
		t.process.Env = append(t.process.Env, "WORKER_ORDER=user")
	}
	t.process.Stderr = log
	if t.asked, err = t.process.StdinPipe(); err != nil {
		return nil, err
	}
	answers, err := t.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	t.told = bufio.NewScanner(answers)
	return t, t.process.Start()
}

// after returns what the taker has done once it has taken n messages.
func (t *taker) after(n int64) (s score, err error) {
	if _, err := fmt.Fprintln(t.asked, n); err != nil {
		return s, err
	}
	if !t.told.Scan() {
		said, _ := os.ReadFile(t.log)
		return s, fmt.Errorf("%s has ended: %s", takerName, said)
	}
	return s, json.Unmarshal(t.told.Bytes(), &s)
}

// end ends it as Kubernetes does.
func (t *taker) end() {
	watchdog := time.AfterFunc(startTimeout, func() { _ = t.process.Process.Kill() })
	defer watchdog.Stop()
	_ = t.process.Process.Signal(syscall.SIGTERM)
	_ = t.process.Wait()
}
