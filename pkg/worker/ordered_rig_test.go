package worker_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// record is what the handlers of all replicas write down: the messages of each
// user in the order in which they were handled to the end.
type record struct {
	t       *testing.T
	mu      sync.Mutex
	handled map[string][]int
	busy    map[string]string // who handles a message of the user
	overlap []string
	random  *rand.Rand
}

func newRecord(t *testing.T) *record {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return &record{t: t, handled: map[string][]int{}, busy: map[string]string{}, random: rand.New(rand.NewPCG(seed, seed))}
}

// roll returns whether a handler succeeds, and how long it takes.
func (r *record) roll(failing float64) (succeeds bool, takes time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.random.Float64() >= failing, time.Duration(r.random.IntN(3000)) * time.Microsecond
}

// begin notes that a replica handles a message.
func (r *record) begin(replica string, m *wechat.Message) (number int) {
	number, _ = strconv.Atoi(m.Field("Content"))
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.busy[m.FromUserName]; other != "" {
		r.overlap = append(r.overlap, fmt.Sprintf("%s: %s and %s", m.FromUserName, other, replica))
	}
	r.busy[m.FromUserName] = replica
	return number
}

// end notes that it does no more, and whether the message is handled.
func (r *record) end(m *wechat.Message, number int, handled bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, m.FromUserName)
	if handled {
		r.handled[m.FromUserName] = append(r.handled[m.FromUserName], number)
	}
}

func (r *record) count() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, numbers := range r.handled {
		n += len(numbers)
	}
	return n
}

// highest returns how many users have had their message n handled.
func (r *record) highest(n int) (users int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, numbers := range r.handled {
		if slices.Contains(numbers, n) {
			users++
		}
	}
	return users
}

// of returns what was handled of a user.
func (r *record) of(user string) []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.handled[user])
}

// wantOrder fails the test unless each user's messages 1 to n were handled in
// order, one at a time, and no more than copies of them again.
func (r *record) wantOrder(n, copies int) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	again := 0
	for user, numbers := range r.handled {
		highest := 0
		for _, number := range numbers {
			if number > highest+1 {
				r.t.Errorf("%s: %d after %d: %v", user, number, highest, numbers)
				break
			}
			if number <= highest {
				again++
			}
			highest = max(highest, number)
		}
		if highest != n {
			r.t.Errorf("%s: %d is the last, want %d: %v", user, highest, n, numbers)
		}
	}
	if again > copies {
		r.t.Errorf("%d were handled again, want at most %d", again, copies)
	}
	if len(r.overlap) > 0 {
		r.t.Errorf("at the same time: %v", r.overlap)
	}
}

// steady returns a handler that takes a moment and fails now and then.
func (r *record) steady(failing float64) func(string) worker.HandlerFunc {
	return func(replica string) worker.HandlerFunc {
		return func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
			number := r.begin(replica, m)
			handled, takes := r.roll(failing)
			select {
			case <-time.After(takes):
			case <-ctx.Done():
				handled = false
			}
			r.end(m, number, handled)
			if !handled {
				return nil, errBroken
			}
			return nil, nil
		}
	}
}

// crew is the replicas of an ordered worker, each with a connection of its own.
type crew struct {
	*rig

	url  config.NATS
	book bustest.Logbook
	park bool
	next int
}

func newCrew(t *testing.T) *crew {
	r := newRig(t)
	return &crew{rig: r, url: r.nats.Config()}
}

// replica is one of them.
type replica struct {
	c      *crew
	name   string
	bus    *bus.Bus
	worker *worker.Worker
	cancel context.CancelFunc
	ended  chan error
}

// start starts a replica that is ready when it returns.
func (c *crew) start(handler func(replica string) worker.HandlerFunc, change func(*worker.Settings)) *replica {
	c.t.Helper()
	c.next++
	p := &replica{c: c, name: "r" + strconv.Itoa(c.next), ended: make(chan error, 1)}
	log, cfg := slog.New(slog.NewTextHandler(&c.book, nil)), ordered(c.park, change)
	var err error
	if p.bus, err = bus.Connect("echo", c.url, log); err != nil {
		c.t.Fatal(err)
	}
	p.worker = worker.Inbound("echo", cfg, on(wechat.KindText, handler(p.name)), p.bus, log)
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	go func() { p.ended <- p.worker.Run(ctx, p.bus); p.bus.Close() }()
	c.t.Cleanup(func() {
		p.bus.Close()
		cancel()
		if c.t.Failed() && os.Getenv("ORDER_LOG") != "" {
			c.t.Log(c.book.String())
		}
	})
	bustest.Eventually(c.t, "the replica is ready", func() bool { return p.worker.Ready(c.t.Context(), p.bus) == nil })
	return p
}

func ordered(park bool, change func(*worker.Settings)) worker.Config {
	cfg := worker.Config{Settings: settings()}
	cfg.Order, cfg.Park, cfg.ShutdownTimeout = worker.OrderUser, park, 20*time.Second
	if change != nil {
		change(&cfg.Settings)
	}
	return cfg
}

// stop stops a replica as SIGTERM does and waits for its end.
func (p *replica) stop() {
	p.c.t.Helper()
	p.cancel()
	if err := receive(p.c.t, p.name+" ends", p.ended); err != nil {
		p.c.t.Errorf("Run = %v", err)
	}
}

// kill takes the connection away: nothing that the replica does is heard any
// more.
func (p *replica) kill() { p.bus.Close() }

func receive[T any](t *testing.T, what string, from <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-from:
	case <-time.After(time.Minute):
		t.Fatalf("not within a minute: %s", what)
	}
	return value
}

// texts stores the messages from to n of each user, one of each in turn.
func (c *crew) texts(users []string, from, n int) {
	c.t.Helper()
	for number := from; number <= n; number++ {
		for _, user := range users {
			c.text(user, strconv.Itoa(number))
		}
	}
}

func names(n int) []string {
	users := make([]string, n)
	for i := range users {
		users[i] = fmt.Sprintf("oUser%02d", i)
	}
	return users
}

// sameLane returns users of one partition.
func sameLane(n int) []string {
	var users []string
	for i := 0; len(users) < n; i++ {
		if user := fmt.Sprint("oNear", i); route.Partition(user, 16) == 3 {
			users = append(users, user)
		}
	}
	return users
}

// allSettled waits until the partitions have nothing left.
func (c *crew) allSettled() {
	c.t.Helper()
	bustest.Eventually(c.t, "everything is settled", func() bool {
		waiting := uint64(0)
		for _, info := range c.parts() {
			waiting += info.NumPending + uint64(info.NumAckPending)
		}
		return waiting == 0
	})
}

func (c *crew) parts() (infos []*jetstream.ConsumerInfo) {
	c.t.Helper()
	js := c.nats.JetStream()
	defer js.Conn().Close()
	for part := range 16 {
		durable, err := js.Consumer(c.t.Context(), bus.StreamIn, fmt.Sprintf("echo-p%02d", part))
		if err != nil {
			c.t.Fatal(err)
		}
		infos = append(infos, durable.CachedInfo())
	}
	return infos
}

// locked creates the durables so that what a replica does not settle stays with
// it for longer than a test waits: who gets it all the same has taken it over.
func (c *crew) locked() {
	c.t.Helper()
	js := c.nats.JetStream()
	for part := range 16 {
		d := worker.DurableFor("echo", on(wechat.KindText, echo)).Partition(part)
		_, err := js.CreateConsumer(c.t.Context(), d.Stream, jetstream.ConsumerConfig{
			Durable: d.Name, FilterSubjects: d.Filters, AckPolicy: jetstream.AckExplicitPolicy,
			AckWait: time.Hour, MaxDeliver: -1, MaxAckPending: 1024,
		})
		if err != nil {
			c.t.Fatal(err)
		}
	}
}
