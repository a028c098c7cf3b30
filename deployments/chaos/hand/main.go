// Command hand is the worker that the fault suite torments: it writes down what
// it handles, each line before it goes on, and answers with the worker's name
// and the message's number.
package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// exitPoisoned is how the process ends when it is given a poison message.
const exitPoisoned = 3

type settings struct {
	worker.Config
	Name string `envconfig:"HAND_NAME" required:"true" desc:"name of the worker"`
	Log  string `envconfig:"HAND_LOG" required:"true" desc:"file that is appended to"`
}

func main() {
	var cfg settings
	config.MustLoad(&cfg)
	log, err := os.OpenFile(cfg.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "hand:", err)
		os.Exit(1)
	}
	h := &hand{name: cfg.Name, log: log}
	mux := worker.NewMux()
	mux.Handle(wechat.KindText, h.handle)
	worker.Main(cfg.Name, cfg.Config, mux)
}

type hand struct {
	name string
	log  *os.File
}

func (h *hand) handle(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
	content := m.Field("Content")
	h.note("begin", m.FromUserName, content)
	switch word, _, _ := strings.Cut(content, " "); word {
	case "poison-" + h.name:
		os.Exit(exitPoisoned)
	case "drop":
		return nil, worker.Drop("asked for", errors.New("the user said so"))
	}
	select {
	case <-time.After(effort(m.FromUserName + content)):
	case <-ctx.Done():
		h.note("cancelled", m.FromUserName, content)
		return nil, ctx.Err()
	}
	h.note("end", m.FromUserName, content)
	return wechat.TextReplies(h.name + " " + content), nil
}

// note writes a line in one go: what is written stays when the process is killed.
func (h *hand) note(what, user, content string) {
	line := fmt.Sprintf("%d %s %s %s\n", time.Now().UnixNano(), what, user, content)
	if _, err := h.log.WriteString(line); err != nil {
		panic(err) // what was handled without a note would look lost
	}
}

// effort is how long a message takes: most a moment, some a second, so that who
// is killed is in the middle of something.
func effort(text string) time.Duration {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(text))
	switch sum := hash.Sum32() % 100; {
	case sum < 2:
		return 2 * time.Second
	case sum < 25:
		return 500 * time.Millisecond
	default:
		return time.Duration(sum) * time.Millisecond / 2
	}
}
