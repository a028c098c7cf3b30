package wxsim

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/wxbus/wxbus/pkg/callback"
)

// Delivery is one POST of a push and what became of it.
type Delivery struct {
	Time         time.Time     `json:"time"`
	Signature    string        `json:"signature"`
	MsgSignature string        `json:"msg_signature,omitempty"` // empty in plain mode
	Timestamp    string        `json:"timestamp"`
	Nonce        string        `json:"nonce"`
	Status       int           `json:"status"`          // of HTTP; 0 when no answer came
	Answer       string        `json:"answer"`          // its first 1000 bytes
	Sent         string        `json:"sent,omitempty"`  // what was posted, when it is not the XML itself; its first 16 KiB
	Error        string        `json:"error,omitempty"` // why no answer came, or why it is none
	Took         time.Duration `json:"took"`            // nanoseconds
}

// verdict is what WeChat makes of a delivery.
type verdict int

const (
	accepted verdict = iota
	tryAgain         // no answer, or not HTTP 200
	refused          // an answer that WeChat does not understand
)

// deliver posts the push until the server answers or the tries are used up.
func (w *way) deliver(ctx context.Context) (Push, error) {
	p := w.platform
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.stop, func() { cancel(ErrClosed) })()
	result := tryAgain
	for try := 1; try <= p.options.Tries && result == tryAgain && pause(ctx, p.options.RetryPause, try) == nil; try++ {
		var d Delivery
		d, result = w.once(ctx)
		if try == 1 && result == accepted && p.weather.Conditions().LostAnswers {
			d.Error, result = answerLost, tryAgain
		}
		w.note(d)
	}
	if result == accepted && p.weather.Conditions().Duplicates {
		d, _ := w.once(ctx)
		w.note(d)
	}
	w.push.Done, w.push.Accepted = true, result == accepted
	w.show()
	switch {
	case result == accepted:
		return w.push, nil
	case ctx.Err() != nil:
		return w.push, context.Cause(ctx)
	}
	w.failed()
	return w.push, ErrNotAccepted
}

// answerLost is the error of a delivery whose answer WeChat never saw.
const answerLost = "the answer was lost on its way"

// note adds a delivery to what is known of the push.
func (w *way) note(d Delivery) {
	n := len(w.push.Deliveries)
	w.push.Deliveries = append(w.push.Deliveries[:n:n], d)
	w.show()
	level := slog.LevelInfo
	if w.crowd {
		level = slog.LevelDebug
	}
	w.platform.options.Log.Log(context.Background(), level, "delivered", "account", w.account.Name, "try", n+1, "status", d.Status, "took", d.Took, "err", d.Error)
}

// pause waits before a further delivery; it returns the error of ctx at once.
func pause(ctx context.Context, d time.Duration, try int) error {
	if try == 1 || d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// once makes a delivery of its own: another timestamp, nonce and ciphertext.
func (w *way) once(ctx context.Context) (Delivery, verdict) {
	p := w.platform
	ctx, cancel := context.WithTimeout(ctx, p.options.Timeout)
	defer cancel()
	began := time.Now()
	d, body, err := w.seal()
	if err != nil {
		d.Error = err.Error()
		return d, refused
	}
	if d.MsgSignature != "" {
		d.Sent = string(body[:min(len(body), mostShown)])
	}
	answer, err := p.post(ctx, w.account, w.query(d), body, &d)
	d.Took = time.Since(began)
	return d.judge(answer, err, p.options.Timeout)
}

func (d Delivery) judge(answer []byte, err error, limit time.Duration) (Delivery, verdict) {
	d.Answer = string(bytes.ToValidUTF8(answer[:min(len(answer), 1000)], []byte("\uFFFD")))
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		d.Error = fmt.Sprintf("no answer within %v", limit)
	case err != nil:
		d.Error = err.Error()
	case d.Status != http.StatusOK:
		d.Error = "not HTTP 200"
	case len(answer) == 0, string(answer) == "success":
		return d, accepted
	default:
		d.Error = `neither "success" nor empty`
		return d, refused
	}
	return d, tryAgain
}

// seal signs the push, and encrypts it unless the account's mode is plain.
func (w *way) seal() (Delivery, []byte, error) {
	a, now := w.account, w.platform.options.Now()
	d := Delivery{Time: now, Timestamp: strconv.FormatInt(now.Unix(), 10), Nonce: randomDigits(10)}
	d.Signature = callback.Signature(a.Token, d.Timestamp, d.Nonce)
	plain := []byte(w.push.XML)
	if a.Mode == callback.Plain {
		return d, plain, nil
	}
	sealed := a.key.Seal(plain, a.AppID)
	d.MsgSignature = callback.Signature(a.Token, d.Timestamp, d.Nonce, sealed)
	frame := xmlFrame
	if isJSON(plain) {
		frame = jsonFrame
	}
	body, err := frame.wrap(a, plain, sealed)
	return d, body, err
}

// mostShown is how much of a request is kept for who looks at it.
const mostShown = 16 << 10

// frame is what stands around a ciphertext.
type frame struct{ safe, begin, end, close string }

var (
	xmlFrame  = frame{"<xml><ToUserName><![CDATA[%s]]></ToUserName>\n", "<Encrypt><![CDATA[", "]]></Encrypt>\n</xml>", "</xml>"}
	jsonFrame = frame{`{"ToUserName":"%s"`, `,"Encrypt":"`, `"}`, "}"}
)

// isJSON reports whether a push is one of those that WeChat writes as JSON.
func isJSON(push []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(push), []byte("{")) }

// wrap puts a ciphertext into a frame: alone in safe mode, beside the plain
// message in compat mode.
func (f frame) wrap(a *account, plain []byte, sealed string) ([]byte, error) {
	encrypt := f.begin + sealed + f.end
	if a.Mode == callback.Safe {
		return []byte(fmt.Sprintf(f.safe, a.OriginalID) + encrypt), nil
	}
	open, whole := bytes.CutSuffix(bytes.TrimSpace(plain), []byte(f.close))
	if !whole {
		return nil, errors.New("compat mode needs a message that ends with " + f.close)
	}
	return append(bytes.Clone(open), encrypt...), nil
}

func (w *way) query(d Delivery) url.Values {
	query := url.Values{"signature": {d.Signature}, "timestamp": {d.Timestamp}, "nonce": {d.Nonce}}
	if w.message != nil {
		query.Set("openid", w.message.FromUserName)
	}
	if d.MsgSignature != "" {
		query.Set("encrypt_type", "aes")
		query.Set("msg_signature", d.MsgSignature)
	}
	return query
}

func (p *Platform) post(ctx context.Context, a *account, query url.Values, body []byte, d *Delivery) ([]byte, error) {
	target, err := p.target(a, query)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "text/xml")
	if isJSON(body) {
		request.Header.Set("Content-Type", "application/json")
	}
	return p.answer(request, &d.Status)
}

// answer sends a request and reads its answer.
func (p *Platform) answer(request *http.Request, status *int) ([]byte, error) {
	const most = 1 << 20
	response, err := p.options.Client.Do(request)
	if inner := new(url.Error); errors.As(err, &inner) {
		return nil, inner.Err // the rest is the URL, which is known
	} else if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	*status = response.StatusCode
	return io.ReadAll(io.LimitReader(response.Body, most))
}

// target is the server's URL, which may have a query of its own, with query.
func (p *Platform) target(a *account, query url.Values) (string, error) {
	p.mu.Lock()
	server := a.URL
	p.mu.Unlock()
	if server == "" {
		return "", errors.New("the account has no server URL")
	}
	target, err := url.Parse(server)
	if err != nil {
		return "", errors.New("the server URL cannot be read")
	}
	if target.RawQuery != "" {
		target.RawQuery += "&"
	}
	target.RawQuery += query.Encode()
	return target.String(), nil
}

func randomDigits(n int64) string {
	low := new(big.Int).Exp(big.NewInt(10), big.NewInt(n-1), nil)
	random, _ := rand.Int(rand.Reader, new(big.Int).Mul(low, big.NewInt(9))) // never fails
	return random.Add(random, low).String()
}
