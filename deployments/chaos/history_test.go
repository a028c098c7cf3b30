package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/worker"
)

// history is what happened in a run, from every end.
type history struct {
	pushes           []push
	stored           []key      // pushes in the stream, in its order
	handled          []handling // by all workers
	replies          []reply    // in the stream, in its order
	calls            []call     // in the order in which they ended
	letters          []reply    // whose dead letter
	troubles         map[string][]trouble
	sendersKeepOrder bool
}

// key names a push: who wrote what. No user writes the same twice.
type key struct{ user, content string }

// givenUp reports whether a worker has to give the push up.
func (k key) givenUp(worker string) bool {
	word, _, _ := strings.Cut(k.content, " ")
	return word == drop || word == poison+worker
}

// reply is what a worker made of a push.
type reply struct {
	worker string
	key
}

// parseReply reads what the program hand answers.
func parseReply(user, text string) (worker string, k key) {
	worker, content, _ := strings.Cut(text, " ")
	return worker, key{user, content}
}

// handling is one call of a worker's handler.
type handling struct {
	worker, process string
	key

	from, to time.Time
	ended    bool // as it should, and not by the end of its process or context
}

// history collects what happened.
func (s *stage) history(p plan) (*history, error) {
	h := &history{
		pushes: s.crowd.pushes, calls: s.api.calls, troubles: make(map[string][]trouble), sendersKeepOrder: p.sendersKeepOrder,
	}
	for _, p := range s.all {
		unanswered, err := p.readLog()
		if err != nil {
			return nil, err
		}
		p.mu.Lock()
		h.troubles[p.name] = append(unanswered, p.troubles...)
		p.mu.Unlock()
	}
	for _, name := range []string{plain, lined} {
		for _, p := range s.actors[name] {
			if err := h.readHandled(name, p.name, filepath.Join(s.folder, p.name+".handled")); err != nil {
				return nil, err
			}
		}
	}
	return h, h.readStreams(s.nats)
}

// readLog checks that a process kept its secrets to itself, and returns when a
// sender got no answer to a call: one that is taken for dead because it cannot
// reach NATS breaks off those that are under way.
func (p *process) readLog() (unanswered []trouble, err error) {
	data, err := os.ReadFile(p.log)
	if os.IsNotExist(err) {
		return nil, nil // one that was never needed
	}
	for line := range strings.Lines(string(data)) {
		for _, secret := range []string{valueOf("SECRET"), valueOf("AES_KEY"), "access_token="} {
			if strings.Contains(line, secret) {
				p.wrong("%s has written a secret into its log", p.name)
			}
		}
		var said struct {
			Time time.Time
			Msg  string
		}
		if json.Unmarshal([]byte(line), &said) == nil && strings.HasPrefix(said.Msg, "part in doubt") {
			unanswered = append(unanswered, trouble{from: said.Time, to: said.Time})
		}
	}
	return unanswered, err
}

func (h *history) readStreams(c *cluster) error {
	for stream, take := range map[string]func(jetstream.Msg) error{
		bus.StreamIn: h.takeStored, bus.StreamOut: h.takeReply, bus.StreamDead: h.takeLetter,
	} {
		all, err := c.stored(stream)
		if err != nil {
			return err
		}
		for _, msg := range all {
			if err := take(msg); err != nil {
				return fmt.Errorf("%s: %w", stream, err)
			}
		}
	}
	return nil
}

func (h *history) takeStored(msg jetstream.Msg) error {
	k, err := keyOf(msg)
	h.stored = append(h.stored, k)
	return err
}

func (h *history) takeLetter(msg jetstream.Msg) error {
	k, err := keyOf(msg)
	h.letters = append(h.letters, reply{msg.Headers().Get(worker.DeadWorker), k})
	return err
}

func keyOf(msg jetstream.Msg) (key, error) {
	var push struct{ FromUserName, Content string }
	err := json.Unmarshal(msg.Data(), &push)
	return key{push.FromUserName, push.Content}, err
}

func (h *history) takeReply(msg jetstream.Msg) error {
	var message struct {
		Touser string
		Text   struct{ Content string }
	}
	err := json.Unmarshal(msg.Data(), &message)
	name, k := parseReply(message.Touser, message.Text.Content)
	h.replies = append(h.replies, reply{name, k})
	return err
}

// readHandled reads the file of a process of the program hand, over all its
// lives. What has no end there ended when the process was killed.
func (h *history) readHandled(name, process, file string) error {
	data, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	open := make(map[key]int) // into h.handled
	for line := range strings.Lines(string(data)) {
		at, what, k, err := parseLine(line)
		if err != nil {
			return fmt.Errorf("%s: %q: %w", file, line, err)
		}
		if what == "begin" {
			open[k] = len(h.handled)
			h.handled = append(h.handled, handling{worker: name, process: process, key: k, from: at, to: h.deathAfter(process, at)})
			continue
		}
		h.handled[open[k]].to, h.handled[open[k]].ended = at, what == "end"
	}
	return nil
}

func parseLine(line string) (at time.Time, what string, k key, err error) {
	fields := strings.SplitN(strings.TrimSpace(line), " ", 4)
	if len(fields) != 4 {
		return at, "", k, fmt.Errorf("%d fields", len(fields))
	}
	nanoseconds, err := strconv.ParseInt(fields[0], 10, 64)
	return time.Unix(0, nanoseconds), fields[1], key{fields[2], fields[3]}, err
}

// deathAfter is when a process that began something at a time was killed; a drop
// has no end, and takes no time.
func (h *history) deathAfter(process string, at time.Time) time.Time {
	for _, t := range h.troubles[process] {
		if t.dead && t.from.After(at) {
			return t.from
		}
	}
	return at
}
