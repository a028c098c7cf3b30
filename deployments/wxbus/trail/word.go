package trail

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

// word is what a worker says to the server of a message that it was given. All
// workers say it in the same way, whatever they are written in.
type word struct {
	place

	worker   string
	attempts int
	said     string
	at       time.Time
}

// Subjects of words are $JS.ACK.<stream>.<durable>.<deliveries>.<sequence>.…,
// newer ones have <domain>.<account> before the stream.
const (
	wordTokens    = 9
	newWordTokens = 11
)

// partOf is the end of a durable of a worker that keeps order.
var partOf = regexp.MustCompile(`-p\d\d$`)

func parseWord(subject string, body []byte) (word, bool) {
	tokens := strings.Split(subject, ".")
	switch {
	case len(tokens) >= newWordTokens:
		tokens = tokens[4:]
	case len(tokens) == wordTokens:
		tokens = tokens[2:]
	default:
		return word{}, false
	}
	attempts, bad := strconv.Atoi(tokens[2])
	sequence, worse := strconv.ParseUint(tokens[3], 10, 64)
	w := word{place{tokens[0], sequence}, partOf.ReplaceAllString(tokens[1], ""), attempts, string(body), time.Now()}
	return w, bad == nil && worse == nil
}

func (t *Trail) hearWord(subject string, body []byte) {
	w, ok := parseWord(subject, body)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.learn(w.place, func() bool { return t.say(w) })
}

// say notes a word, and reports false when its message is not known.
func (t *Trail) say(w word) bool {
	if w.stream == bus.StreamOut {
		return t.sayOfReply(w)
	}
	p, known := t.stored[w.place]
	if !known {
		return false
	}
	taker := p.taker(w.worker)
	verdict, detail := w.verdict()
	if verdict != "" || taker.Verdict == "retry" {
		taker.Verdict, taker.Detail = verdict, detail
	}
	taker.Attempts, taker.At, taker.Took = w.attempts, w.at, w.at.Sub(p.Stored)
	t.changed(p)
	return true
}

// sayOfReply counts the attempts of the sender. How it ends is told elsewhere.
func (t *Trail) sayOfReply(w word) bool {
	r, known := t.replies[w.place]
	if !known {
		return false
	}
	answer := &r.push.Replies[r.at]
	answer.Attempts = max(answer.Attempts, w.attempts)
	if verdict, _ := w.verdict(); verdict == "retry" && answer.State == "queued" {
		answer.State = "waiting"
	}
	t.changed(r.push)
	return true
}

// taker returns what is known of a worker, which may be nothing yet.
func (p *push) taker(name string) *wxsim.Taker {
	for i := range p.Takers {
		if p.Takers[i].Worker == name {
			return &p.Takers[i]
		}
	}
	p.Takers = append(p.Takers, wxsim.Taker{Worker: name})
	return &p.Takers[len(p.Takers)-1]
}

// verdict reads a word; a sign of life is none.
func (w word) verdict() (verdict, detail string) {
	said, rest, _ := strings.Cut(w.said, " ")
	switch said {
	case "", "+ACK", "+NXT":
		return "done", ""
	case "-NAK":
		return "retry", delayOf(rest)
	case "+TERM":
		return "dead", rest
	}
	return "", ""
}

// delayOf is in how long the message comes again.
func delayOf(text string) string {
	var asked struct{ Delay time.Duration }
	if json.Unmarshal([]byte(text), &asked) != nil || asked.Delay <= 0 {
		return ""
	}
	return asked.Delay.Round(100 * time.Millisecond).String()
}
