package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/route"
)

const (
	senderName = "sender"
	bareName   = "bare"
)

// desk is where senders work: a NATS of their own, WeChat's API, and whoever
// stores replies.
type desk struct {
	stage *stage
	nats  *server
	api   *wechatAPI
	bus   *bus.Bus
	next  int // number of the next user: each gets one reply
}

// openDesk starts NATS with nothing stored; what it acknowledges is synced to
// disk as the setting says, "" for as by default.
func (b *stage) openDesk(sync string) (*desk, error) {
	addrs, err := freeAddrs(1)
	if err != nil {
		return nil, err
	}
	store, err := os.MkdirTemp(b.folder, "desk-")
	if err != nil {
		return nil, err
	}
	conf := fmt.Sprintf("listen: %q\nmax_payload: 8MB\njetstream { store_dir: %q%s }\n", addrs[0], store, sync)
	if err := os.WriteFile(store+".conf", []byte(conf), 0o600); err != nil {
		return nil, err
	}
	d := &desk{stage: b}
	if d.nats, err = b.serve("nats-server", addrs[0], nil, "-c", store+".conf"); err != nil {
		return nil, err
	}
	if d.api, err = startAPI(); err == nil {
		err = d.connect()
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *desk) connect() (err error) {
	cfg := config.NATS{URL: "nats://" + d.nats.addr, AutoProvision: true, Replicas: 1}
	if d.bus, err = bus.Connect("bench", cfg, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	return d.bus.Prepare(ctx)
}

func (d *desk) close() {
	if d.bus != nil {
		d.bus.Close()
	}
	if d.api != nil {
		d.api.stop()
	}
	d.nats.end()
}

// store stores the reply to one more user, and returns who that is.
func (d *desk) store(ctx context.Context, user string) error {
	body := fmt.Appendf(nil, `{"touser":%q,"msgtype":"text","text":{"content":"你好"}}`, user)
	_, err := d.bus.Publish(ctx, route.Out+"main."+user, "bench:"+user, nil, body)
	return err
}

func (d *desk) user() string {
	d.next++
	return fmt.Sprintf("oDesk%023d", d.next)
}

// fill stores n replies.
func (d *desk) fill(n int) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout+time.Duration(n)*time.Millisecond)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(256) //nolint:mnd // as many as are stored in one go
	for range n {
		user := d.user()
		group.Go(func() error { return d.store(ctx, user) })
	}
	return group.Wait()
}

// senders starts replicas of the sender.
func (d *desk) senders(n int, settings ...string) (started []*server, err error) {
	for range n {
		env := append([]string{"NATS_URL=nats://" + d.nats.addr, "LOG_FORMAT=json", "WECHAT_API_URL=" + d.api.url}, account...)
		s, err := d.stage.spawn(senderName, "", append(env, settings...))
		if err != nil {
			stopAll(started)
			return nil, err
		}
		started = append(started, s)
	}
	return started, nil
}

// bare starts the loop that the sender is compared with.
func (d *desk) bare(calls, concurrency int) ([]*server, error) {
	s, err := d.stage.spawn(bareName, "", nil,
		d.api.url+pathSend+"?access_token=benchmark", strconv.Itoa(concurrency), strconv.Itoa(calls))
	if err != nil {
		return nil, err
	}
	return []*server{s}, nil
}

// stopAll has senders end as Kubernetes does: what they did is acknowledged.
func stopAll(all []*server) {
	for _, s := range all {
		_ = s.Process.Signal(syscall.SIGTERM)
	}
	for _, s := range all {
		_ = s.Wait()
	}
}

// buildBare makes the loop, beside the programs that are built already.
func (b *stage) buildBare() error {
	command := exec.Command("go", "build", "-trimpath", "-ldflags=-s", "-o", filepath.Join(b.folder, bareName), //nolint:gosec // a folder of ours
		"./deployments/bench/bare")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return errors.Join(err, errors.New(string(output)))
	}
	return nil
}
