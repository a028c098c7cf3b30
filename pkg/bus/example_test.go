package bus_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/config"
)

// A message goes in under an id of its own and comes out in a durable's turn.
// Package worker does the second half for handlers: lanes, retries, dead
// letters.
func Example() { //nolint:testableexamples // it needs a server
	ctx := context.Background()
	b, err := bus.Connect("greeter", config.NATS{URL: "nats://127.0.0.1:4222", AutoProvision: true, Replicas: 1}, slog.Default())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	if err := b.Prepare(ctx); err != nil { // waits for NATS
		return
	}
	if _, err := b.Publish(ctx, "wechat.in.main.7.text", "main:1", nil, []byte(`{"Content":"你好"}`)); err != nil {
		fmt.Println(err)
	}

	const slots = 16
	free := make(chan struct{}, slots)
	durable := bus.Durable{Name: "greeter", Stream: bus.StreamIn, Filters: []string{"wechat.in.*.*.text"}}
	_ = b.Consume(ctx, durable, slots, free, func(d *bus.Delivery) {
		go func() {
			fmt.Println(d.Subject, string(d.Body))
			_ = d.Ack(ctx)
			free <- struct{}{}
		}()
	})
}
