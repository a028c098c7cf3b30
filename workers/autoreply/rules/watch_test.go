package rules_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/workers/autoreply/rules"
)

// shop is autoreply that runs, with a file that changes.
type shop struct {
	t    *testing.T
	nats *bustest.Server
	bus  *bus.Bus
	file string
	log  *bustest.Logbook
	n    int
}

func runShop(t *testing.T, text string) *shop {
	t.Helper()
	nats := bustest.Start(t)
	s := &shop{t: t, nats: nats, bus: nats.Bus(), file: filepath.Join(t.TempDir(), "rules.yaml"), log: new(bustest.Logbook)}
	s.write(text)
	loaded, err := rules.Load(s.file)
	if err != nil {
		t.Fatal(err)
	}
	cfg := rules.Config{Rules: loaded}
	cfg.File = config.File(s.file)
	cfg.NATS = nats.Config()
	cfg.Settings = worker.Settings{Slots: 4, Attempts: 2, Timeout: time.Minute, Backoff: time.Millisecond, BackoffMax: time.Second}
	ctx, cancel := context.WithCancel(context.Background())
	health := process.NewHealth(ctx)
	ended := make(chan error, 1)
	go func() { ended <- rules.Run(ctx, cfg, process.NewHost(rules.Name, s.log.Logger(), health)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	bustest.Eventually(t, "autoreply is ready", func() bool { return health.Ready(ctx) == nil })
	return s
}

// write replaces the file as editors do.
func (s *shop) write(text string) {
	s.t.Helper()
	s.n++
	next := s.file + strconv.Itoa(s.n)
	write(s.t, next, text)
	if err := os.Rename(next, s.file); err != nil {
		s.t.Fatal(err)
	}
}

// push stores a message and returns how many replies there are to be then.
func (s *shop) push(m *wechat.Message) {
	s.t.Helper()
	s.n++
	e := route.Pack("main", m, []byte(strconv.Itoa(s.n)), time.Now())
	header := e.Header()
	if _, err := s.bus.Publish(s.t.Context(), e.Subject(16), header[route.HeaderID][0], header, e.Body); err != nil {
		s.t.Fatal(err)
	}
}

// replied waits until the newest reply is as wanted.
func (s *shop) replied(want string) {
	s.t.Helper()
	bustest.Eventually(s.t, "the reply "+want, func() bool {
		stored := s.nats.Stored(bus.StreamOut)
		return len(stored) > 0 && string(stored[len(stored)-1].Data) == `{"msgtype":"text","text":{"content":"`+want+`"},"touser":"oUser"}`
	})
}

func TestRulesAreReadAgain(t *testing.T) {
	s := runShop(t, "rules: [{when: {type: text}, reply: one}]")
	s.push(text(t, "a"))
	s.replied("one")

	s.write("rules: [{when: {type: text}, reply: two, cooldown: 1h}]")
	bustest.Eventually(t, "the new rules", func() bool { return s.log.Count("rules changed") == 1 })
	s.push(text(t, "a"))
	s.replied("two")
	s.push(text(t, "a")) // is not answered: the cool-down is on the bus

	s.write("rules:\n  - reply: three\n    when: {typ: text}")
	bustest.Eventually(t, "the fault", func() bool { return s.log.Count(`line 3: unknown key \"typ\"`) == 1 })
	s.push(text(t, "a")) // nor is this: the old rules are those that count

	s.write("rules: [{when: {event: CLICK, key: k}, reply: clicked}, {when: {type: text}, reply: three}]")
	bustest.Eventually(t, "the third rules", func() bool { return s.log.Count("rules changed") == 2 })
	s.push(event(t, "CLICK", "k")) // of a kind that nobody subscribed to before
	s.replied("clicked")
	s.push(text(t, "a"))
	s.replied("three")
	if got := len(s.nats.Stored(bus.StreamOut)); got != 4 {
		t.Errorf("%d replies, want 4", got)
	}
}
