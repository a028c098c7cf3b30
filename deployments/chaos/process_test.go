package chaos

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// exitPoisoned is the status that a worker ends with when a message ends it.
const exitPoisoned = 3

const comesBack = 300 * time.Millisecond // after which a process that ended by itself is started again

// process is a program that is kept running, as Kubernetes would, until it is
// stopped on purpose.
type process struct {
	name  string // "plain-1"
	path  string
	args  []string
	env   []string
	log   string // what it says
	admin string // where it says whether it is ready, "" for a nats-server
	ours  bool   // it has to end with status 0 when asked to
	link  *link  // to NATS
	wrong func(format string, args ...any)

	fate sync.Mutex // held by the fault that happens to it

	mu       sync.Mutex
	cmd      *exec.Cmd     // nil while it is stopped
	ended    chan struct{} // closed when cmd has
	wanted   bool
	asked    bool // to end, and given the time for it
	troubles []trouble
}

// trouble is a time in which a process could not do what it would.
type trouble struct {
	from, to time.Time
	dead     bool // it was killed at from, and is started again at to
}

func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return nil
	}
	log, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(p.path, p.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Dir = p.env, log, log, filepath.Dir(p.log)
	dieWithTest(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	if last := len(p.troubles) - 1; !p.asked && last >= 0 && p.troubles[last].dead {
		p.troubles[last].to = time.Now()
	}
	p.cmd, p.ended, p.wanted, p.asked = cmd, make(chan struct{}), true, false
	go p.watch(cmd, p.ended)
	return nil
}

// watch starts the process again when it ends by itself, which only poison may
// have it do.
func (p *process) watch(cmd *exec.Cmd, ended chan struct{}) {
	_ = cmd.Wait()
	now := time.Now()
	p.mu.Lock()
	p.cmd = nil
	if !p.asked {
		p.troubles = append(p.troubles, trouble{from: now, to: now, dead: true})
	}
	wanted := p.wanted
	p.mu.Unlock()
	close(ended)
	if !wanted {
		return
	}
	if status := cmd.ProcessState.ExitCode(); status != exitPoisoned {
		p.wrong("%s has ended by itself with status %d", p.name, status)
	}
	time.Sleep(comesBack)
	p.mu.Lock()
	wanted = p.wanted
	p.mu.Unlock()
	if wanted {
		_ = p.start()
	}
}

// stop ends the process with a signal and waits for that.
func (p *process) stop(signal syscall.Signal) {
	p.mu.Lock()
	p.wanted, p.asked = false, signal == syscall.SIGTERM
	cmd, ended := p.cmd, p.ended
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(signal)
	<-ended
	if status := cmd.ProcessState.ExitCode(); p.ours && signal == syscall.SIGTERM && status != 0 {
		p.wrong("%s was asked to stop and ended with status %d", p.name, status)
	}
}

// freeze stops the process in the middle of whatever it does.
func (p *process) freeze(hold time.Duration) {
	p.signal(syscall.SIGSTOP)
	defer p.troubled(time.Now())
	time.Sleep(hold)
	p.signal(syscall.SIGCONT)
}

func (p *process) signal(signal syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(signal)
	}
}

// troubled notes a trouble that is over.
func (p *process) troubled(from time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.troubles = append(p.troubles, trouble{from: from, to: time.Now()})
}

// ready waits until the process says that it is ready.
func (p *process) ready() error {
	return within(readyTimeout, p.name+" is ready", func() bool {
		response, err := http.Get("http://" + p.admin)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

const readyTimeout = 3 * time.Minute // NATS may be away meanwhile

// within waits until a condition holds; its error names it.
func within(limit time.Duration, what string, holds func() bool) error {
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("not within %s: %s", limit, what)
		}
	}
	return nil
}
