package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// The account that is pushed to. Nobody else has these.
const (
	appID  = "wx0123456789abcdef"
	token  = "benchmark"
	aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	secret = "0123456789abcdef0123456789abcdef"
)

var account = []string{
	"WECHAT_MAIN_APPID=" + appID, "WECHAT_MAIN_TOKEN=" + token, "WECHAT_MAIN_AES_KEY=" + aesKey, "WECHAT_MAIN_SECRET=" + secret,
}

// The programs that are compared.
const (
	noopName    = "noop"
	ingressName = "ingress"
)

const startTimeout = 20 * time.Second

// stage is a folder with the programs in it, and those that run.
type stage struct {
	folder        string
	servers       []*server // in the order in which they were started
	nats          *server
	noop, ingress *server
}

// begin builds the programs and starts the servers.
func begin(folder string) (*stage, error) {
	b := &stage{folder: folder}
	if err := b.build(); err != nil {
		return nil, err
	}
	if err := b.start(); err != nil {
		b.end()
		return nil, err
	}
	return b, nil
}

// build makes the programs as `make build` does.
func (b *stage) build() error {
	command := exec.Command("go", "build", "-trimpath", "-ldflags=-s", "-o", b.folder+string(filepath.Separator), //nolint:gosec // a folder of ours
		"github.com/nats-io/nats-server/v2", "./deployments/bench/noop", "./deployments/bench/taker", "./ingress", "./workers/...", "./deployments/wxbus")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build, in the folder of go.mod: %w: %s", err, output)
	}
	return nil
}

// start starts the servers, each on a port of its own, with nothing stored. What
// NATS acknowledges is in a file; it is synced to disk later, as by default.
func (b *stage) start() error {
	addrs, err := freeAddrs(3)
	if err != nil {
		return err
	}
	store, err := os.MkdirTemp(b.folder, "nats-")
	if err != nil {
		return err
	}
	conf := fmt.Sprintf("listen: %q\nmax_payload: 8MB\njetstream { store_dir: %q }\n", addrs[0], store)
	if err := os.WriteFile(b.natsConf(), []byte(conf), 0o600); err != nil {
		return err
	}
	for i, to := range []struct {
		name string
		s    **server
	}{{"nats-server", &b.nats}, {noopName, &b.noop}, {ingressName, &b.ingress}} {
		if *to.s, err = b.serve(to.name, addrs[i], b.env(to.name, addrs[i]), b.args(to.name, addrs[i])...); err != nil {
			return err
		}
	}
	return nil
}

func (b *stage) natsConf() string { return filepath.Join(b.folder, "nats.conf") }

// args are the arguments of a program that listens on addr.
func (b *stage) args(name, addr string) []string {
	switch name {
	case "nats-server":
		return []string{"-c", b.natsConf()}
	case noopName:
		return []string{addr}
	default:
		return nil
	}
}

// env are the settings of a program that listens on addr.
func (b *stage) env(name, addr string) []string {
	if b.nats == nil || name == noopName {
		return nil
	}
	env := append([]string{"NATS_URL=nats://" + b.nats.addr, "LOG_FORMAT=json"}, account...)
	if name == ingressName {
		return append(env, "HTTP_ADDR="+addr)
	}
	return append(env, "ADMIN_ADDR="+addr)
}

// end stops what runs, last first.
func (b *stage) end() {
	for _, s := range slices.Backward(b.servers) {
		s.end()
	}
	b.servers, b.nats = nil, nil
}
