package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

const (
	token  = "weixin"
	aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	secret = "0123456789abcdef0123456789abcdef"
)

var built struct {
	once   sync.Once
	folder string
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if engine.stop != nil {
		engine.stop()
	}
	_ = os.RemoveAll(built.folder)
	os.Exit(code)
}

// binary returns the path of a real program, built once for all tests.
func binary(t *testing.T, name string) string {
	t.Helper()
	built.once.Do(func() {
		built.folder, built.err = os.MkdirTemp("", "wxbus-test-") //nolint:usetesting // outlives the first test
		if built.err != nil {
			return
		}
		build := exec.Command("go", "build", "-o", built.folder+string(filepath.Separator), ".", "../../ingress", "../../workers/...")
		if output, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w: %s", err, output)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.folder, name)
}

// program is a process of wxbus.
type program struct {
	*exec.Cmd

	t     *testing.T
	mu    sync.Mutex
	out   bytes.Buffer // both outputs
	ended chan struct{}
}

// start runs a program with nothing in its environment but env.
func start(t *testing.T, name string, args []string, env ...string) *program {
	t.Helper()
	p := &program{Cmd: exec.Command(binary(t, name), args...), t: t, ended: make(chan struct{})}
	p.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LOG_FORMAT=json"}, env...)
	p.Dir = t.TempDir()
	p.Stdout, p.Stderr = p, p
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.Wait(); close(p.ended) }()
	t.Cleanup(func() { p.kill(syscall.SIGKILL); p.keepsSecrets() })
	return p
}

// Write takes what the program prints.
func (p *program) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(text)
}

func (p *program) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// says waits until the program has printed a text.
func (p *program) says(text string) {
	p.t.Helper()
	bustest.Eventually(p.t, "the output holds "+text, func() bool {
		ended := p.hasEnded()
		if strings.Contains(p.output(), text) {
			return true
		}
		if ended {
			p.t.Fatalf("%s has ended and said %s", filepath.Base(p.Path), p.output())
		}
		return false
	})
}

func (p *program) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// kill sends a signal and waits for the end; a program that has ended stays so.
func (p *program) kill(signal syscall.Signal) (status int) {
	_ = p.Process.Signal(signal)
	<-p.ended
	return p.ProcessState.ExitCode()
}

// status waits for the program to end by itself.
func (p *program) status() int {
	<-p.ended
	return p.ProcessState.ExitCode()
}

// keepsSecrets checks that no secret was printed.
func (p *program) keepsSecrets() {
	p.t.Helper()
	for _, hidden := range []string{secret, aesKey, "access_token="} {
		if strings.Contains(p.output(), hidden) {
			p.t.Errorf("%s has printed a secret", filepath.Base(p.Path))
		}
	}
}

// get returns status and body of an address, 0 while nobody answers.
func get(url string) (status int, body string) {
	response, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// ready waits until the program whose ADMIN_ADDR is addr is ready.
func ready(t *testing.T, addr string) {
	t.Helper()
	bustest.Eventually(t, addr+" is ready", func() bool {
		status, _ := get("http://" + addr + "/readyz")
		return status == http.StatusOK
	})
}
