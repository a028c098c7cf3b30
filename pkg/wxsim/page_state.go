package wxsim

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wechat"
)

type pageAccount struct {
	Name       string        `json:"name"`
	OriginalID string        `json:"original_id"`
	AppID      string        `json:"appid"`
	Mode       callback.Mode `json:"mode"`
	URL        string        `json:"url"`
	Menu       []*button     `json:"menu"`
	Codes      []pageCode    `json:"codes"`
	Users      []pageUser    `json:"users"`
}

type pageCode struct {
	Ticket string `json:"ticket"`
	Scene  string `json:"scene"`
}

type pageUser struct {
	User

	Last *Message `json:"last,omitempty"` // of the chat
}

// pageState is what a page begins with.
type pageState struct {
	Accounts []pageAccount `json:"accounts"`
	Weather  Conditions    `json:"weather"`
	Load     *CrowdReport  `json:"load,omitempty"`
	Traces   bool          `json:"traces"` // whether the server tells what it did
	Started  time.Time     `json:"started"`
}

func (p *Platform) serveState(w http.ResponseWriter, _ *http.Request) {
	state := pageState{Weather: p.weather.Conditions(), Traces: p.options.Server != nil, Started: p.started}
	p.mu.Lock()
	for _, name := range p.names {
		state.Accounts = append(state.Accounts, p.pageAccount(p.accounts[name]))
	}
	if c := p.crowd; c != nil {
		state.Load = &CrowdReport{Account: c.account.Name, Rate: c.wanted()}
	}
	p.mu.Unlock()
	writePage(w, state)
}

// pageAccount is an account as the page shows it, without its secrets.
func (p *Platform) pageAccount(a *account) pageAccount {
	shown := pageAccount{
		Name: a.Name, OriginalID: a.OriginalID, AppID: a.AppID, Mode: a.Mode, URL: a.URL,
		Menu: a.menu, Codes: []pageCode{}, Users: []pageUser{},
	}
	for _, c := range a.codes {
		if c.works(p.options.Now()) {
			shown.Codes = append(shown.Codes, pageCode{c.Ticket, c.Scene})
		}
	}
	for _, u := range a.inOrder() {
		one := pageUser{User: u.User}
		if n := len(u.Chat); n > 0 {
			last := u.Chat[n-1]
			one.Last = &last
		}
		shown.Users = append(shown.Users, one)
	}
	return shown
}

func (p *Platform) serveChat(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	chat := p.Chat(query.Get("account"), query.Get("openid"))
	if chat == nil {
		chat = []Message{}
	}
	writePage(w, map[string]any{"messages": chat})
}

// serveTrace answers with the [Trace] of every push in a chat that the page
// asks for, by its id.
func (p *Platform) serveTrace(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	traces := map[string]*Trace{}
	wanted := query["id"]
	for _, m := range p.Chat(query.Get("account"), query.Get("openid")) {
		if m.Push == nil || p.options.Server == nil {
			continue
		}
		id := strconv.FormatInt(m.ID, 10)
		if len(wanted) > 0 && !slices.Contains(wanted, id) {
			continue
		}
		if trace := p.options.Server.Trace(query.Get("account"), []byte(m.Push.XML)); trace != nil {
			traces[id] = trace
		}
	}
	writePage(w, map[string]any{"traces": traces})
}

// pageSample is one of the palette.
type pageSample struct {
	Name string `json:"name"`
	Push string `json:"push"`
}

func (p *Platform) serveSamples(w http.ResponseWriter, _ *http.Request) {
	var samples []pageSample
	for _, s := range wechat.Samples() {
		samples = append(samples, pageSample{s.Name, string(s.Push)})
	}
	writePage(w, map[string]any{"samples": samples})
}

func writePage(w http.ResponseWriter, answer any) {
	data, err := wechat.Marshal(answer)
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(data)
}
