package wxsim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/callback"
)

// Mode says what an account's pushes look like; see [callback.Mode].
type Mode = callback.Mode

// ErrLoad says that a [Load] cannot be made as it is described.
var ErrLoad = errors.New("load")

// What the pushes of a [Load] are.
const (
	LoadTexts  = "text"
	LoadEvents = "event" // scancode_push, which has a nested element
	LoadMix    = "mix"   // one after the other
)

// Load is a flood of pushes to the server of one account, to see what it can
// take. No two pushes are the same message: each has a MsgId of its own, or an
// event a content of its own. Every delivery is signed and encrypted afresh.
// It stands in no chat and needs no [Platform].
type Load struct {
	Account     Account       // whom the pushes are for; its Name and Secret are not used
	Connections int           // kept alive, one push at a time on each; defaults to 64
	Count       int           // of pushes; 0 means as many as there is time for
	Duration    time.Duration // in which pushes begin; 0 means until Count is reached
	Rate        float64       // pushes per second; 0 means as fast as they are answered
	Kind        string        // [LoadTexts], [LoadEvents] or [LoadMix]; defaults to texts
	Size        int           // of a text before it is encrypted, in bytes; defaults to 300
	JSON        bool          // pushes JSON instead of XML, as mini programs can have it
	Users       int           // who write by turns; defaults to 1000

	// Tries is how often a push is delivered in all when the server does not
	// answer. WeChat makes 3. Defaults to 1: a push that failed is counted.
	Tries int
	// Timeout is how long an answer is waited for, up to a tenth longer.
	// Defaults to WeChat's 5 seconds.
	Timeout time.Duration
}

func (l Load) withDefaults() Load {
	l.Account = l.Account.withDefaults()
	l.Account.Name = cmp.Or(l.Account.Name, "load")
	l.Connections = cmp.Or(l.Connections, 64)
	l.Kind = cmp.Or(l.Kind, LoadTexts)
	l.Size = cmp.Or(l.Size, 300)
	l.Users = cmp.Or(l.Users, 1000)
	l.Tries = cmp.Or(l.Tries, 1)
	l.Timeout = cmp.Or(l.Timeout, 5*time.Second)
	return l
}

func (l Load) validate() error {
	switch {
	case l.Account.URL == "":
		return errors.New("the account has no server URL")
	case l.Count < 0 || l.Duration < 0 || l.Rate < 0 || l.Timeout < 0:
		return errors.New("count, duration, rate and timeout are not below 0")
	case l.Count == 0 && l.Duration == 0:
		return errors.New("neither a count nor a duration says when to stop")
	case l.Connections < 1 || l.Users < 1 || l.Tries < 1:
		return errors.New("there is at least 1 connection, 1 user and 1 try")
	case !slices.Contains([]string{LoadTexts, LoadEvents, LoadMix}, l.Kind):
		return fmt.Errorf("kind %q is not text, event or mix", l.Kind)
	}
	return l.Account.validate()
}

// Run makes the flood and tells what came of it. Pushes under way when the time
// is up, or when ctx is done, are waited for. A server that is away at the
// start, or that refuses a genuine push, is an error that says what to check;
// one that goes away later is a failure of each push meanwhile. The error is
// [ErrLoad] when the Load itself is at fault.
func (l Load) Run(ctx context.Context) (LoadReport, error) {
	f, err := l.withDefaults().prepare()
	if err != nil {
		return LoadReport{}, fmt.Errorf("%w: %w", ErrLoad, err)
	}
	pushers, err := f.connect(ctx)
	if err != nil {
		return LoadReport{}, err
	}
	group, ctx := errgroup.WithContext(ctx)
	f.pace.begin()
	for _, p := range pushers {
		group.Go(func() error { return p.run(ctx) })
	}
	err = group.Wait()
	return f.report(pushers, time.Since(f.pace.began)), err
}

// flood is a Load that runs: what its connections share.
type flood struct {
	Load

	server    *url.URL
	key       callback.Key // not set in plain mode
	messages  []*loadMessage
	frame     *loadFrame
	firstID   int64
	pace      *pace
	latencies latencies
}

func (l Load) prepare() (*flood, error) {
	if err := l.validate(); err != nil {
		return nil, err
	}
	server, err := url.Parse(l.Account.URL)
	if err != nil {
		return nil, err // has been read before
	}
	f := &flood{Load: l, server: server, frame: newLoadFrame(server, l)}
	f.firstID = time.Now().UnixMicro() * 1000 // 19 digits, as WeChat's; the next run's are higher
	f.pace = newPace(l)
	if l.Account.Mode != callback.Plain {
		if f.key, err = callback.ParseKey(l.Account.AESKey); err != nil {
			return nil, err
		}
	}
	f.messages, err = l.messages()
	return f, err
}
