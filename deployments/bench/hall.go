package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// hall is where workers are measured: a NATS of their own whose stream of
// pushes is full.
type hall struct {
	stage    *stage
	nats     *server
	bus      *bus.Bus
	conn     *nats.Conn
	js       jetstream.JetStream
	durables int
}

// openHall starts NATS with an empty stream of pushes in files or in memory.
func (b *stage) openHall(storage jetstream.StorageType) (*hall, error) {
	addrs, err := freeAddrs(1)
	if err != nil {
		return nil, err
	}
	store, err := os.MkdirTemp(b.folder, "hall-")
	if err != nil {
		return nil, err
	}
	conf := fmt.Sprintf("listen: %q\nmax_payload: 8MB\njetstream { store_dir: %q }\n", addrs[0], store)
	if err := os.WriteFile(store+".conf", []byte(conf), 0o600); err != nil {
		return nil, err
	}
	h := &hall{stage: b}
	if h.nats, err = b.serve("nats-server", addrs[0], nil, "-c", store+".conf"); err != nil {
		return nil, err
	}
	if err := h.connect(storage); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

// connect makes the stream before wxbus would: it adopts one that is there.
func (h *hall) connect(storage jetstream.StorageType) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	cfg := config.NATS{URL: "nats://" + h.nats.addr, AutoProvision: true, Replicas: 1}
	if h.conn, err = nats.Connect(cfg.URL); err != nil {
		return err
	}
	if h.js, err = jetstream.New(h.conn); err != nil {
		return err
	}
	_, err = h.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: bus.StreamIn, Subjects: []string{route.In + ">", route.Retry + ">"}, Storage: storage, AllowDirect: true,
	})
	if err != nil {
		return err
	}
	if h.bus, err = bus.Connect("bench", cfg, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	return h.bus.Prepare(ctx)
}

func (h *hall) close() {
	if h.bus != nil {
		h.bus.Close()
	}
	if h.conn != nil {
		h.conn.Close()
	}
	h.nats.end()
}

// fill has the stream hold n texts, by that many users in turn.
func (h *hall) fill(n, users int) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout+time.Duration(n)*time.Millisecond)
	defer cancel()
	stream, err := h.js.Stream(ctx, bus.StreamIn)
	if err != nil {
		return err
	}
	if err := stream.Purge(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(256) //nolint:mnd // as many as are stored in one go
	for number := range n {
		group.Go(func() error { return h.store(ctx, number, users) })
	}
	return group.Wait()
}

// store stores a text as the ingress does.
func (h *hall) store(ctx context.Context, number, users int) error {
	body := fmt.Appendf(nil, `{"ToUserName":"gh_0a1b2c3d4e5f","FromUserName":"oHall%023d","CreateTime":%d,`+
		`"MsgType":"text","Content":"你好，请问今天几点开门？","MsgId":%d}`, number%users, time.Now().Unix(), number+1)
	m, err := wechat.Decode(body)
	if err != nil {
		return err
	}
	e := route.Pack("main", m, body, time.Now())
	_, err = h.bus.Publish(ctx, e.Subject(partitions), fmt.Sprint(h.durables, e.ID), e.Header(), e.Body)
	return err
}

const partitions = 16 // as the streams have by default

// durable makes one that begins with the first message that is stored, as a
// worker of that name would have it.
func (h *hall) durable(ordered bool) (name string, remove func() error, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	h.durables++
	mux := worker.NewMux()
	mux.Handle(wechat.KindText, nothing)
	d := worker.DurableFor(fmt.Sprint("taker", h.durables), mux)
	parts := []bus.Durable{d}
	if ordered {
		parts = nil
		for number := range partitions {
			parts = append(parts, d.Partition(number))
		}
	}
	for _, part := range parts {
		if err := h.create(ctx, part); err != nil {
			return "", nil, err
		}
	}
	return d.Name, func() error { return h.remove(parts) }, nil
}

// create makes a durable as wxbus does, apart from where it begins.
func (h *hall) create(ctx context.Context, d bus.Durable) error {
	_, err := h.js.CreateConsumer(ctx, d.Stream, jetstream.ConsumerConfig{
		Durable: d.Name, FilterSubjects: d.Filters, DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: bus.AckWait, MaxDeliver: -1, MaxAckPending: 1024,
	})
	return err
}

func nothing(context.Context, *wechat.Message) (wechat.Replies, error) { return nil, nil }

func (h *hall) remove(durables []bus.Durable) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for _, d := range durables {
		err = errors.Join(err, h.js.DeleteConsumer(ctx, d.Stream, d.Name))
	}
	return err
}
