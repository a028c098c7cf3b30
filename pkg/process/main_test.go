package process_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
)

// TestMain is also every program that the tests below run as a process: the one
// that PROCESS_TEST_PROGRAM names.
func TestMain(m *testing.M) {
	if program, ok := programs[os.Getenv("PROCESS_TEST_PROGRAM")]; ok {
		process.Main("test", config.Process{ShutdownTimeout: time.Hour}, program)
		os.Exit(0) // what returning from main does
	}
	goleak.VerifyTestMain(m)
}

// programs say on standard output how far they are.
var programs = map[string]process.Program{
	"drains": func(ctx context.Context, _ *process.Host) error { return drain(ctx, nil) },
	"breaks": func(ctx context.Context, _ *process.Host) error { return drain(ctx, errors.New("broken")) },
	"hangs":  func(ctx context.Context, _ *process.Host) error { _ = drain(ctx, nil); select {} },
	"fails":  func(context.Context, *process.Host) error { return errors.New("broken") },
	"ends":   func(context.Context, *process.Host) error { return nil },
}

func drain(ctx context.Context, result error) error {
	_, _ = fmt.Fprintln(os.Stdout, "started")
	<-ctx.Done()
	_, _ = fmt.Fprintln(os.Stdout, "draining")
	return result
}

// child is a program that runs as a process of its own.
type child struct {
	*exec.Cmd
	t      *testing.T
	output *bufio.Reader
	log    bytes.Buffer
}

func start(t *testing.T, program string, env ...string) *child {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	c := &child{Cmd: exec.CommandContext(ctx, os.Args[0]), t: t}
	// The race detector waits a second before an exit unless told not to.
	c.Env = append(os.Environ(), "PROCESS_TEST_PROGRAM="+program, "OTEL_SDK_DISABLED=true", "GORACE=atexit_sleep_ms=0")
	c.Env = append(c.Env, env...)
	output, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.output, c.Stderr = bufio.NewReader(output), &c.log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// await waits until the program says a line.
func (c *child) await(line string) {
	c.t.Helper()
	if got, err := c.output.ReadString('\n'); got != line+"\n" {
		c.t.Fatalf("says %q, %v, want %s", got, err, line)
	}
}

func (c *child) signal(sig os.Signal) {
	c.t.Helper()
	if err := c.Process.Signal(sig); err != nil {
		c.t.Fatal(err)
	}
}

// end waits for the end of the process and says how it was.
func (c *child) end() string {
	_, _ = io.Copy(io.Discard, c.output)
	_ = c.Wait()
	return c.ProcessState.String()
}

// lastLine is what the program logs at its end.
type lastLine struct{ Level, Msg, Program, Err string }

func (c *child) lastLine() (line lastLine) {
	c.t.Helper()
	lines := strings.Split(strings.TrimSpace(c.log.String()), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &line); err != nil {
		c.t.Fatalf("last line of the log is no JSON: %s", &c.log)
	}
	return line
}

func TestASignalStopsAProgram(t *testing.T) {
	stopped, broken := lastLine{"INFO", "stopped", "test", ""}, lastLine{"ERROR", "stopped", "test", "broken"}
	tests := []struct {
		program string
		signal  os.Signal
		state   string
		log     lastLine
	}{
		{"drains", syscall.SIGTERM, "exit status 0", stopped},
		{"drains", os.Interrupt, "exit status 0", stopped},
		{"breaks", syscall.SIGTERM, "exit status 1", broken},
	}
	for _, tt := range tests {
		t.Run(tt.program+" after "+tt.signal.String(), func(t *testing.T) {
			c := start(t, tt.program)
			c.await("started")
			c.signal(tt.signal)
			c.await("draining")
			if got := c.end(); got != tt.state || c.lastLine() != tt.log {
				t.Errorf("%s, log %v; want %s, log %v", got, c.lastLine(), tt.state, tt.log)
			}
		})
	}
}

func TestAProgramThatEndsByItselfFails(t *testing.T) {
	for program, reason := range map[string]string{"fails": "broken", "ends": "program ended by itself"} {
		c := start(t, program)
		want := lastLine{"ERROR", "stopped", "test", reason}
		if got := c.end(); got != "exit status 1" || c.lastLine() != want {
			t.Errorf("%s: %s, log %v; want exit status 1, log %v", program, got, c.lastLine(), want)
		}
	}
}

func TestMalformedTelemetryIsAMalformedSetting(t *testing.T) {
	c := start(t, "drains", "OTEL_SDK_DISABLED=false", "OTEL_EXPORTER_OTLP_ENDPOINT=collector", "OTEL_EXPORTER_OTLP_TIMEOUT=soon")
	if got := c.end(); got != "exit status 2" {
		t.Errorf("%s, want exit status 2", got)
	}
	for _, variable := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TIMEOUT"} {
		if !strings.Contains(c.log.String(), variable) {
			t.Errorf("the log does not name %s: %s", variable, c.log.String())
		}
	}
}

func TestASecondSignalKills(t *testing.T) {
	c := start(t, "hangs")
	c.await("started")
	c.signal(syscall.SIGTERM)
	c.await("draining")
	ended := make(chan string, 1)
	go func() { ended <- c.end() }()
	// The program drains a moment before it lets the next signal through, so
	// one may be lost.
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case got := <-ended:
			if got != "signal: terminated" {
				t.Errorf("ended by %s, want signal: terminated", got)
			}
			return
		case <-again.C:
			_ = c.Process.Signal(syscall.SIGTERM)
		}
	}
}
