package worker // what is told depends on times that only the inside can change

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// typingRig is a worker whose typist is quick, and what it tells.
type typingRig struct {
	*testing.T
	bus   *bus.Bus
	nats  *bustest.Server
	mu    sync.Mutex
	told  []string
	pushs int
}

func newTypingRig(t *testing.T) *typingRig {
	t.Helper()
	nats := bustest.Start(t)
	r := &typingRig{T: t, nats: nats, bus: nats.Bus()}
	r.hear(nats.JetStream().Conn())
	return r
}

func (r *typingRig) hear(nc *nats.Conn) {
	r.Helper()
	_, err := nc.Subscribe(route.Typing+">", func(m *nats.Msg) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told = append(r.told, strings.TrimPrefix(m.Subject, route.Typing)+" "+string(m.Data))
	})
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		r.Fatal(err)
	}
}

func (r *typingRig) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.told)
}

// run starts a worker for everything.
func (r *typingRig) run(after, again time.Duration, handler HandlerFunc) {
	r.Helper()
	log := slog.New(slog.DiscardHandler)
	typist := newTypist(r.bus, log)
	typist.after, typist.again = after, again
	mux := NewMux()
	mux.Use(typist.watch)
	mux.Handle(wechat.AnyKind, handler)
	var cfg Config
	cfg.Settings = Settings{Slots: 16, Attempts: 1, Timeout: time.Minute, Backoff: time.Millisecond, BackoffMax: time.Millisecond}
	cfg.ShutdownTimeout = 20 * time.Second
	w := newInbound("echo", cfg, mux, r.bus, log)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx, r.bus) }()
	r.Cleanup(func() { cancel(); <-ended })
}

// push stores a message of a user as the ingress does.
func (r *typingRig) push(user string, created time.Time, fields string) {
	r.Helper()
	r.pushs++
	body := fmt.Appendf(nil, `{"FromUserName":%q,"CreateTime":%d,"N":%d,%s}`, user, created.Unix(), r.pushs, fields)
	m, err := wechat.Decode(body)
	if err != nil {
		r.Fatal(err)
	}
	e := route.Pack("main", m, body, time.Now())
	if _, err := r.bus.Publish(r.Context(), e.Subject(16), e.ID, e.Header(), e.Body); err != nil {
		r.Fatal(err)
	}
}

const textFields = `"MsgType":"text","Content":"在吗"`

// settled waits until n messages are settled, so that all was told.
func (r *typingRig) settled(n int) []string {
	r.Helper()
	bustest.Eventually(r.T, "all is settled", func() bool {
		durable, err := r.nats.JetStream().Consumer(r.Context(), bus.StreamIn, "echo")
		if err != nil {
			return false
		}
		info, err := durable.Info(r.Context())
		return err == nil && info.Delivered.Consumer >= uint64(n) && info.NumPending == 0 && info.NumAckPending == 0
	})
	return r.all()
}

func TestUserSeesThatASlowHandlerWorks(t *testing.T) {
	r := newTypingRig(t)
	r.run(10*time.Millisecond, time.Hour, func(ctx context.Context, _ *wechat.Message) (wechat.Replies, error) {
		bustest.Eventually(t, "typing is asked for", func() bool { return len(r.all()) > 0 || ctx.Err() != nil })
		return wechat.TextReplies("在"), nil
	})
	r.push("oUser", time.Now(), textFields)
	if diff := cmp.Diff([]string{`main.oUser {"command":"Typing"}`}, r.settled(1)); diff != "" {
		t.Error(diff)
	}
}

func TestTypingIsAskedForAgainAndEndsWithoutAnAnswer(t *testing.T) {
	other := wechat.TextReply("在吗？")
	other.ToUser = "oOther"
	for name, end := range map[string]func() (wechat.Replies, error){
		"no reply":            func() (wechat.Replies, error) { return nil, nil },
		"a reply to another":  func() (wechat.Replies, error) { return wechat.Replies{other}, nil },
		"an error":            func() (wechat.Replies, error) { return wechat.TextReplies("x"), errors.New("no") },
		"a panic":             func() (wechat.Replies, error) { panic("no") },
		"a message given up":  func() (wechat.Replies, error) { return nil, Drop("no", nil) },
		"another try, please": func() (wechat.Replies, error) { return nil, RetryAfter(time.Hour, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newTypingRig(t)
			r.run(10*time.Millisecond, 10*time.Millisecond, func(context.Context, *wechat.Message) (wechat.Replies, error) {
				bustest.Eventually(t, "typing is asked for twice", func() bool { return len(r.all()) > 1 })
				return end()
			})
			r.push("oUser", time.Now(), textFields)
			bustest.Eventually(t, "typing is ended", func() bool {
				return slices.Contains(r.all(), `main.oUser {"command":"CancelTyping"}`)
			})
			told := r.all()
			if diff := cmp.Diff([]string{
				`main.oUser {"command":"Typing"}`, `main.oUser {"command":"CancelTyping"}`,
			}, slices.Compact(told)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTypingIsForQuestionsThatWeChatStillShowsItFor(t *testing.T) {
	now := time.Now()
	tests := []struct {
		name, user, fields string
		created            time.Time
		want               bool
	}{
		{"a text", "oText", textFields, now, true},
		{"a picture", "oImage", `"MsgType":"image","MediaId":"M"`, now, true},
		{"a tap on the menu", "oClick", `"MsgType":"event","Event":"CLICK","EventKey":"k"`, now, true},
		{"a message from a clock that is fast", "oFast", textFields, now.Add(time.Hour), true},
		{"a follow", "oFollow", `"MsgType":"event","Event":"subscribe"`, now, false},
		{"a link in the menu", "oView", `"MsgType":"event","Event":"VIEW","EventKey":"http://x"`, now, false},
		{"a ticket", "", `"InfoType":"component_verify_ticket"`, now, false},
		{"a retry that comes late", "oLate", textFields, now.Add(-time.Minute), false},
		{"an OpenID that is none", "o.*", textFields, now, false},
		{"the last one", "oLast", textFields, now, true},
	}
	r := newTypingRig(t)
	var waits sync.Map // users that are to see it
	for _, tt := range tests {
		waits.Store(tt.user, tt.want)
	}
	r.run(time.Millisecond, time.Hour, func(_ context.Context, m *wechat.Message) (wechat.Replies, error) {
		if want, _ := waits.Load(m.FromUserName); want != true {
			bustest.Eventually(t, "typing is asked for a message that came later", func() bool {
				return slices.Contains(r.all(), `main.oLast {"command":"Typing"}`)
			})
			return nil, nil
		}
		bustest.Eventually(t, "typing is asked for: "+m.FromUserName, func() bool {
			return slices.Contains(r.all(), "main."+m.FromUserName+` {"command":"Typing"}`)
		})
		return wechat.TextReplies("在"), nil
	})
	var want []string
	for _, tt := range tests {
		r.push(tt.user, tt.created, tt.fields)
		if tt.want {
			want = append(want, "main."+tt.user+` {"command":"Typing"}`)
		}
	}
	got := r.settled(len(tests))
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Without NATS there is nobody to ask; the handler does not notice.
func TestTypingThatCannotBeAskedForHurtsNothing(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	nats.Down()
	typist := newTypist(b, slog.New(slog.DiscardHandler))
	typist.after, typist.again = time.Millisecond, time.Millisecond
	m, err := wechat.Decode(fmt.Appendf(nil, `{"FromUserName":"oUser","CreateTime":%d,"MsgId":1,%s}`, time.Now().Unix(), textFields))
	if err != nil {
		t.Fatal(err)
	}
	replies, err := typist.watch(func(context.Context, *wechat.Message) (wechat.Replies, error) {
		time.Sleep(20 * time.Millisecond)
		return wechat.TextReplies("在"), nil
	})(t.Context(), m)
	if err != nil || len(replies) != 1 {
		t.Errorf("got %d replies and error %v, want 1 and none", len(replies), err)
	}
}

func TestQuickHandlerAsksForNothing(t *testing.T) {
	r := newTypingRig(t)
	r.run(time.Minute, time.Minute, func(context.Context, *wechat.Message) (wechat.Replies, error) {
		return nil, nil
	})
	for range 20 {
		r.push("oUser", time.Now(), textFields)
	}
	if got := r.settled(20); len(got) != 0 {
		t.Errorf("told %q, want nothing", got)
	}
}
