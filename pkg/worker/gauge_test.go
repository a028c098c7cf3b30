package worker_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// loads asks n times at once and returns the answers.
func loads(t *testing.T, n int, p *replica) (answers []process.Load) {
	t.Helper()
	var mu sync.Mutex
	var asking sync.WaitGroup
	for range n {
		asking.Go(func() {
			load, err := p.worker.Load(t.Context(), p.bus)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			answers = append(answers, load)
		})
	}
	asking.Wait()
	return answers
}

// All replicas say how much is left for all of them, and many who ask are one
// question to NATS.
func TestEveryReplicaKnowsTheLoadOfAll(t *testing.T) {
	t.Parallel()
	const questions = 100
	c := newCrew(t)
	users := sameLane(2)
	g := newGate(newRecord(t), users...)
	first := c.start(g.handler, nil)
	c.texts(users, 1, 3)
	bustest.Eventually(t, "the messages are fetched", func() bool { return c.parts()[3].NumAckPending == 6 })
	second := c.start(g.handler, nil) // which may ask anew
	want := process.Load{Worker: "echo", Lag: 6, Unacked: 6, Partitions: 16}
	nc, asks := c.nats.JetStream().Conn(), make(chan *nats.Msg, 10*questions)
	if _, err := nc.ChanSubscribe("$JS.API.CONSUMER.INFO.>", asks); err != nil {
		t.Fatal(err)
	}
	ages := cmpopts.IgnoreFields(process.Load{}, "OldestAge", "WaitingAge")
	for _, p := range []*replica{first, second} {
		bustest.Eventually(t, "a replica knows the load", func() bool { return cmp.Equal(want, loads(t, 1, p)[0], ages) })
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		before := len(asks)
		for _, load := range loads(t, questions, p) {
			if diff := cmp.Diff(want, load, ages); diff != "" || load.OldestAge <= 0 || load.WaitingAge != 0 {
				t.Errorf("load %+v: %s", load, diff)
			}
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		if got := len(asks) - before; got > 10*16 { // however slow the machine: not one for each who asks
			t.Errorf("%d questions to NATS for %d", got, questions)
		}
	}
}

func TestLoadIsNotGuessedWhileNATSIsAway(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	p := c.start(newGate(newRecord(t)).handler, nil)
	c.nats.Down()
	bustest.Eventually(t, "the load is not known", func() bool {
		_, err := p.worker.Load(t.Context(), p.bus)
		return err != nil && err.Error() == "no connection to NATS"
	})
	c.nats.Up()
	bustest.Eventually(t, "the load is known again", func() bool {
		_, err := p.worker.Load(t.Context(), p.bus)
		return err == nil
	})
}

// A durable of a partition that is gone is missed, where nobody may create it.
func TestOrderedReplicaIsNotReadyWithoutADurable(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	c.locked()
	c.url.AutoProvision = false
	p := c.start(newGate(newRecord(t)).handler, nil)
	if err := c.nats.JetStream().DeleteConsumer(t.Context(), bus.StreamIn, "echo-p05"); err != nil {
		t.Fatal(err)
	}
	bustest.Eventually(t, "the replica is not ready", func() bool {
		err := p.worker.Ready(t.Context(), p.bus)
		return errors.Is(err, bus.ErrNoDurable) && fmt.Sprint(err) == "durable echo-p05 on WECHAT_IN: it does not exist"
	})
}

// metric returns the values of a metric of a worker, by their other label.
func metric(t *testing.T, name, worker string) map[string]float64 {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]float64)
	for _, family := range families {
		for _, found := range family.GetMetric() {
			other, mine := "", false
			for _, label := range found.GetLabel() {
				if mine = mine || label.GetValue() == worker; label.GetName() != "worker" {
					other = label.GetValue()
				}
			}
			if family.GetName() == name && mine {
				values[other] = found.GetCounter().GetValue() + found.GetGauge().GetValue()
			}
		}
	}
	return values
}

func TestMetricsOfAWorker(t *testing.T) {
	t.Parallel()
	c := newCrew(t)
	d := newDoor()
	mux := on(wechat.KindText, func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
		switch content := m.Field("Content"); content {
		case "slow":
			return d.handle(ctx, m)
		case "fails":
			return nil, errBroken
		default:
			return nil, worker.Drop("reason "+content, nil)
		}
	})
	cfg := worker.Config{Settings: settings()}
	cfg.Slots = 1
	log, counted := c.book.Logger(), strings.ToLower(rand.Text()) // not counted by another test
	w := worker.Inbound(counted, cfg, mux, c.bus, log)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx, c.bus) }()
	defer func() { cancel(); <-ended }()
	c.text("oUser", "fails") // three times
	for n := range 70 {
		c.text("oUser", fmt.Sprint(n))
	}
	bustest.Eventually(t, "dead letters are stored", func() bool { return len(c.dead(0)) == 71 })
	dead := metric(t, "wxbus_worker_dead_letters_total", counted)
	if dead["attempts used up"] != 1 || dead["reason 7"] != 1 || dead["other"] < 70-64 {
		t.Errorf("dead letters: %v", dead)
	}
	if got := metric(t, "wxbus_worker_attempts_total", counted); got[""] != 73 {
		t.Errorf("attempts: %v, want 73", got)
	}
	for range 3 {
		c.text("oUser", "slow")
	}
	d.count(t, 1)
	for name, want := range map[string]float64{"wxbus_worker_pending": 2, "wxbus_worker_unsettled": 1, "wxbus_worker_in_flight": 1} {
		bustest.Eventually(t, fmt.Sprint(name, " is ", want), func() bool { return metric(t, name, counted)[""] == want })
	}
	for _, name := range []string{"wxbus_worker_oldest_seconds", "wxbus_worker_waiting_seconds"} {
		if got := metric(t, name, counted)[""]; got <= 0 {
			t.Errorf("%s is %v", name, got)
		}
	}
	c.nats.Down()
	bustest.Eventually(t, "what is not known is not shown", func() bool { return len(metric(t, "wxbus_worker_pending", counted)) == 0 })
	c.nats.Up()
	close(d.open)
}
