package door_test

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
)

// TestMain finds what the ingress leaves running. What the server in the tests'
// process leaves is not its fault.
func TestMain(m *testing.M) {
	if _, err := process.StartTracing(context.Background(), "test"); err != nil {
		panic(err)
	}
	const nats = "github.com/nats-io/nats-server/v2/server"
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction(nats+".(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreAnyFunction(nats+"/ats.Register.func1"))
}

const (
	appID  = "wx0123456789abcdef"
	token  = "weixin"
	aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	openID = "oAbCdEfGhIjKlMnOpQrStUvWxYz1"
	text   = `<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName><FromUserName><![CDATA[` + openID +
		`]]></FromUserName><CreateTime>1720000001</CreateTime><MsgType><![CDATA[text]]></MsgType>` +
		`<Content><![CDATA[你好]]></Content><MsgId>24681357902468135</MsgId></xml>`
)

// accounts has one in each mode, and one whose token and key are being rotated.
func accounts() config.Accounts[door.Account] {
	return config.Accounts[door.Account]{
		"main":     {AppID: appID, Token: token, AESKey: aesKey},
		"compat":   {AppID: appID, Token: token, AESKey: aesKey, Mode: "compat"},
		"plain":    {AppID: appID, Token: token},
		"rotating": {AppID: appID, Token: "newtoken," + token, AESKey: "A123456789B123456789C123456789D123456789EFG," + aesKey},
	}
}

// rig is an ingress that runs, on a NATS server of the test's.
type rig struct {
	t    *testing.T
	nats *bustest.Server
	url  string
	host *process.Host
	log  *bustest.Logbook
	stop func() error // ends the ingress and returns its error

	ended func() error // waits for that
	http  *http.Client

	header http.Header // of every request, if set
}

// serve starts an ingress on nats.
func serve(t *testing.T, nats *bustest.Server, change func(*door.Config)) *rig {
	t.Helper()
	cfg := door.Config{Accounts: accounts(), PublishTimeout: 4500 * time.Millisecond, MaxBody: 1 << 20, MaxInFlight: 64}
	cfg.NATS, cfg.ShutdownTimeout = nats.Config(), 20*time.Second
	if change != nil {
		change(&cfg)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	log := new(bustest.Logbook)
	host := process.NewHost(door.Name, log.Logger(), process.NewHealth(ctx))
	ended := make(chan error, 1)
	go func() { ended <- door.Serve(ctx, cfg, host, listener); close(ended) }()
	transport := &http.Transport{ExpectContinueTimeout: time.Minute}
	r := &rig{t: t, nats: nats, url: "http://" + listener.Addr().String(), host: host, log: log, http: &http.Client{Transport: transport}}
	r.ended = func() error { return <-ended }
	r.stop = func() error { cancel(); return <-ended }
	t.Cleanup(func() { transport.CloseIdleConnections(); _ = r.stop() })
	return r
}

// ready waits until the ingress can store.
func (r *rig) ready() *rig {
	r.t.Helper()
	bustest.Eventually(r.t, "the ingress is ready", func() bool { return r.host.Health.Ready(r.t.Context()) == nil })
	return r
}

// answer is what the ingress says.
type answer struct {
	Status int
	Body   string
}

func (r *rig) do(method, path string, query url.Values, body io.Reader) (answer, http.Header) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path+"?"+query.Encode(), body)
	if err != nil {
		r.t.Fatal(err)
	}
	maps.Copy(request.Header, r.header)
	if _, gated := body.(*gate); gated {
		request.Header.Set("Expect", "100-continue")
	}
	response, err := r.http.Do(request)
	if err != nil {
		r.t.Error(err) // also called beside the test
		return answer{}, nil
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Error(err)
	}
	return answer{response.StatusCode, string(got)}, response.Header
}

// gate is a body that tells when the ingress begins to read it: the request is
// under way then.
type gate struct {
	io.Reader
	opened chan struct{}
	once   sync.Once
}

func (g *gate) Read(p []byte) (int, error) {
	g.once.Do(func() { close(g.opened) })
	return g.Reader.Read(p)
}

// begin posts a push and returns once the ingress is at it; the answer comes later.
func (r *rig) begin(path string, p push) <-chan answer {
	r.t.Helper()
	body := &gate{Reader: strings.NewReader(p.body), opened: make(chan struct{})}
	answered := make(chan answer, 1)
	go func() {
		got, _ := r.do(http.MethodPost, path, p.query, body)
		answered <- got
	}()
	<-body.opened
	return answered
}

// post delivers a push and returns the answer.
func (r *rig) post(path string, p push) answer {
	r.t.Helper()
	got, _ := r.do(http.MethodPost, path, p.query, strings.NewReader(p.body))
	return got
}

// push is what WeChat sends.
type push struct {
	query url.Values
	body  string
}

// signed is a push of a body as it is.
func signed(body string) push {
	return push{url.Values{
		"signature": {callback.Signature(token, "1720000001", "1122334455")},
		"timestamp": {"1720000001"}, "nonce": {"1122334455"}, "openid": {openID},
	}, body}
}

// sealed is a push of an encrypted message; every call gives another ciphertext.
func sealed(t *testing.T, message, receiver string) push {
	t.Helper()
	key, err := callback.ParseKey(aesKey)
	if err != nil {
		t.Fatal(err)
	}
	return enveloped(key.Seal([]byte(message), receiver), strings.HasPrefix(message, "{"))
}

// enveloped is a push of a ciphertext in XML or JSON.
func enveloped(encrypt string, asJSON bool) push {
	p := signed(`<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName><Encrypt><![CDATA[` + encrypt + `]]></Encrypt></xml>`)
	if asJSON {
		p.body = `{"ToUserName":"gh_0a1b2c3d4e5f","Encrypt":"` + encrypt + `"}`
	}
	p.query.Set("encrypt_type", "aes")
	p.query.Set("msg_signature", callback.Signature(token, "1720000001", "1122334455", encrypt))
	return p
}

// with changes one parameter; an empty value removes it.
func (p push) with(name, value string) push {
	changed := maps.Clone(p.query)
	if changed.Set(name, value); value == "" {
		changed.Del(name)
	}
	p.query = changed
	return p
}

// pushTest is a push, what it is answered, and how many messages it makes.
type pushTest struct {
	name   string
	path   string
	push   push
	want   answer
	stored int
}

// check delivers pushes one after the other.
func (r *rig) check(t *testing.T, tests []pushTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.t = t
			before := len(r.nats.Stored(bus.StreamIn))
			if diff := cmp.Diff(tt.want, r.post(tt.path, tt.push)); diff != "" {
				t.Error(diff)
			}
			if got := len(r.nats.Stored(bus.StreamIn)) - before; got != tt.stored {
				t.Errorf("stored %d messages, want %d", got, tt.stored)
			}
		})
	}
}
