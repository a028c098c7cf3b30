package bus_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/config"
)

const patience = time.Minute

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// connect returns a bus on which nothing is prepared, and its log.
func connect(t *testing.T, cfg config.NATS) (*bus.Bus, *bustest.Logbook) {
	t.Helper()
	book := new(bustest.Logbook)
	b, err := bus.Connect("test", cfg, book.Logger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b, book
}

// within returns a context that ends with the test's patience.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// ready asks as a probe does: it does not wait for an answer that is lost.
func ready(t *testing.T, b *bus.Bus) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	return b.Ready(ctx)
}

// start runs f and returns what tells its error.
func start(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

// receive returns what comes from a channel, and fails when nothing does.
func receive[T any](t *testing.T, what string, from <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-from:
	case <-time.After(patience):
		t.Fatalf("not within %s: %s", patience, what)
	}
	return value
}

func must[T any](t *testing.T) func(value T, err error) T {
	t.Helper()
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// publish stores messages that have their number for a body.
func publish(t *testing.T, b *bus.Bus, subject string, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		body := strconv.Itoa(n)
		if _, err := b.Publish(within(t), subject, subject+"#"+body, nil, []byte(body)); err != nil {
			t.Errorf("publish %d: %v", n, err)
			return
		}
	}
}

// durable returns what asks the server about one: nothing when it does not
// exist or answer.
func durable(t *testing.T, nats *bustest.Server, d bus.Durable) func() *jetstream.ConsumerInfo {
	t.Helper()
	js := nats.JetStream()
	return func() *jetstream.ConsumerInfo {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		consumer, err := js.Consumer(ctx, d.Stream, d.Name)
		if err != nil {
			return &jetstream.ConsumerInfo{Cluster: &jetstream.ClusterInfo{}}
		}
		return consumer.CachedInfo()
	}
}

// locked creates a durable whose messages, once delivered, come again only
// when they are given back.
func locked(t *testing.T, nats *bustest.Server, d bus.Durable) {
	t.Helper()
	create(t, nats, d, func(cfg *jetstream.ConsumerConfig) { cfg.AckWait = time.Hour })
}

// create creates a durable that differs from what a worker would create.
func create(t *testing.T, nats *bustest.Server, d bus.Durable, change func(*jetstream.ConsumerConfig)) {
	t.Helper()
	cfg := jetstream.ConsumerConfig{
		Durable: d.Name, FilterSubjects: d.Filters, AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: -1,
	}
	change(&cfg)
	if _, err := nats.JetStream().CreateConsumer(within(t), d.Stream, cfg); err != nil {
		t.Fatal(err)
	}
}

// subscribe returns what is published to a subject.
func subscribe(t *testing.T, server *bustest.Server, subject string) <-chan *nats.Msg {
	t.Helper()
	nc, msgs := server.JetStream().Conn(), make(chan *nats.Msg, 20000)
	must[*nats.Subscription](t)(nc.ChanSubscribe(subject, msgs))
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return msgs
}
