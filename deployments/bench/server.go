package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// server is a program that runs and listens.
type server struct {
	*exec.Cmd

	name, addr string
	log        string // the file that holds what it says
}

// serve starts a program and waits until it listens on addr. It runs until the
// stage ends.
func (b *stage) serve(name, addr string, env []string, args ...string) (*server, error) {
	s, err := b.spawn(name, addr, env, args...)
	if err != nil {
		return nil, err
	}
	b.servers = append(b.servers, s)
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			return s, conn.Close()
		}
	}
	return nil, s.silent()
}

// spawn starts a program that is to listen on addr.
func (b *stage) spawn(name, addr string, env []string, args ...string) (*server, error) {
	s := &server{name: name, addr: addr, Cmd: exec.Command(filepath.Join(b.folder, name), args...)} //nolint:gosec // a program of ours
	log, err := os.CreateTemp(b.folder, name+"-*.log")
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	s.Env, s.Stdout, s.Stderr, s.log = env, log, log, log.Name()
	if err := s.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// silent says what a server that does not answer has said instead.
func (s *server) silent() error {
	said, _ := os.ReadFile(s.log)
	return fmt.Errorf("%s does not answer on %s: %s", s.name, s.addr, said)
}

// url is where the account's pushes go.
func (s *server) url() string { return "http://" + s.addr + "/wechat/main" }

func (s *server) end() {
	_ = s.Process.Kill()
	_ = s.Wait()
}

// freeAddrs returns n addresses that nobody listens on.
func freeAddrs(n int) (addrs []string, err error) {
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = listener.Close() }()
		addrs = append(addrs, listener.Addr().String())
	}
	return addrs, nil
}
