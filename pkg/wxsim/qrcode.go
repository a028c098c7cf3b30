package wxsim

import (
	"encoding/json"
	"image/png"
	"net/http"
	"time"
	"unicode/utf8"
)

// Facts about scene codes, and how many are kept.
const (
	codeLife      = 60 * time.Second // of one that does not say
	longestCode   = 30 * 24 * time.Hour
	mostPermanent = 100_000 // also the largest id of one
	mostScene     = 64      // characters
	mostCodes     = 1000
)

// code is a scene code that was created.
type code struct {
	Ticket string
	URL    string
	Scene  string    // id or text, as it comes in EventKey
	Ends   time.Time // zero: never
}

// QRCode is a code as whoever scans it sees it.
type QRCode struct {
	Ticket string
	URL    string // what the picture says
	Scene  string // what the events subscribe (behind qrscene_) and SCAN bring in EventKey
}

// QRCodes returns the codes of an account that work, oldest first.
func (p *Platform) QRCodes(account string) []QRCode {
	p.mu.Lock()
	defer p.mu.Unlock()
	var codes []QRCode
	if a, known := p.accounts[account]; known {
		for _, c := range a.codes {
			if c.works(p.options.Now()) {
				codes = append(codes, QRCode{c.Ticket, c.URL, c.Scene})
			}
		}
	}
	return codes
}

func (c code) works(now time.Time) bool { return c.Ends.IsZero() || now.Before(c.Ends) }

// codeAsked is what qrcode/create is asked with.
type codeAsked struct {
	Seconds *int64 `json:"expire_seconds"`
	Name    string `json:"action_name"`
	Info    struct {
		Scene struct {
			ID  json.Number `json:"scene_id"`
			Str string      `json:"scene_str"`
		} `json:"scene"`
	} `json:"action_info"`
}

// serveQRCode is qrcode/create.
func (p *Platform) serveQRCode(a *account, body []byte) (any, int) {
	var asked codeAsked
	if json.Unmarshal(body, &asked) != nil {
		return nil, errNotJSON
	}
	if escaped(body) {
		return nil, errEscape
	}
	scene, permanent, errcode := asked.scene()
	if errcode != errOK {
		return nil, errcode
	}
	c := code{Ticket: "gQ" + randomText(94), URL: "http://weixin.qq.com/q/02" + randomText(20), Scene: scene}
	answer := map[string]any{"ticket": c.Ticket, "url": c.URL}
	if !permanent {
		life := codeLife
		if asked.Seconds != nil {
			life = time.Duration(min(*asked.Seconds, int64(longestCode/time.Second))) * time.Second
		}
		c.Ends = p.options.Now().Add(life)
		answer["expire_seconds"] = int64(life / time.Second)
	}
	if len(a.codes) >= mostCodes {
		a.codes = a.codes[1:]
	}
	a.codes = append(a.codes, c)
	p.touch()
	return answer, errOK
}

// scene returns what a code shall stand for.
func (asked codeAsked) scene() (scene string, permanent bool, errcode int) {
	if asked.Seconds != nil && *asked.Seconds < 1 {
		return "", false, errActionInfo
	}
	id, _ := asked.Info.Scene.ID.Int64()
	length := utf8.RuneCountInString(asked.Info.Scene.Str)
	switch asked.Name {
	case "QR_SCENE", "QR_LIMIT_SCENE":
		permanent = asked.Name == "QR_LIMIT_SCENE"
		if id < 1 || id > 1<<32-1 || permanent && id > mostPermanent {
			return "", false, errActionInfo
		}
		return asked.Info.Scene.ID.String(), permanent, errOK
	case "QR_STR_SCENE", "QR_LIMIT_STR_SCENE":
		if length < 1 || length > mostScene {
			return "", false, errActionInfo
		}
		return asked.Info.Scene.Str, asked.Name == "QR_LIMIT_STR_SCENE", errOK
	}
	return "", false, errActionName
}

// serveShowQRCode is showqrcode, which needs no token: the picture of a code.
func (p *Platform) serveShowQRCode(w http.ResponseWriter, r *http.Request) {
	url, known := p.codeURL(r.URL.Query().Get("ticket"))
	if !known {
		http.Error(w, "no such ticket, or it has ended", http.StatusNotFound)
		return
	}
	picture, fits := drawQR(url)
	if !fits {
		http.Error(w, "the URL does not fit", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "image/png") // WeChat's is a JPG
	_ = png.Encode(w, picture)                  // the client has gone
}

func (p *Platform) codeURL(ticket string) (url string, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.accounts {
		for _, c := range a.codes {
			if c.Ticket == ticket && c.works(p.options.Now()) {
				return c.URL, true
			}
		}
	}
	return "", false
}
