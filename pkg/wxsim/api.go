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
	errMediaID        = 40007
	errMsgType        = 40008
	errAppID          = 40013
	errEscape         = 40033
	errParameter      = 40035
	errURL            = 40066
	errCardID         = 40073
	errSecret         = 40125
	errPagePath       = 40165
	errPageAppID      = 40166
	errNoToken        = 41001
	errNoAppID        = 41002
	errNoSecret       = 41004
	errExpired        = 42001
	errNeedGet        = 43001
	errNeedPost       = 43002
	errNotFollowing   = 43004
	errEmptyBody      = 44002
	errEmptyArticle   = 44003
	errEmptyText      = 44004
	errTooLong        = 45002
	errArticles       = 45008
	errDayQuota       = 45009
	errWindow         = 45015
	errCount          = 45047
	errTypingCommand  = 45072
	errTypingWindow   = 45080
	errTypingAlready  = 45081
	errNotJSON        = 47001
	mostBody          = 1 << 20
	contentTypeOfJSON = "application/json; encoding=utf-8" // as WeChat spells it
)

var errmsgs = map[int]string{
	errBusy:          "system error",
	errCredential:    "invalid credential, access_token is invalid or not latest",
	errGrantType:     "invalid grant_type",
	errOpenID:        "invalid openid",
	errMediaID:       "invalid media_id",
	errMsgType:       "invalid message type",
	errAppID:         "invalid appid",
	errEscape:        `invalid charset. please check your request, if include \uxxxx will create fail!`,
	errParameter:     "invalid parameter",
	errURL:           "invalid url",
	errCardID:        "invalid card id",
	errSecret:        "invalid appsecret",
	errPagePath:      "invalid weapp pagepath",
	errPageAppID:     "invalid weapp appid",
	errNoToken:       "access_token missing",
	errNoAppID:       "appid missing",
	errNoSecret:      "appsecret missing",
	errExpired:       "access_token expired",
	errNeedGet:       "require GET method",
	errNeedPost:      "require POST method",
	errNotFollowing:  "require subscribe",
	errEmptyBody:     "empty post data",
	errEmptyArticle:  "empty news data",
	errEmptyText:     "empty content",
	errTooLong:       "content size out of limit",
	errArticles:      "article size out of limit",
	errDayQuota:      "reach max api daily quota limit",
	45011:            "api minute-quota reach limit, must slower, retry next minute",
	errWindow:        "response out of time limit or subscription is canceled",
	errCount:         "out of response count limit",
	errTypingCommand: "command not match",
	errTypingWindow:  "client not in conversation",
	errTypingAlready: "client is typing",
	errNotJSON:       "data format error",
	48001:            "api unauthorized",
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
	p.servePage(mux)
	return mux
}

// operation is one call of the API: it returns what is written as JSON, or
// only an errcode.
type operation func(r *http.Request, body []byte) (answer any, errcode int)

// call serves an operation under the weather.
func (p *Platform) call(run operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
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
		switch {
		case faulty:
			fault.answer(w, r, p.stop.Done(), p.options.Now())
		case errcode != errOK:
			refusal := fail(errcode, p.options.Now())
			p.options.Log.Info("refused", "path", r.URL.Path, "errcode", errcode, "errmsg", refusal.Errmsg)
			writeJSON(w, refusal)
		default:
			writeJSON(w, answer)
		}
	}
}

// posted checks what all calls with a token and a JSON body have in common.
func (p *Platform) posted(run func(a *account, body []byte) int) operation {
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
		return result{errOK, "ok"}, run(a, body)
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
