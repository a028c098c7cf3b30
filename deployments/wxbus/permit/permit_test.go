package permit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/wxbus/wxbus/deployments/wxbus/permit"
	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/pkg/wxsim"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

const (
	account = "main"
	appID   = "wx0000000000000001"
	token   = "weixin"
	secret  = "0123456789abcdef0123456789abcdef"
)

// user is a user in NATS' configuration. Its password is its name.
type user struct {
	User        string              `json:"user"`
	Password    string              `json:"password"`
	Permissions *permit.Permissions `json:"permissions,omitempty"`
}

// rig is a nats-server whose users may do what [permit] says, and the programs
// that run as them.
type rig struct {
	t    *testing.T
	addr string
	log  bustest.Logbook
	host *process.Host // of the program that was started last
}

func newRig(t *testing.T, o permit.Options) *rig {
	t.Helper()
	users := []user{{User: "root", Password: "root"}}
	for name, may := range map[string]permit.Permissions{
		"ingress": permit.Ingress(o), "sender": permit.Sender(o), "apply": permit.Apply(),
		"echo": permit.Worker("echo", o), "other": permit.Worker("other", o),
	} {
		users = append(users, user{name, name, &may})
	}
	text, err := plainJSON(map[string]any{
		"host": "127.0.0.1", "port": -1, "max_payload": 8 << 20,
		"jetstream":     map[string]any{"store_dir": t.TempDir()},
		"authorization": map[string]any{"users": users},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	opts, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	opts.NoLog, opts.NoSigs = true, true
	srv, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(20 * time.Second) {
		t.Fatal("nats-server does not start")
	}
	return &rig{t: t, addr: srv.Addr().String()}
}

// plainJSON is JSON as NATS reads it: it knows no \u003e.
func plainJSON(v any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return text.Bytes(), err
}

// common are the settings of a program that must not create anything.
func (r *rig) common(name string) config.Common {
	return config.Common{
		NATS:    config.NATS{URL: "nats://" + name + ":" + name + "@" + r.addr, Replicas: 1},
		Process: config.Process{ShutdownTimeout: 20 * time.Second},
	}
}

func (r *rig) apply(durables ...bus.Durable) {
	r.t.Helper()
	b, err := bus.Connect("apply", r.common("apply").NATS, r.log.Logger())
	if err != nil {
		r.t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Apply(r.t.Context(), durables, false); err != nil {
		r.t.Fatal(err)
	}
}

// run runs a program until the test ends, and waits until it is ready.
func (r *rig) run(name string, program process.Program) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	host := process.NewHost(name, r.log.Logger(), process.NewHealth(ctx))
	ended := make(chan error, 1)
	go func() { ended <- program(ctx, host) }()
	r.host = host
	r.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Errorf("%s: %v", name, err)
		}
	})
	bustest.Eventually(r.t, name+" is ready", func() bool { return host.Health.Ready(r.t.Context()) == nil })
}

var errUnknown = errors.New("the allowance is not known yet")

// echo asks for the allowance, and takes until it is let go, so that it also has
// its user see that an answer is being written.
func echo(letGo <-chan struct{}) worker.HandlerFunc {
	return func(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
		if left, err := worker.Allowance(ctx); err != nil || !left.Known {
			return nil, worker.RetryAfter(10*time.Millisecond, errors.Join(err, errUnknown))
		}
		select {
		case <-letGo:
		case <-ctx.Done():
		}
		if m.Field("Content") == "bad" {
			return nil, worker.Drop("bad", nil)
		}
		return wechat.TextReplies(m.Field("Content")), nil
	}
}

// Every program does all of its work with the permissions that it is given.
func TestProgramsCanWork(t *testing.T) {
	for name, ordered := range map[string]bool{"shared": false, "ordered": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, permit.Options{Ordered: ordered, Spool: ordered})
			order := worker.OrderNone
			if ordered {
				order = worker.OrderUser
			}
			mux := worker.NewMux()
			letGo := make(chan struct{})
			mux.Handle(wechat.KindText, echo(letGo))
			sending, echoing := delivery.Durable(), worker.DurableFor("echo", mux)
			sending.Ordered, echoing.Ordered = ordered, ordered
			r.apply(sending, echoing)
			sim, push := r.simulate()
			r.run("sender", func(ctx context.Context, host *process.Host) error {
				return delivery.Run(ctx, r.sender(push.API, order), host)
			})
			r.run("echo", func(ctx context.Context, host *process.Host) error {
				cfg := worker.Config{Common: r.common("echo"), Ordering: worker.Ordering{Order: order}, Settings: worker.Settings{
					Slots: 4, Attempts: 3, Timeout: time.Minute, Backoff: 20 * time.Millisecond, BackoffMax: time.Second, Typing: true,
				}}
				return worker.Run(ctx, "echo", cfg, mux, host)
			})
			loads := r.host.Loads
			r.run("ingress", func(ctx context.Context, host *process.Host) error {
				cfg := door.Config{
					Common: r.common("ingress"), Accounts: config.Accounts[door.Account]{account: {AppID: appID, Token: token}},
					PublishTimeout: 4 * time.Second, MaxBody: 1 << 20, MaxInFlight: 16, SpoolMaxBytes: 1 << 20,
				}
				if ordered {
					cfg.SpoolDir = t.TempDir()
				}
				return door.Serve(ctx, cfg, host, push.listener)
			})
			openid, err := sim.AddUser(account, "a")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if _, err := sim.Event(ctx, account, openid, "subscribe", ""); err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{"bad", "你好"} {
				if _, err := sim.Text(ctx, account, openid, text); err != nil {
					t.Fatal(err)
				}
			}
			bustest.Eventually(t, "the age of what waits is known", func() bool {
				answer := httptest.NewRecorder()
				loads.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/scale?worker=echo", nil))
				var load process.Load
				return json.Unmarshal(answer.Body.Bytes(), &load) == nil && load.Lag > 0 && load.OldestAge > 2 // typing begins after 1 s
			})
			close(letGo)
			if _, err := sim.Wait(ctx, account, openid, 1); err != nil {
				t.Fatalf("%v\n%s", err, &r.log)
			}
			r.burial()
			if r.log.Count("ermissions") > 0 {
				t.Errorf("something was refused:\n%s", &r.log)
			}
		})
	}
}

// pushing is where the simulator and the programs meet.
type pushing struct {
	API      string
	listener net.Listener
}

func (r *rig) simulate() (*wxsim.Platform, pushing) {
	r.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	sim, err := wxsim.New(wxsim.Options{Accounts: []wxsim.Account{{
		Name: account, AppID: appID, Token: token, Secret: secret, URL: "http://" + listener.Addr().String() + "/wechat/" + account,
	}}})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(sim.Close)
	api := httptest.NewServer(sim.Handler())
	r.t.Cleanup(api.Close)
	r.t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return sim, pushing{api.URL, listener}
}

func (r *rig) sender(api string, order worker.Order) delivery.Config {
	r.t.Helper()
	r.t.Setenv("WECHAT_MAIN_APPID", appID)
	r.t.Setenv("WECHAT_MAIN_SECRET", secret)
	r.t.Setenv("WECHAT_API_URL", api)
	r.t.Setenv("SENDER_RATE", "100") // permits are kept in a bucket
	var cfg delivery.Config
	if err := config.Load(&cfg); err != nil {
		r.t.Fatal(err)
	}
	cfg.Common, cfg.Order = r.common("sender"), order
	return cfg
}

// burial waits for the dead letter of echo.
func (r *rig) burial() {
	r.t.Helper()
	js, err := r.client("root", "test").JetStream()
	if err != nil {
		r.t.Fatal(err)
	}
	bustest.Eventually(r.t, "the dead letter is stored", func() bool {
		letter, err := js.GetLastMsg(bus.StreamDead, "wechat.dead.echo")
		return err == nil && letter.Header.Get("Dead-Reason") == "bad"
	})
}

func (r *rig) client(name, inbox string) *nats.Conn {
	r.t.Helper()
	nc, err := nats.Connect("nats://"+name+":"+name+"@"+r.addr, nats.CustomInboxPrefix(bus.InboxPrefix+inbox),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(nc.Close)
	return nc
}

// What a program has no business with is refused, so that one that is broken
// into harms no other.
func TestProgramsCannotDoMore(t *testing.T) {
	r := newRig(t, permit.Options{NoAge: true})
	r.apply(delivery.Durable(), bus.Durable{Name: "echo", Stream: bus.StreamIn, Filters: []string{"wechat.in.*.*.text"}},
		bus.Durable{Name: "other", Stream: bus.StreamIn, Filters: []string{"wechat.in.*.*.text"}})
	const create = `{"stream_name":"WECHAT_IN","config":{"ack_policy":"none","deliver_policy":"all"}}`
	for _, tt := range []struct{ program, what, subject, body string }{
		{"ingress", "read pushes", "$JS.API.CONSUMER.CREATE.WECHAT_IN", create},
		{"ingress", "read pushes by name", "$JS.API.CONSUMER.CREATE.WECHAT_IN.spy", create},
		{"ingress", "take from a worker", "$JS.API.CONSUMER.MSG.NEXT.WECHAT_IN.echo", `{"batch":1}`},
		{"ingress", "get a push", "$JS.API.DIRECT.GET.WECHAT_IN", `{"seq":1}`},
		{"ingress", "read the access token", "$JS.API.DIRECT.GET.KV_wechat_token.$KV.wechat_token.main", ""},
		{"ingress", "answer users", "wechat.out.main.o1", "{}"},
		{"echo", "forge a push", "wechat.in.main.7.text", "{}"},
		{"echo", "put back another worker's message", "wechat.retry.other.main.7.text", "{}"},
		{"echo", "take from another worker", "$JS.API.CONSUMER.MSG.NEXT.WECHAT_IN.other", `{"batch":1}`},
		{"echo", "acknowledge for another worker", "$JS.ACK.WECHAT_IN.other.1.1.1.1.0", "+ACK"},
		{"echo", "take replies", "$JS.API.CONSUMER.MSG.NEXT.WECHAT_OUT.sender", `{"batch":1}`},
		{"echo", "read all pushes", "$JS.API.CONSUMER.CREATE.WECHAT_IN.spy", create},
		{"echo", "read a push by its number", "$JS.API.STREAM.MSG.GET.WECHAT_IN", `{"seq":1}`},
		{"echo", "get a push of another kind", "$JS.API.DIRECT.GET.WECHAT_IN", `{"seq":1}`},
		{"echo", "bury in another's name", "wechat.dead.other", "{}"},
		{"echo", "read the access token", "$JS.API.DIRECT.GET.KV_wechat_token.$KV.wechat_token.main", ""},
		{"echo", "delete a stream", "$JS.API.STREAM.DELETE.WECHAT_IN", ""},
		{"sender", "forge a push", "wechat.in.main.7.text", "{}"},
		{"sender", "delete a stream", "$JS.API.STREAM.DELETE.WECHAT_OUT", ""},
		{"sender", "change a stream", "$JS.API.STREAM.UPDATE.WECHAT_OUT", "{}"},
	} {
		t.Run(tt.program+" cannot "+tt.what, func(t *testing.T) {
			nc := r.client(tt.program, tt.program)
			refused := make(chan error, 1)
			nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err })
			if err := nc.PublishRequest(tt.subject, nc.NewRespInbox(), []byte(tt.body)); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-refused:
				if !strings.Contains(strings.ToLower(err.Error()), "permissions violation") {
					t.Errorf("%s: %v", tt.subject, err)
				}
			case <-time.After(10 * time.Second):
				t.Errorf("%s is allowed", tt.subject)
			}
		})
	}
	for program, subjects := range map[string][]string{
		"ingress": {"wechat.in.>", "_INBOX.>", "_INBOX.echo.>", ">"},
		"echo":    {"wechat.in.>", "wechat.out.>", "_INBOX.other.>", "$KV.wechat_token.>"},
		"sender":  {"wechat.in.>", "_INBOX.echo.>", "$JS.ACK.>"},
	} {
		for _, subject := range subjects {
			t.Run(program+" cannot listen to "+subject, func(t *testing.T) {
				nc := r.client(program, program)
				refused := make(chan error, 1)
				nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err })
				if _, err := nc.SubscribeSync(subject); err != nil {
					t.Fatal(err)
				}
				select {
				case <-refused:
				case <-time.After(10 * time.Second):
					t.Error("it can")
				}
			})
		}
	}
}
