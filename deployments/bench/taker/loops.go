package main

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// handlers are those of a worker that does nothing for a time.
func handlers(t *tally, takes time.Duration) *worker.Mux {
	mux := worker.NewMux()
	mux.Handle(wechat.KindText, func(context.Context, *wechat.Message) (wechat.Replies, error) {
		if takes > 0 {
			time.Sleep(takes)
		}
		t.count()
		return nil, nil
	})
	return mux
}

// pullExpiry is short: now and then the client asks for nothing more until its
// pull has expired, which takes half a minute as by default.
const pullExpiry = time.Second

// loop takes messages as the manual of nats.go has it, in so many goroutines.
func loop(cfg worker.Config, durable string, goroutines int, t *tally, acknowledge func(jetstream.Msg) error) error {
	nc, err := nats.Connect(cfg.URL)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	consumer, err := js.Consumer(context.Background(), bus.StreamIn, durable)
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(cfg.Slots), jetstream.PullExpiry(pullExpiry))
	if err != nil {
		return err
	}
	defer messages.Stop()
	var group errgroup.Group
	group.SetLimit(goroutines)
	for {
		msg, err := messages.Next()
		if errors.Is(err, jetstream.ErrNoHeartbeat) { // it pulls again by itself
			continue
		}
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		group.Go(func() error {
			t.count()
			return acknowledge(msg)
		})
	}
}

func plain(msg jetstream.Msg) error { return msg.Ack() }

func confirmed(msg jetstream.Msg) error { return msg.DoubleAck(context.Background()) }
