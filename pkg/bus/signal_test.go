package bus_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// ear is a listener of one group and all that it has heard.
type ear struct {
	mu    sync.Mutex
	heard []string
	stop  func() error
}

const asked = "wechat.typing.main.oUser"

func listen(t *testing.T, b *bus.Bus) *ear {
	t.Helper()
	e := new(ear)
	ctx, cancel := context.WithCancel(t.Context())
	ended := start(func() error {
		return b.Listen(ctx, "wechat.typing.main.*", "sender", func(subject string, body []byte) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.heard = append(e.heard, subject+" "+string(body))
		})
	})
	e.stop = func() error { cancel(); return receive(t, "the listener has ended", ended) }
	t.Cleanup(cancel)
	return e
}

func (e *ear) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.heard...)
}

// attend tells something until everybody has heard some of it.
func attend(t *testing.T, b *bus.Bus, ears ...*ear) {
	t.Helper()
	bustest.Eventually(t, "everybody listens", func() bool {
		if err := b.Tell(asked, nil, []byte("hello")); err != nil {
			return false // reconnecting
		}
		for _, e := range ears {
			if len(e.all()) == 0 {
				return false
			}
		}
		return true
	})
}

func TestOneOfAGroupHearsWhatIsTold(t *testing.T) {
	nats := bustest.Start(t)
	teller := nats.Bus()
	first, second := listen(t, nats.Bus()), listen(t, nats.Bus())
	attend(t, teller, first, second)
	before := len(first.all()) + len(second.all())
	const n = 100
	for i := range n {
		if err := teller.Tell(asked, nil, fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	bustest.Eventually(t, "all is heard", func() bool { return len(first.all())+len(second.all()) >= before+n })
	seen := map[string]int{}
	for _, line := range append(first.all(), second.all()...) {
		seen[line]++
	}
	for i := range n {
		if line := fmt.Sprint(asked, " ", i); seen[line] != 1 {
			t.Errorf("%q was heard %d times, want once", line, seen[line])
		}
	}
}

func TestListenerGoesOnAfterAReconnect(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	e := listen(t, b)
	attend(t, b, e)
	nats.Down()
	nats.Up()
	before := len(e.all())
	bustest.Eventually(t, "it is heard again", func() bool {
		_ = b.Tell(asked, nil, []byte("again"))
		return len(e.all()) > before
	})
	if err := e.stop(); err != nil {
		t.Error(err)
	}
}
