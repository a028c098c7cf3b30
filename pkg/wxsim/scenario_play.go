package wxsim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// ErrUnexpected says that an answer of the server is not the expected one, or
// did not come.
var ErrUnexpected = errors.New("not as expected")

const (
	playTimeout = 10 * time.Second
	playPoll    = 50 * time.Millisecond
)

// Play has the conversation with the server that a simulator stands before: its
// Handler is served at the URL. Users are new each time, so that nothing is
// left of the time before; say is told of every step, in a line. The error is
// [ErrUnexpected] with the line of the step and both what was expected and what
// came, or says what else went wrong.
func (s *Scenario) Play(ctx context.Context, url string, say func(line string)) error {
	stage := remote{url: strings.TrimSuffix(url, "/")}
	account, err := stage.account(ctx, s.Account)
	if err != nil {
		return err
	}
	p := &performance{Scenario: s, remote: stage, account: account, say: say, cast: make(map[string]*part)}
	for i := range s.Steps {
		if err := p.step(ctx, &s.Steps[i]); err != nil {
			return fmt.Errorf("line %d: %w", s.Steps[i].line, err)
		}
	}
	return nil
}

// performance is a scenario that is played.
type performance struct {
	*Scenario
	remote

	account string
	say     func(string)
	cast    map[string]*part
	last    string // who acted
}

// part is a user of a scenario.
type part struct {
	name, openid string
	seen         int64 // id of the last entry of his chat that was looked at
}

func (p *performance) step(ctx context.Context, s *ScenarioStep) error {
	user, err := p.user(ctx, s)
	if err != nil {
		return err
	}
	if acts := s.acts(); len(acts) == 1 {
		p.say(user.name + ": " + s.summary())
		step, err := p.upload(ctx, s.Step)
		if err == nil {
			err = p.do(ctx, p.account, user.openid, step)
		}
		if err != nil {
			return err
		}
	}
	for i := range s.Expect {
		if err := p.expect(ctx, user, &s.Expect[i]); err != nil {
			return err
		}
	}
	if s.Quiet > 0 {
		if err := p.quiet(ctx, user, s.Quiet); err != nil {
			return err
		}
	}
	return sleep(ctx, s.Wait)
}

// user returns who acts; at his first appearance he is made. Unless that is to
// follow, he follows already.
func (p *performance) user(ctx context.Context, s *ScenarioStep) (*part, error) {
	name := cmp.Or(s.User, p.last, "user")
	p.last = name
	if known, ok := p.cast[name]; ok {
		return known, nil
	}
	openid, err := p.addUser(ctx, p.account, name, !s.Follow && s.Scan == "")
	if err != nil {
		return nil, err
	}
	p.cast[name] = &part{name: name, openid: openid}
	return p.cast[name], nil
}

// upload brings the files of a step to the simulator.
func (p *performance) upload(ctx context.Context, s Step) (Step, error) {
	for mediaType, name := range map[string]*string{"image": &s.Image, "voice": &s.Voice, "video": &s.Video} {
		if *name == "" || *name == Example {
			continue
		}
		if p.Files == nil {
			return s, fmt.Errorf("%s %s: no files are given", mediaType, *name)
		}
		data, err := fs.ReadFile(p.Files, *name)
		if err != nil {
			return s, err
		}
		if *name, err = p.addMedia(ctx, p.account, mediaType, *name, data); err != nil {
			return s, err
		}
	}
	return s, nil
}

// expect waits for the next answer and looks at it.
func (p *performance) expect(ctx context.Context, user *part, e *Expectation) error {
	limit := cmp.Or(p.Timeout, playTimeout)
	m, err := p.next(ctx, user, limit)
	wanted := cmp.Or(e.fits(Message{}), "answer")
	if err == nil && m == nil {
		return fmt.Errorf("%w: no answer within %v; want one %s", ErrUnexpected, limit, wanted)
	}
	if err != nil {
		return err
	}
	if wrong := e.fits(*m); wrong != "" {
		return fmt.Errorf("%w: the answer is %s %s; want one %s", ErrUnexpected, m.MsgType, m.shown(), wrong)
	}
	p.say("  ✓ " + m.MsgType + " " + m.shown())
	return nil
}

func (p *performance) quiet(ctx context.Context, user *part, limit time.Duration) error {
	m, err := p.next(ctx, user, limit)
	if err != nil || m == nil {
		return err
	}
	return fmt.Errorf("%w: the answer is %s %s; want none", ErrUnexpected, m.MsgType, m.shown())
}

// next returns the next answer of a chat, nil when none comes in time.
func (p *performance) next(ctx context.Context, user *part, limit time.Duration) (*Message, error) {
	for deadline := time.Now().Add(limit); ; {
		chat, err := p.chat(ctx, p.account, user.openid)
		if err != nil {
			return nil, err
		}
		for i, m := range chat {
			if m.ID <= user.seen {
				continue
			}
			user.seen = m.ID
			switch {
			case m.From == FromAccount:
				return &chat[i], nil
			case m.MsgType == failureLine:
				return nil, fmt.Errorf("%w: the server did not accept the message", ErrUnexpected)
			case m.MsgType == refusedLine:
				return nil, fmt.Errorf("%w: WeChat refused an answer: %s", ErrUnexpected, m.Content)
			}
		}
		if time.Now().After(deadline) {
			return nil, nil //nolint:nilnil // nothing came
		}
		if err := sleep(ctx, playPoll); err != nil {
			return nil, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shown is an answer in a line.
func (m Message) shown() string {
	const most = 60
	text := m.Text()
	if m.MsgType != "text" {
		text = string(m.Content)
	}
	text = strings.Join(strings.Fields(text), " ")
	if characters := []rune(text); len(characters) > most {
		text = string(characters[:most]) + "…"
	}
	return text
}

// summary is a step in a line.
func (s Step) summary() string {
	acts := s.acts()
	if len(acts) != 1 {
		return "?"
	}
	what := cmp.Or(s.Text, s.Tap, s.Press, s.Scan, s.Image, s.Voice, s.Video, s.Sample)
	switch {
	case s.Location != nil:
		what = s.Location.Label
	case s.Link != nil:
		what = s.Link.URL
	case s.Event != nil:
		what = strings.TrimSpace(s.Event.Event + " " + s.Event.Key)
	}
	return strings.TrimSpace(acts[0] + " " + what)
}
