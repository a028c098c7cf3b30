package bus_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

const (
	quickStall = 600 * time.Millisecond
	stallSays  = "messages wait and none comes"
)

// impatient returns a connection on which a pull is taken for stalled soon.
func impatient(t *testing.T, server *bustest.Server) (*bus.Bus, *bustest.Logbook) {
	t.Helper()
	b, book := connect(t, server.Config())
	b.SetStall(quickStall)
	if err := b.Prepare(within(t)); err != nil {
		t.Fatal(err)
	}
	return b, book
}

// named is the durable of a worker that no other test counts.
func named(name string) bus.Durable {
	d := texts
	d.Name = name
	return d
}

func pullOf(d bus.Durable) string { return "$JS.API.CONSUMER.MSG.NEXT." + d.Stream + "." + d.Name }

// The pulls of a worker go to a durable that has nothing: the server answers
// them with heartbeats, and no message comes.
func TestPullThatGetsNothingThoughMessagesWaitIsMadeAnew(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b, book := impatient(t, server)
	stalled, idle := named("stalled"), named("idle")
	idle.Filters = []string{"wechat.in.*.*.voice"}
	create(t, server, idle, func(*jetstream.ConsumerConfig) {})
	undo := server.Misroute(pullOf(stalled), pullOf(idle))
	pulls := subscribe(t, server, pullOf(idle))
	k := take(t, b, stalled, 4)
	first := receive(t, "a pull", pulls)
	publish(t, b, text, 1, 4)
	bustest.Eventually(t, "the log says so", func() bool { return book.Count(stallSays) > 0 })
	if second := receive(t, "another pull", pulls); second.Reply == first.Reply {
		t.Errorf("both pulls are answered on %s", first.Reply)
	}
	undo()
	k.ackAll(4)
	k.end()
	k.wantOnce(4)
	if restarts(t, "stalled") < 1 {
		t.Error("no restart is counted")
	}
}

// A durable that is gone, and nobody says so, is created again.
func TestDurableThatIsGoneInSilenceIsMissed(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b, _ := impatient(t, server)
	gone, idle := named("gone"), named("idle")
	create(t, server, idle, func(c *jetstream.ConsumerConfig) { c.FilterSubjects = []string{"wechat.in.*.*.voice"} })
	undo := server.Misroute(pullOf(gone), pullOf(idle)) // which answers as long as the other is gone
	pulls := subscribe(t, server, pullOf(idle))
	k := take(t, b, gone, 4)
	receive(t, "a pull", pulls)
	if err := server.JetStream().DeleteConsumer(within(t), gone.Stream, gone.Name); err != nil {
		t.Fatal(err)
	}
	undo()
	publish(t, b, text, 1, 1)
	k.ackAll(1)
}

// Nobody is to be woken where there is nothing to get.
func TestPullIsLeftAloneWhenNothingHasToCome(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b, book := impatient(t, server)
	for _, tt := range []struct {
		name   string
		slots  int
		has    int
		gets   int
		change func(*jetstream.ConsumerConfig)
	}{
		{"empty", 4, 0, 0, func(*jetstream.ConsumerConfig) {}},
		{"busy", 2, 6, 2, func(*jetstream.ConsumerConfig) {}},
		{"full", 4, 6, 3, func(c *jetstream.ConsumerConfig) { c.MaxAckPending = 3 }},
		{"paused", 4, 6, 0, func(c *jetstream.ConsumerConfig) { c.PauseUntil = new(time.Now().Add(time.Hour)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := named(tt.name)
			d.Filters = []string{"wechat.in.*.*." + tt.name}
			create(t, server, d, tt.change)
			asks := subscribe(t, server, "$JS.API.CONSUMER.INFO."+d.Stream+"."+d.Name)
			k := take(t, b, d, tt.slots)
			publish(t, b, "wechat.in.main.7."+tt.name, 1, tt.has)
			for range tt.gets {
				k.next()
			}
			watched(t, asks, tt.slots > tt.gets)
			if len(k.got) > 0 {
				t.Errorf("message %s came as well", k.next().Body)
			}
			if got := restarts(t, d.Name); got > 0 {
				t.Errorf("%v restarts: %s", got, book)
			}
		})
	}
}

// watched waits until the watchdog has asked for a durable a few times, or as long
// as it would take.
func watched(t *testing.T, asks <-chan *nats.Msg, expected bool) {
	t.Helper()
	if expected {
		for range 4 { // one is the first look for the durable
			receive(t, "a question for the durable", asks)
		}
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*quickStall)
	defer cancel()
	<-ctx.Done()
}

// restarts counts the stalled pulls of a worker that were made anew.
func restarts(t *testing.T, worker string) (n float64) {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			if family.GetName() == "wxbus_bus_pull_restarts_total" && labels["worker"] == worker && labels["reason"] == "stalled" {
				n += metric.GetCounter().GetValue()
			}
		}
	}
	return n
}
