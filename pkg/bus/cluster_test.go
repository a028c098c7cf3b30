package bus_test

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

func TestClusterKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	cluster := bustest.StartCluster(t)
	b, _ := connect(t, cluster.Config())
	if err := b.Prepare(within(t)); err != nil {
		t.Fatal(err)
	}
	t.Run("publishers of one id", func(t *testing.T) { publishOneIDAtOnce(t, cluster, b) })
	t.Run("writers of one key", func(t *testing.T) { oneWriterWins(t, b) })
	t.Run("consumer whose leader changes", func(t *testing.T) { consumeWhileTheLeaderChanges(t, cluster, b) })
	t.Run("workers that come and go", func(t *testing.T) { comeAndGo(t, cluster, b) })
	t.Run("leader that goes", func(t *testing.T) { publishWhileTheLeaderGoes(t, cluster, b) })
}

// publishOneIDAtOnce has many publish the same until the cluster has said that
// an id is in process, which is no success.
func publishOneIDAtOnce(t *testing.T, cluster *bustest.Cluster, b *bus.Bus) {
	answers := subscribe(t, cluster.Leader(bus.StreamIn), "_INBOX.>")
	ids := 0
	bustest.Eventually(t, "an id is in process", func() bool {
		ids++
		var publishing sync.WaitGroup
		for range 20 {
			publishing.Go(func() { publish(t, b, text, ids, ids) })
		}
		publishing.Wait()
		return inProcess(answers)
	})
	readAll(t, b, "text", ids)
}

func inProcess(answers <-chan *nats.Msg) bool {
	for {
		select {
		case msg := <-answers:
			if bytes.Contains(msg.Data, []byte(`"err_code":10158`)) {
				return true
			}
		default:
			return false
		}
	}
}

func consumeWhileTheLeaderChanges(t *testing.T, cluster *bustest.Cluster, b *bus.Bus) {
	const changes = 2
	voices := bus.Durable{Name: "voices", Stream: bus.StreamIn, Filters: []string{"wechat.in.*.*.voice"}}
	k := take(t, b, voices, 4)
	publish(t, b, "wechat.in.main.7.voice", 1, 1)
	k.ackAll(1)
	look := durable(t, cluster.Servers[0], voices)
	for n := range changes {
		before := look().Cluster.Leader
		must[*nats.Msg](t)(cluster.Servers[0].JetStream().Conn().RequestWithContext(within(t),
			"$JS.API.CONSUMER.LEADER.STEPDOWN."+voices.Stream+"."+voices.Name, nil))
		bustest.Eventually(t, "the durable has another leader", func() bool {
			after := look().Cluster.Leader
			return after != "" && after != before
		})
		publish(t, b, "wechat.in.main.7.voice", 2+4*n, 5+4*n)
		k.ackAll(4)
	}
	k.end()
	k.wantOnce(1 + 4*changes)
}

// comeAndGo has workers stop with messages on their way, on servers that do not
// lead the durable: none is lost to an inbox that is gone, where it would wait
// for the AckWait.
func comeAndGo(t *testing.T, cluster *bustest.Cluster, b *bus.Bus) {
	const messages, slots = 600, 100
	videos := bus.Durable{Name: "videos", Stream: bus.StreamIn, Filters: []string{"wechat.in.*.*.video"}}
	locked(t, cluster.Servers[0], videos)
	publish(t, b, "wechat.in.main.7.video", 1, messages)
	var buses []*bus.Bus
	for _, server := range cluster.Servers {
		cfg := server.Config()
		cfg.Replicas = len(cluster.Servers)
		on, _ := connect(t, cfg)
		if err := on.Prepare(within(t)); err != nil {
			t.Fatal(err)
		}
		buses = append(buses, on)
	}
	for round, left := 0, messages; left > 0; round++ {
		k := take(t, buses[round%len(buses)], videos, slots)
		first := k.next()
		k.end()
		k.ack(first)
		left--
		for len(k.got) > 0 {
			k.ack(<-k.got)
			left--
		}
	}
}

// publishWhileTheLeaderGoes stops the stream's leader in the middle of it.
func publishWhileTheLeaderGoes(t *testing.T, cluster *bustest.Cluster, b *bus.Bus) {
	const publishers, each, before = 8, 200, 400
	var published atomic.Int32
	var publishing sync.WaitGroup
	for p := range publishers {
		publishing.Go(func() {
			for n := p*each + 1; n <= (p+1)*each; n++ {
				publish(t, b, "wechat.in.main.7.image", n, n)
				published.Add(1)
			}
		})
	}
	bustest.Eventually(t, "some are published", func() bool { return published.Load() >= before })
	leader := cluster.Leader(bus.StreamIn)
	leader.Down()
	publishing.Wait()
	if cluster.Leader(bus.StreamIn) == leader {
		t.Error("the leader did not change")
	}
	readAll(t, b, "image", publishers*each)
}

// readAll fails the test unless the messages 1 to n of a kind are stored once each.
func readAll(t *testing.T, b *bus.Bus, kind string, n int) {
	t.Helper()
	k := take(t, b, bus.Durable{
		Name: "all-" + kind, Stream: bus.StreamIn, Filters: []string{"wechat.in.*.*." + kind}, All: true,
	}, 64)
	for last := false; !last; {
		d := k.next()
		last = d.Pending == 0
		k.ack(d)
	}
	k.end()
	k.wantOnce(n)
}
