package wxsim

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// The errcodes that the simulator answers by itself.
const (
	errBusy           = -1
	errOK             = 0
	errCredential     = 40001
	errGrantType      = 40002
	errOpenID         = 40003
	errMediaType      = 40004
	errFileType       = 40005
	errFileSize       = 40006
	errMediaID        = 40007
	errMsgType        = 40008
	errAppID          = 40013
	errEscape         = 40033
	errParameter      = 40035
	errActionName     = 40052
	errActionInfo     = 40053
	errURL            = 40066
	errCardID         = 40073
	errMediaKind      = 40121
	errSecret         = 40125
	errPagePath       = 40165
	errPageAppID      = 40166
	errNoToken        = 41001
	errNoAppID        = 41002
	errNoSecret       = 41004
	errNoMedia        = 41005
	errNoMediaID      = 41006
	errExpired        = 42001
	errNeedGet        = 43001
	errNeedPost       = 43002
	errNotFollowing   = 43004
	errEmptyFile      = 44001
	errEmptyBody      = 44002
	errEmptyArticle   = 44003
	errEmptyText      = 44004
	errTooLarge       = 45001
	errTooLong        = 45002
	errArticles       = 45008
	errDayQuota       = 45009
	errWindow         = 45015
	errCount          = 45047
	errTypingCommand  = 45072
	errTypingWindow   = 45080
	errTypingAlready  = 45081
	errNoMenu         = 46003
	errNotJSON        = 47001
	errArgument       = 47003
	errTemplate       = 40037
	errNoticeTwice    = 40249
	errNoSubscription = 43101
	mostBody          = 1 << 20
	contentTypeOfJSON = "application/json; encoding=utf-8" // as WeChat spells it
)

var errmsgs = map[int]string{
	errBusy:           "system error",
	errCredential:     "invalid credential, access_token is invalid or not latest",
	errGrantType:      "invalid grant_type",
	errOpenID:         "invalid openid",
	errMediaType:      "invalid media type",
	errFileType:       "invalid file type",
	errFileSize:       "invalid file size",
	errMediaID:        "invalid media_id",
	errMsgType:        "invalid message type",
	errAppID:          "invalid appid",
	errEscape:         `invalid charset. please check your request, if include \uxxxx will create fail!`,
	errParameter:      "invalid parameter",
	errActionName:     "invalid action name",
	errActionInfo:     "invalid action info",
	errButtons:        "invalid button size",
	errButtonType:     "invalid button type",
	errButtonName:     "invalid button name size",
	errButtonKey:      "invalid button key size",
	errButtonURL:      "invalid button url size",
	errMenuLevel:      "invalid sub menu level",
	errSubButtons:     "invalid sub button size",
	errSubType:        "invalid sub button type",
	errSubName:        "invalid sub button name size",
	errSubKey:         "invalid sub button key size",
	errSubURL:         "invalid sub button url size",
	errURL:            "invalid url",
	errCardID:         "invalid card id",
	errMediaKind:      "invalid media_id type",
	errSecret:         "invalid appsecret",
	errPagePath:       "invalid weapp pagepath",
	errPageAppID:      "invalid weapp appid",
	errNoToken:        "access_token missing",
	errNoAppID:        "appid missing",
	errNoSecret:       "appsecret missing",
	errNoMedia:        "media data missing",
	errNoMediaID:      "media_id missing",
	errExpired:        "access_token expired",
	errNeedGet:        "require GET method",
	errNeedPost:       "require POST method",
	errNotFollowing:   "require subscribe",
	errEmptyFile:      "empty media data",
	errEmptyBody:      "empty post data",
	errEmptyArticle:   "empty news data",
	errEmptyText:      "empty content",
	errTooLarge:       "media size out of limit",
	errTooLong:        "content size out of limit",
	errArticles:       "article size out of limit",
	errDayQuota:       "reach max api daily quota limit",
	45011:             "api minute-quota reach limit, must slower, retry next minute",
	errWindow:         "response out of time limit or subscription is canceled",
	errCount:          "out of response count limit",
	errTypingCommand:  "command not match",
	errTypingWindow:   "client not in conversation",
	errTypingAlready:  "client is typing",
	errNoMenu:         "menu no exist",
	errNotJSON:        "data format error",
	errArgument:       "argument invalid! data is empty",
	errTemplate:       "invalid template_id",
	errNoticeTwice:    "client_msg_id is used twice",
	errNoSubscription: "user refuse to accept the msg",
	48001:             "api unauthorized",
}

// result is what most calls answer, and all that fail.
type result struct {
	Errcode int    `json:"errcode"`
	Errmsg  string `json:"errmsg"`
}

// fail returns the answer of an errcode, with a request id as WeChat has them.
func fail(errcode int, now time.Time) result {
	msg, known := errmsgs[errcode]
	if !known {
		msg = "error"
	}
	return result{errcode, fmt.Sprintf("%s rid: %08x-%08x-%08x", msg, now.Unix(), random32(), random32())}
}

func random32() uint32 {
	n, _ := strconv.ParseUint(randomDigits(9), 10, 32) // nine digits fit
	return uint32(n)
}

// Handler returns everything that the simulator serves: WeChat's API under
// /cgi-bin/, the chat page at /, and the page's own API under /sim/.
func (p *Platform) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/cgi-bin/", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, fail(errURL, p.options.Now())) })
	mux.HandleFunc(PathToken, p.call(p.serveToken))
	mux.HandleFunc(PathStableToken, p.call(p.serveStableToken))
	mux.HandleFunc(PathSend, p.call(p.posted(p.serveSend)))
	mux.HandleFunc(PathTyping, p.call(p.posted(p.serveTyping)))
	mux.HandleFunc(PathMediaUpload, p.callUpTo(mostUpload, p.serveUpload))
	mux.HandleFunc(PathMediaGet, p.call(p.serveMediaGet))
	mux.HandleFunc("/cgi-bin/menu/create", p.call(p.posted(p.serveMenuCreate)))
	mux.HandleFunc("/cgi-bin/menu/get", p.call(p.gotten(serveMenuGet)))
	mux.HandleFunc("/cgi-bin/menu/delete", p.call(p.gotten(p.serveMenuDelete)))
	mux.HandleFunc("/cgi-bin/get_current_selfmenu_info", p.call(p.gotten(serveSelfMenu)))
	mux.HandleFunc("/cgi-bin/qrcode/create", p.call(p.answered(p.serveQRCode)))
	mux.HandleFunc("/cgi-bin/showqrcode", p.serveShowQRCode)
	mux.HandleFunc("/cgi-bin/user/info", p.call(p.gotten(serveUserInfo)))
	mux.HandleFunc("/cgi-bin/user/info/batchget", p.call(p.answered(serveUserInfos)))
	mux.HandleFunc("/cgi-bin/user/get", p.call(p.gotten(serveUserGet)))
	mux.HandleFunc("/cgi-bin/getcallbackip", p.call(p.gotten(serveCallbackIP)))
	mux.HandleFunc(PathTemplate, p.call(p.answered(p.serveTemplate)))
	mux.HandleFunc(PathSubscribe, p.call(p.answered(p.serveSubscribe)))
	mux.HandleFunc("GET "+pathMedia+"{id}", p.serveMedia)
	p.servePage(mux)
	return mux
}

// operation is one call of the API: it returns what is written as JSON, or
// only an errcode.
type operation func(r *http.Request, body []byte) (answer any, errcode int)

// call serves an operation under the weather.
func (p *Platform) call(run operation) http.HandlerFunc { return p.callUpTo(mostBody, run) }

// callUpTo is call with a bound of its own, in bytes, for the body.
func (p *Platform) callUpTo(most int64, run operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
		if tooLarge := new(http.MaxBytesError); err != nil && !errors.As(err, &tooLarge) {
			return // the client went away
		}
		fault, faulty := p.weather.take(r.URL.Path)
		p.count(r.URL.Path)
		if faulty && !fault.Delivered {
			fault.answer(w, r, p.stop.Done(), p.options.Now())
			return
		}
		answer, errcode := run(r, body)
		p.linger(r)
		switch {
		case faulty:
			fault.answer(w, r, p.stop.Done(), p.options.Now())
		case errcode != errOK:
			refusal := fail(errcode, p.options.Now())
			p.options.Log.Info("refused", "path", r.URL.Path, "errcode", errcode, "errmsg", refusal.Errmsg)
			writeJSON(w, refusal)
		default:
			if file, ok := answer.(Media); ok {
				file.write(w)
				return
			}
			writeJSON(w, answer)
		}
	}
}

// linger is the delay of the weather.
func (p *Platform) linger(r *http.Request) {
	delay := p.weather.Conditions().Delay
	if delay <= 0 {
		return
	}
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
	case <-p.stop.Done():
	}
}

// gotten checks what all calls with a token and nothing but a query have in
// common.
func (p *Platform) gotten(run func(a *account, r *http.Request) (any, int)) operation {
	return func(r *http.Request, _ []byte) (any, int) {
		if r.Method != http.MethodGet {
			return nil, errNeedGet
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		a, errcode := p.authorized(r.URL.Query().Get("access_token"))
		if errcode != errOK {
			return nil, errcode
		}
		return run(a, r)
	}
}

// posted is answered, by no more than ok.
func (p *Platform) posted(run func(a *account, body []byte) int) operation {
	return p.answered(func(a *account, body []byte) (any, int) { return result{errOK, "ok"}, run(a, body) })
}

// answered checks what all calls with a token and a JSON body have in common.
func (p *Platform) answered(run func(a *account, body []byte) (any, int)) operation {
	return func(r *http.Request, body []byte) (any, int) {
		if r.Method != http.MethodPost {
			return nil, errNeedPost
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		a, errcode := p.authorized(r.URL.Query().Get("access_token"))
		if errcode != errOK {
			return nil, errcode
		}
		if len(body) == 0 {
			return nil, errEmptyBody
		}
		return run(a, body)
	}
}

// writeJSON answers HTTP 200, as WeChat does whatever has happened.
func writeJSON(w http.ResponseWriter, answer any) {
	data, err := wechat.Marshal(answer)
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentTypeOfJSON)
	_, _ = w.Write(data)
}
