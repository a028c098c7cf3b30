package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wxsim"
	"github.com/wxbus/wxbus/workers/sender/delivery"
	"github.com/wxbus/wxbus/workers/sender/quota"
)

const (
	mainSecret = "0123456789abcdef0123456789abcdef"
	shopSecret = "fedcba9876543210fedcba9876543210"
	openID     = "oAbCdEfGhIjKlMnOpQrStUvWxYz1"
	otherID    = "oAbCdEfGhIjKlMnOpQrStUvWxYz2" // of another partition
	partitions = 16

	cause = "main:oAbCdEfGhIjKlMnOpQrStUvWxYz1:6054768590064713728" // ce-id of what is answered
	trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
)

// rig is all that a sender needs: NATS, WeChat with two accounts, and a log.
type rig struct {
	t    *testing.T
	nats *bustest.Server
	bus  *bus.Bus
	js   jetstream.JetStream
	sim  *wxsim.Platform
	api  *api
	log  *bustest.Logbook
}

func newRig(t *testing.T) *rig {
	t.Helper()
	sim, err := wxsim.New(wxsim.Options{NoQuota: true, Accounts: []wxsim.Account{
		{Name: "main", AppID: "wx0123456789abcdef", Token: "weixin", Secret: mainSecret},
		{Name: "shop", AppID: "wxfedcba9876543210", Token: "weixin", Secret: shopSecret},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, nats: bustest.Start(t), sim: sim, api: &api{sim: sim.Handler()}, log: new(bustest.Logbook)}
	r.bus, r.js = r.nats.Bus(), r.nats.JetStream()
	r.api.Server = httptest.NewServer(r.api)
	t.Cleanup(func() { sim.Close(); r.api.Close() }) // calls that hang end with the simulator
	r.meet("main", openID)
	r.meet("shop", openID)
	return r
}

// meet makes a user known to WeChat: his message is taken by nobody.
func (r *rig) meet(account, user string) {
	_, _ = r.sim.Text(r.t.Context(), account, user, "在吗")
}

// program is a sender that runs.
type program struct {
	stop  func() error // has it end, and returns its error
	ready func(context.Context) error
	log   *bustest.Logbook // of this replica alone
}

// start runs one more replica; it ends with the test at the latest.
func (r *rig) start(changes ...func(*delivery.Config)) *program {
	r.t.Helper()
	cfg := delivery.Config{
		Accounts: config.Accounts[delivery.Account]{
			"main": {AppID: "wx0123456789abcdef", Secret: mainSecret},
			"shop": {AppID: "wxfedcba9876543210", Secret: shopSecret},
		},
		APIURL: r.api.URL, InDoubt: delivery.Resend, Slots: 16,
		Quota: quota.Config{PerMessage: 5, MessageWindow: 48 * time.Hour, PerEvent: 3, EventWindow: time.Minute, Users: 1000},
	}
	cfg.NATS, cfg.ShutdownTimeout = r.nats.Config(), 20*time.Second
	for _, change := range changes {
		change(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &program{log: new(bustest.Logbook)}
	log := slog.New(slog.NewTextHandler(io.MultiWriter(r.log, p.log), &slog.HandlerOptions{Level: slog.LevelDebug}))
	health := process.NewHealth(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- delivery.Run(ctx, cfg, process.NewHost(delivery.Name, log, health))
		close(ended)
	}()
	p.ready, p.stop = health.Ready, func() error { cancel(); return <-ended }
	r.t.Cleanup(func() { _ = p.stop() })
	return p
}

func skip(c *delivery.Config) { c.InDoubt = delivery.Skip }

// publish stores a reply under an id of its own and returns the id.
func (r *rig) publish(account, user, body string) string {
	r.t.Helper()
	return r.publishTo(route.OutSubject(account, user, partitions), []byte(body))
}

func (r *rig) publishTo(subject string, body []byte) string {
	r.t.Helper()
	id := fmt.Sprintf("autoreply:%s:%d", r.t.Name(), time.Now().UnixNano())
	header := map[string][]string{route.HeaderInReplyTo: {cause}, "traceparent": {trace}}
	if _, err := r.bus.Publish(patience(r.t), subject, id, header, body); err != nil {
		r.t.Fatal(err)
	}
	return id
}

// text is a reply of one text, texts one of several parts.
func text(user, content string) string {
	return fmt.Sprintf(`{"touser":%q,"msgtype":"text","text":{"content":%q}}`, user, content)
}

func texts(user string, contents ...string) string {
	parts := ""
	for i, content := range contents {
		if i > 0 {
			parts += ","
		}
		parts += fmt.Sprintf(`{"msgtype":"text","text":{"content":%q}}`, content)
	}
	return fmt.Sprintf(`{"touser":%q,"messages":[%s]}`, user, parts)
}

// received waits until n messages have reached a user and returns all.
func (r *rig) received(account, user string, n int) []wxsim.Message {
	r.t.Helper()
	got, err := r.sim.Wait(patience(r.t), account, user, n)
	if err != nil {
		r.t.Fatalf("%v; log:\n%s", err, r.log)
	}
	return got
}

// reads waits until n texts have reached a user and returns them.
func (r *rig) reads(account, user string, n int) (contents []string) {
	r.t.Helper()
	for _, m := range r.received(account, user, n) {
		contents = append(contents, m.Text())
	}
	return contents
}

// dead waits until n dead letters are stored and returns the last one.
func (r *rig) dead(n int) *jetstream.RawStreamMsg {
	r.t.Helper()
	stream, err := r.js.Stream(patience(r.t), bus.StreamDead)
	if err != nil {
		r.t.Fatal(err)
	}
	var letter *jetstream.RawStreamMsg
	bustest.Eventually(r.t, fmt.Sprintf("%d dead letters", n), func() bool {
		letter, err = stream.GetMsg(patience(r.t), uint64(n))
		return !errors.Is(err, jetstream.ErrMsgNotFound)
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return letter
}

// settled waits until every reply is settled, and checks how many of them
// became dead letters.
func (r *rig) settled(dead uint64) {
	r.t.Helper()
	published := r.lastSeq(bus.StreamOut)
	bustest.Eventually(r.t, "all replies are settled", func() bool {
		consumer, err := r.js.Consumer(patience(r.t), bus.StreamOut, delivery.Name)
		return err == nil && consumer.CachedInfo().AckFloor.Stream == published
	})
	if got := r.lastSeq(bus.StreamDead); got != dead {
		r.t.Errorf("%d dead letters, want %d", got, dead)
	}
}

// lastSeq returns how many messages a stream has taken.
func (r *rig) lastSeq(stream string) uint64 {
	r.t.Helper()
	found, err := r.js.Stream(patience(r.t), stream)
	if err != nil {
		r.t.Fatal(err)
	}
	return found.CachedInfo().State.LastSeq
}

// patience bounds what should take no time.
func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
