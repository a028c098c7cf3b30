package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

const (
	servers = 3
	server  = "nats-" // their names begin so
)

// cluster is three nats-servers with the settings that we ship, and a client
// that looks at what they have.
type cluster struct {
	servers []*process
	addrs   []string // for clients
	js      jetstream.JetStream
}

func (s *stage) startCluster() error {
	c := &cluster{}
	s.nats = c
	var routes []string
	for range servers {
		c.addrs = append(c.addrs, bustest.FreeAddr())
		routes = append(routes, bustest.FreeAddr())
	}
	for i := range servers {
		name, monitor := fmt.Sprint(server, i+1), bustest.FreeAddr()
		conf := filepath.Join(s.folder, name+".conf")
		if err := os.WriteFile(conf, []byte(serverConf(name, c.addrs[i], monitor, filepath.Join(s.folder, name), routes[i], routes)), 0o600); err != nil {
			return err
		}
		c.servers = append(c.servers, s.add(&process{
			name: name, path: s.binary("nats-server"), args: []string{"-c", conf}, admin: monitor + "/healthz",
		}))
	}
	if err := each(c.servers, (*process).start); err != nil {
		return err
	}
	if err := each(c.servers, (*process).ready); err != nil {
		return err
	}
	nc, err := nats.Connect(strings.Join(c.addrs, ","), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait))
	if err != nil {
		return err
	}
	s.atEnd(nc.Close)
	c.js, err = jetstream.New(nc)
	return err
}

const reconnectWait = 100 * time.Millisecond

// serverConf leaves clients with the addresses that they have: those of links.
func serverConf(name, addr, monitor, store, route string, routes []string) string {
	return fmt.Sprintf(`server_name: %s
listen: %q
http: %q
max_payload: 8MB
jetstream { store_dir: %q, sync_interval: always }
cluster { name: chaos, listen: %q, no_advertise: true, routes: ["nats-route://%s"] }
`, name, addr, monitor, store, route, strings.Join(routes, `", "nats-route://`))
}

// leader returns the server that leads a stream.
func (c *cluster) leader(stream string) (*process, error) {
	var found *process
	err := within(readyTimeout, stream+" has a leader", func() bool {
		info, err := c.info(stream)
		if err != nil || info.Cluster == nil {
			return false
		}
		for _, server := range c.servers {
			if server.name == info.Cluster.Leader {
				found = server
			}
		}
		return found != nil
	})
	return found, err
}

func (c *cluster) info(stream string) (*jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	found, err := c.js.Stream(ctx, stream)
	if err != nil {
		return nil, err
	}
	return found.CachedInfo(), nil
}

// answerTimeout is after how long a question is asked again: a server that has
// no leader for it does not answer at all.
const answerTimeout = 5 * time.Second

// insist asks until there is an answer.
func insist(what string, ask func(ctx context.Context) error) error {
	var last error
	err := within(readyTimeout, what, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
		defer cancel()
		last = ask(ctx)
		return last == nil
	})
	if err != nil {
		return fmt.Errorf("%w: %w", err, last)
	}
	return nil
}

// limit lets a stream grow no more than to a number of bytes, -1 for any.
func (c *cluster) limit(stream string, bytes int64) error {
	return insist(stream+" has another limit", func(ctx context.Context) error {
		found, err := c.js.Stream(ctx, stream)
		if err != nil {
			return err
		}
		cfg := found.CachedInfo().Config
		cfg.MaxBytes = bytes
		_, err = c.js.UpdateStream(ctx, cfg)
		return err
	})
}

// hasten has what a dead worker without order held be delivered again sooner
// than after the 30 seconds of [bus.AckWait].
func (c *cluster) hasten(stream, durable string, wait time.Duration) error {
	return insist(durable+" has another AckWait", func(ctx context.Context) error {
		consumer, err := c.js.Consumer(ctx, stream, durable)
		if err != nil {
			return err
		}
		cfg := consumer.CachedInfo().Config
		cfg.AckWait = wait
		_, err = c.js.UpdateConsumer(ctx, stream, cfg)
		return err
	})
}

// waiting names the durables that have messages which are not settled, with how
// many wait and how many are held.
func (c *cluster) waiting() (names string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, stream := range []string{bus.StreamIn, bus.StreamOut} {
		found, err := c.js.Stream(ctx, stream)
		if err != nil {
			return "", err
		}
		list := found.ListConsumers(ctx)
		for info := range list.Info() {
			isWorker := info.Config.Durable != "" && info.Config.AckPolicy == jetstream.AckExplicitPolicy
			if isWorker && info.NumPending+uint64(info.NumAckPending) > 0 {
				names += fmt.Sprintf(" %s %d+%d", info.Name, info.NumPending, info.NumAckPending)
			}
		}
		if err := list.Err(); err != nil {
			return "", err
		}
	}
	return names, nil
}

// stored returns the messages of a stream, in order.
func (c *cluster) stored(stream string) (all []jetstream.Msg, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	var info *jetstream.StreamInfo
	err = insist(stream+" is there", func(context.Context) (err error) {
		info, err = c.info(stream)
		return err
	})
	if err != nil || info.State.Msgs == 0 {
		return nil, err
	}
	reader, err := c.js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return nil, err
	}
	messages, err := reader.Messages()
	if err != nil {
		return nil, err
	}
	defer messages.Stop()
	for uint64(len(all)) < info.State.Msgs {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return nil, fmt.Errorf("read %s, %d of %d: %w", stream, len(all), info.State.Msgs, err)
		}
		all = append(all, msg)
	}
	return all, nil
}

// away stops all servers at once, and starts them again later.
func (c *cluster) away(hold time.Duration) error {
	for _, server := range c.servers {
		server.fate.Lock()
		defer server.fate.Unlock()
	}
	_ = each(c.servers, func(p *process) error { p.stop(syscall.SIGKILL); return nil })
	time.Sleep(hold)
	return each(c.servers, (*process).start)
}
