package wxsim

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
)

// act is what the page asks for. Each path looks at its own fields.
type act struct {
	Account string   `json:"account"`
	OpenID  string   `json:"openid"`
	OpenIDs []string `json:"openids"` // several users do the same
	Name    string   `json:"name"`
	Count   int      `json:"count"`
	Step

	MsgType string  `json:"msgtype"`
	Fields  []Field `json:"fields"`

	Weather Conditions `json:"weather"`
	Revoke  bool       `json:"revoke"`
	Rate    int        `json:"rate"`
	Letter  uint64     `json:"letter"`
}

var protection = http.NewCrossOriginProtection()

// samePage lets only the page itself act: a foreign site that the browser has
// open must not push in its user's name.
func samePage(run func(http.ResponseWriter, *http.Request, act)) http.HandlerFunc {
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

// refuse answers with what is wrong with an act.
func refuse(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, ErrAccount):
		http.Error(w, err.Error(), http.StatusNotFound)
	case errors.Is(err, ErrClosed):
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// done answers an act that has nothing to say, unless it went wrong.
func done(w http.ResponseWriter, err error) {
	if err != nil {
		refuse(w, err)
		return
	}
	writePage(w, map[string]string{})
}

const mostAdded = 50 // users at once

func (p *Platform) serveAddUser(w http.ResponseWriter, _ *http.Request, asked act) {
	added := make([]string, 0, 1)
	for range min(max(asked.Count, 1), mostAdded) {
		openid, err := p.addUser(asked.Account, asked.Name, asked.Follow)
		if err != nil {
			refuse(w, err)
			return
		}
		added = append(added, openid)
	}
	writePage(w, map[string]any{"openid": added[0], "openids": added})
}

func (p *Platform) serveRename(w http.ResponseWriter, _ *http.Request, asked act) {
	done(w, p.Rename(asked.Account, asked.OpenID, asked.Name))
}

// servePush begins a push and answers at once: how it goes comes as events.
func (p *Platform) servePush(w http.ResponseWriter, _ *http.Request, asked act) {
	xml, err := p.compose(asked.Account, asked.OpenID, cmp.Or(asked.MsgType, "text"), asked.Fields)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	id, err := p.launch(asked.Account, [][]byte{[]byte(xml)})
	if err != nil {
		refuse(w, err)
		return
	}
	writePage(w, map[string]int64{"id": id})
}

// serveDo begins a step of one user, or of several, and answers at once.
func (p *Platform) serveDo(w http.ResponseWriter, r *http.Request, asked act) {
	users := asked.OpenIDs
	if len(users) == 0 {
		users = []string{asked.OpenID}
	}
	ids := make([]int64, 0, len(users))
	for _, openid := range users {
		xmls, err := p.written(asked.Account, openid, asked.Step, p.base(r))
		if err != nil {
			refuse(w, err)
			return
		}
		id, err := p.launch(asked.Account, xmls)
		if err != nil {
			refuse(w, err)
			return
		}
		ids = append(ids, id)
	}
	writePage(w, map[string]any{"id": ids[0], "ids": ids})
}

// base is where the page and its files are.
func (p *Platform) base(r *http.Request) string { return cmp.Or(p.options.URL, "http://"+r.Host) }

// launch begins pushes of one user, to be delivered one after the other in the
// background, and returns the place of the first in the chat.
func (p *Platform) launch(account string, xmls [][]byte) (id int64, err error) {
	var ways []*way
	for _, xml := range xmls {
		w, err := p.begin(account, xml)
		if err != nil {
			return 0, err
		}
		ways = append(ways, w)
	}
	if len(ways) == 0 {
		return 0, nil // the phone does it by itself
	}
	if !p.start(func() {
		for _, w := range ways {
			_, _ = w.deliver(p.stop) // the chat shows how it went
		}
	}) {
		return 0, ErrClosed
	}
	return ways[0].entry, nil
}

// serveAddMedia keeps the file that is the request's body.
func (p *Platform) serveAddMedia(w http.ResponseWriter, r *http.Request) {
	if err := protection.Check(r); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostUpload))
	if err != nil {
		http.Error(w, "the file is too large", http.StatusRequestEntityTooLarge)
		return
	}
	query := r.URL.Query()
	id := p.AddMedia(query.Get("account"), query.Get("type"), cmp.Or(query.Get("filename"), "file"), data)
	if id == "" {
		http.Error(w, "WeChat does not take this file: pictures are PNG, JPEG or GIF up to 10 MiB, voices AMR or MP3 up to 2 MiB, films MP4 up to 10 MiB",
			http.StatusUnsupportedMediaType)
		return
	}
	writePage(w, map[string]string{"media_id": id})
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

func (p *Platform) serveWeather(w http.ResponseWriter, _ *http.Request, asked act) {
	done(w, p.weather.Set(asked.Weather))
}

func (p *Platform) serveTokens(w http.ResponseWriter, _ *http.Request, asked act) {
	if asked.Revoke {
		p.weather.RevokeTokens(asked.Account)
	} else {
		p.weather.ExpireTokens(asked.Account)
	}
	done(w, nil)
}

func (p *Platform) serveCrowd(w http.ResponseWriter, _ *http.Request, asked act) {
	done(w, p.Crowd(asked.Account, asked.Rate))
}

func (p *Platform) serveRetry(w http.ResponseWriter, r *http.Request, asked act) {
	if p.options.Server == nil {
		http.Error(w, "the server does not tell of its dead letters", http.StatusNotFound)
		return
	}
	done(w, p.options.Server.Retry(r.Context(), asked.Letter))
}
