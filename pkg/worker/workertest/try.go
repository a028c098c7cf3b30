package workertest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/worker"
)

// name is that of the worker under test.
const name = "test"

// settings are those of a worker as by default, with backoffs that a test can
// wait for.
func settings() worker.Settings {
	return worker.Settings{
		Slots: 16, Attempts: 5, Timeout: 2 * time.Minute,
		Backoff: 20 * time.Millisecond, BackoffMax: 100 * time.Millisecond,
	}
}

// Result is what became of a message.
type Result struct {
	worker.Trial
}

// Text returns the texts of all replies, a line each.
func (r Result) Text() string {
	var texts []string
	for _, answer := range r.Replies {
		texts = append(texts, Reply(answer).Text())
	}
	return strings.Join(texts, "\n")
}

// Reply is a message of WECHAT_OUT: one reply, or those to the same user that
// follow each other.
type Reply worker.Answer

// Text returns the texts of the reply, a line each.
func (r Reply) Text() string {
	type part struct {
		Text struct {
			Content string `json:"content"`
		} `json:"text"`
	}
	var all struct {
		part

		Messages []part `json:"messages"`
	}
	_ = json.Unmarshal(r.Body, &all) // what has no texts has none
	var texts []string
	for _, one := range append([]part{all.part}, all.Messages...) {
		if one.Text.Content != "" {
			texts = append(texts, one.Text.Content)
		}
	}
	return strings.Join(texts, "\n")
}

// Try hands one message to the handlers of mux, as its first attempt, and
// returns what a worker would do: the replies as they would be stored, and the
// verdict. A panic is a verdict, as it is in a worker. change may set other
// settings, such as Attempts = 1 for what follows when all are used up.
func Try(t testing.TB, mux *worker.Mux, push Push, change ...func(*worker.Settings)) Result {
	t.Helper()
	set := settings()
	for _, f := range change {
		f(&set)
	}
	e := push.pack(t)
	return Result{worker.Try(t.Context(), name, set, mux, &bus.Delivery{
		Subject: e.Subject(1), Header: e.Header(), Body: e.Body,
		Stream: bus.StreamIn, Sequence: 1, Attempt: 1, Stored: time.Now(),
	})}
}
