package wxsim

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"mime"
	"net/http"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wechat"
)

//go:embed page
var pageFiles embed.FS

// policy lets the page load its own files, and pictures from wherever the
// server under test keeps them.
const policy = "default-src 'self'; img-src * data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// servePage adds the chat page and its API to a mux.
func (p *Platform) servePage(mux *http.ServeMux) {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the folder is embedded
	}
	static := http.FileServerFS(files)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			header.Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-cache")
		static.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /sim/state", p.serveState)
	mux.HandleFunc("GET /sim/chat", p.serveChat)
	mux.HandleFunc("GET /sim/events", p.serveEvents)
	mux.HandleFunc("POST /sim/users", samePage(p.serveAddUser))
	mux.HandleFunc("POST /sim/push", samePage(p.servePush))
	mux.HandleFunc("POST /sim/verify", samePage(p.serveVerify))
}

// act is what the page asks for.
type act struct {
	Account string  `json:"account"`
	OpenID  string  `json:"openid"`
	Name    string  `json:"name"`
	MsgType string  `json:"msgtype"`
	Fields  []Field `json:"fields"`
}

// samePage lets only the page itself act: a foreign site that the browser has
// open must not push in its user's name.
func samePage(run func(http.ResponseWriter, *http.Request, act)) http.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	return func(w http.ResponseWriter, r *http.Request) {
		if err := protection.Check(r); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
			http.Error(w, "not application/json", http.StatusUnsupportedMediaType)
			return
		}
		var asked act
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody)).Decode(&asked); err != nil {
			http.Error(w, "not the JSON that is expected", http.StatusBadRequest)
			return
		}
		run(w, r, asked)
	}
}

type pageAccount struct {
	Name       string        `json:"name"`
	OriginalID string        `json:"original_id"`
	AppID      string        `json:"appid"`
	Mode       callback.Mode `json:"mode"`
	URL        string        `json:"url"`
	Users      []pageUser    `json:"users"`
}

type pageUser struct {
	User
	Last *Message `json:"last,omitempty"` // of the chat
}

func (p *Platform) serveState(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	accounts := make([]pageAccount, 0, len(p.names))
	for _, name := range p.names {
		a := p.accounts[name]
		shown := pageAccount{a.Name, a.OriginalID, a.AppID, a.Mode, a.URL, []pageUser{}}
		for _, u := range a.inOrder() {
			one := pageUser{User: u.User}
			if n := len(u.Chat); n > 0 {
				last := u.Chat[n-1]
				one.Last = &last
			}
			shown.Users = append(shown.Users, one)
		}
		accounts = append(accounts, shown)
	}
	p.mu.Unlock()
	writePage(w, map[string]any{"accounts": accounts})
}

func (p *Platform) serveChat(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	chat := p.Chat(query.Get("account"), query.Get("openid"))
	if chat == nil {
		chat = []Message{}
	}
	writePage(w, map[string]any{"messages": chat})
}

func (p *Platform) serveAddUser(w http.ResponseWriter, _ *http.Request, asked act) {
	openid, err := p.AddUser(asked.Account, asked.Name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	writePage(w, map[string]string{"openid": openid})
}

// servePush begins a push and answers at once: how it goes comes as events.
func (p *Platform) servePush(w http.ResponseWriter, _ *http.Request, asked act) {
	xml, err := p.compose(asked.Account, asked.OpenID, cmp.Or(asked.MsgType, "text"), asked.Fields)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	way, err := p.begin(asked.Account, []byte(xml))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !p.start(func() { _, _ = way.deliver(p.stop) }) { // the chat shows how it went
		http.Error(w, ErrClosed.Error(), http.StatusServiceUnavailable)
		return
	}
	writePage(w, map[string]int64{"id": way.entry})
}

func (p *Platform) serveVerify(w http.ResponseWriter, r *http.Request, asked act) {
	answer := map[string]string{}
	if err := p.Verify(r.Context(), asked.Account); errors.Is(err, ErrAccount) {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	} else if err != nil {
		answer["error"] = err.Error()
	}
	writePage(w, answer)
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
