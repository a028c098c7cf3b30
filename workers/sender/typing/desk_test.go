package typing_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/workers/sender/typing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// weChat is an API that notes what it is asked to show.
type weChat struct {
	*httptest.Server
	mu     sync.Mutex
	shown  []string
	answer func(w http.ResponseWriter, r *http.Request)
}

func newWeChat(t *testing.T) *weChat {
	t.Helper()
	api := &weChat{answer: func(http.ResponseWriter, *http.Request) {}}
	api.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		api.mu.Lock()
		api.shown = append(api.shown, r.URL.Query().Get("user")+" "+r.URL.Query().Get("on"))
		api.mu.Unlock()
		api.answer(w, r)
	}))
	t.Cleanup(api.Close)
	return api
}

func (api *weChat) all() []string {
	api.mu.Lock()
	defer api.mu.Unlock()
	return slices.Clone(api.shown)
}

func (api *weChat) count(line string) (n int) {
	for _, shown := range api.all() {
		if shown == line {
			n++
		}
	}
	return n
}

// caller calls the API over HTTP.
type caller struct{ api *weChat }

func (c caller) Typing(ctx context.Context, user string, on bool) error {
	ask, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("%s?user=%s&on=%t", c.api.URL, user, on), http.NoBody)
	if err != nil {
		return err
	}
	answer, err := c.api.Client().Do(ask)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return &wxapi.Error{Op: "custom/typing", Code: 45080}
	}
	return nil
}

// rig is a desk that listens, and who asks it.
type rig struct {
	*testing.T
	nats *bustest.Server
	bus  *bus.Bus
	log  bustest.Logbook
}

func newRig(t *testing.T) *rig {
	t.Helper()
	nats := bustest.Start(t)
	return &rig{T: t, nats: nats, bus: nats.Bus()}
}

// open starts a desk of one account and returns what closes it.
func (r *rig) open(account typing.Account) (stop func()) {
	r.Helper()
	ctx, cancel := context.WithCancel(r.Context())
	ended := make(chan struct{})
	desk := typing.New(r.nats.Bus(), map[string]typing.Account{"main": account}, r.log.Logger())
	go func() { desk.Run(ctx); close(ended) }()
	stop = func() { cancel(); <-ended }
	r.Cleanup(stop)
	return stop
}

func (r *rig) ask(subject, body string) {
	r.Helper()
	if err := r.bus.Tell(subject, nil, []byte(body)); err != nil {
		r.Fatal(err)
	}
}

// until asks for one more user until done, which shows that what was asked
// before him has been dealt with.
func (r *rig) until(what, subject string, done func() bool) {
	r.Helper()
	bustest.Eventually(r.T, what, func() bool {
		r.ask(subject, `{"command":"Typing"}`)
		return done()
	})
}

func (r *rig) listening(api *weChat) {
	r.Helper()
	r.until("the desk listens", "wechat.typing.main.oFirst", func() bool { return api.count("oFirst true") > 0 })
}

func TestOneReplicaMakesTheCallThatWasAskedFor(t *testing.T) {
	r, api := newRig(t), newWeChat(t)
	for range 3 {
		r.open(typing.Account{Caller: caller{api}})
	}
	r.listening(api)
	r.ask("wechat.typing.main.oUser", `{"command":"Typing"}`)
	bustest.Eventually(t, "typing is shown", func() bool { return api.count("oUser true") == 1 })
	r.ask("wechat.typing.main.oUser", `{"command":"CancelTyping"}`)
	bustest.Eventually(t, "typing is ended", func() bool { return api.count("oUser false") == 1 })
	r.until("all is dealt with", "wechat.typing.main.oLast", func() bool { return api.count("oLast true") > 20 })
	if on, off := api.count("oUser true"), api.count("oUser false"); on != 1 || off != 1 {
		t.Errorf("%d calls to show and %d to end, want one each", on, off)
	}
}

func TestWhatCannotBeShownIsDropped(t *testing.T) {
	r, api := newRig(t), newWeChat(t)
	r.open(typing.Account{Caller: caller{api}})
	r.listening(api)
	for _, ask := range [][2]string{
		{"wechat.typing.main.oA", `{"command":"typing"}`},
		{"wechat.typing.main.oA", `{"command":1}`},
		{"wechat.typing.main.oA", `Typing`},
		{"wechat.typing.main.oA", ``},
		{"wechat.typing.other.oA", `{"command":"Typing"}`},
		{"wechat.typing.main.oA.x", `{"command":"Typing"}`},
	} {
		r.ask(ask[0], ask[1])
	}
	r.until("all is dealt with", "wechat.typing.main.oLast", func() bool { return api.count("oLast true") > 0 })
	got := api.all()
	slices.Sort(got) // calls are made at the same time
	got = slices.Compact(got)
	if diff := cmp.Diff([]string{"oFirst true", "oLast true"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPausedAccountIsNotCalled(t *testing.T) {
	r, api := newRig(t), newWeChat(t)
	var paused atomic.Bool
	r.open(typing.Account{Caller: caller{api}, Paused: paused.Load})
	r.listening(api)
	paused.Store(true)
	before := r.outcome("paused")
	r.ask("wechat.typing.main.oUser", `{"command":"Typing"}`)
	r.until("requests are dropped", "wechat.typing.main.oNext", func() bool { return r.outcome("paused") >= before+2 })
	paused.Store(false)
	r.until("it is called again", "wechat.typing.main.oLast", func() bool { return api.count("oLast true") > 0 })
	if n := api.count("oUser true"); n != 0 {
		t.Errorf("%d calls while the account paused, want none", n)
	}
}

// A call that WeChat refuses is not made again, and hurts nothing.
func TestRefusedCallIsNotTriedAgain(t *testing.T) {
	r, api := newRig(t), newWeChat(t)
	api.answer = func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Query().Get("user") == "oUser" {
			w.WriteHeader(http.StatusBadRequest)
		}
	}
	r.open(typing.Account{Caller: caller{api}})
	r.listening(api)
	r.ask("wechat.typing.main.oUser", `{"command":"Typing"}`)
	bustest.Eventually(t, "the refusal is logged", func() bool { return r.log.Count("typing not shown") == 1 })
	r.until("others are shown", "wechat.typing.main.oLast", func() bool { return api.count("oLast true") > 5 })
	if n := api.count("oUser true"); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	if strings.Contains(r.log.String(), "oUser") || strings.Contains(r.log.String(), "level=ERROR") {
		t.Errorf("log names the user or takes it for an error:\n%s", r.log.String())
	}
}

// An API that hangs takes the calls that it may have, and what comes meanwhile
// is dropped: it would come too late.
func TestHangingCallsAreBoundedAndTheRestDropped(t *testing.T) {
	r, api := newRig(t), newWeChat(t)
	var most, now atomic.Int32
	var hang atomic.Bool
	api.answer = func(_ http.ResponseWriter, req *http.Request) {
		if !hang.Load() {
			return
		}
		for n := now.Add(1); ; {
			if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
				break
			}
		}
		defer now.Add(-1)
		<-req.Context().Done()
	}
	stop := r.open(typing.Account{Caller: caller{api}})
	r.listening(api)
	hang.Store(true)
	busy := r.outcome("busy")
	for i := range 100 {
		r.ask(fmt.Sprintf("wechat.typing.main.o%d", i), `{"command":"Typing"}`)
	}
	bustest.Eventually(t, "requests are dropped", func() bool { return r.outcome("busy") >= busy+92 })
	if got := most.Load(); got > 8 {
		t.Errorf("%d calls at the same time, want at most 8", got)
	}
	stop() // ends the calls that hang
}
