package wxapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

const (
	appID   = "wx0123456789abcdef"
	secret  = "0123456789abcdef0123456789abcdef"
	openID  = "oAbCdEfGhIjKlMnOpQrStUvWxYz1"
	message = `{"touser":"` + openID + `","msgtype":"text","text":{"content":"你好"}}`
)

// rig is WeChat, and what the replicas of a sender share.
type rig struct {
	*wxsim.Platform
	t     *testing.T
	url   string
	store *store
	log   *bustest.Logbook

	mu      sync.Mutex
	forces  []bool // force_refresh of each call for a token
	onToken func() // called before such a call is answered
}

func newRig(t *testing.T) *rig {
	t.Helper()
	sim, err := wxsim.New(wxsim.Options{
		Accounts: []wxsim.Account{{Name: "main", AppID: appID, Token: "weixin", Secret: secret}},
		NoQuota:  true,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Platform: sim, t: t, store: newStore(), log: new(bustest.Logbook)}
	server := httptest.NewServer(r.watch(sim.Handler()))
	t.Cleanup(func() { sim.Close(); server.CloseClientConnections(); server.Close() })
	r.url = server.URL
	_, _ = sim.Text(t.Context(), "main", openID, "在吗") // nobody takes it; the user is known from now on
	return r
}

// watch notes what is asked for a token.
func (r *rig) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.URL.Path == wxsim.PathStableToken {
			body, _ := io.ReadAll(request.Body)
			request.Body = io.NopCloser(bytes.NewReader(body))
			var asked struct {
				Force bool `json:"force_refresh"`
			}
			_ = json.Unmarshal(body, &asked)
			r.mu.Lock()
			r.forces = append(r.forces, asked.Force)
			r.mu.Unlock()
			if r.onToken != nil {
				r.onToken()
			}
		}
		next.ServeHTTP(w, request)
	})
}

// failToken has the next call for a token answer an errcode.
func (r *rig) failToken(errcode int) {
	r.Weather().Next(1, wxsim.Fault{Path: wxsim.PathStableToken, Errcode: errcode})
}

// forced returns, for each call for a token, whether a new one was insisted on.
func (r *rig) forced() []bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]bool(nil), r.forces...)
}

// replica returns the client of one more replica.
func (r *rig) replica() *wxapi.Client { return newClient(r.url, r.store, r.log) }

// classic returns the client of a replica whose token is of /cgi-bin/token.
func (r *rig) classic() *wxapi.Client {
	account := wxapi.Account{Name: "main", AppID: appID, Secret: secret, TokenAPI: wxapi.Classic}
	return wxapi.NewClient(r.url, account, r.store, r.log.Logger())
}

func (r *rig) replicas(n int) []*wxapi.Client {
	clients := make([]*wxapi.Client, n)
	for i := range clients {
		clients[i] = r.replica()
	}
	return clients
}

// wantCounts checks how many calls were made so far.
func (r *rig) wantCounts(tokens, sends int) {
	r.t.Helper()
	if got := r.Counts(); got.Tokens != tokens || got.Sends != sends {
		r.t.Errorf("calls: %d for tokens, %d of custom/send; want %d and %d", got.Tokens, got.Sends, tokens, sends)
	}
}

func newClient(url string, shared wxapi.Store, log *bustest.Logbook) *wxapi.Client {
	account := wxapi.Account{Name: "main", AppID: appID, Secret: secret}
	return wxapi.NewClient(url, account, shared, log.Logger())
}

func send(t *testing.T, c *wxapi.Client) {
	t.Helper()
	if err := c.Send(patience(t), []byte(message)); err != nil {
		t.Fatalf("Send = %v", err)
	}
}

// sendAll has all replicas send at the same time.
func sendAll(t *testing.T, clients []*wxapi.Client) {
	t.Helper()
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() {
			if err := c.Send(patience(t), []byte(message)); err != nil {
				t.Errorf("Send = %v", err)
			}
		})
	}
	all.Wait()
}

// patience bounds what should take no time.
func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
