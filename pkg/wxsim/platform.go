package wxsim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// What callers branch on.
var (
	// ErrAccount says that no account has the given name.
	ErrAccount = errors.New("no such account")
	// ErrNotAccepted says that the server did not accept a push: WeChat would
	// show its user that the service is out of order.
	ErrNotAccepted = errors.New("the server did not accept the message")
	// ErrClosed says that the Platform was closed meanwhile.
	ErrClosed = errors.New("the simulator is closed")
)

// Options are the settings of a [Platform]. Only Accounts is required.
type Options struct {
	Accounts []Account

	// Timeout is how long one delivery may take, from the first byte of the
	// request to the last one of the answer. Defaults to WeChat's 5 seconds.
	Timeout time.Duration
	// Tries is how often a message is delivered in all when the server does
	// not answer. Defaults to WeChat's 3.
	Tries int
	// RetryPause is the wait before each further delivery. 0 waits not at all:
	// after a timeout WeChat does not either.
	RetryPause time.Duration

	// URL is where Handler is reached, for the PicUrl of pictures; the page knows
	// it by itself.
	URL string
	// Server, when it is known, lets the page show what it did with a push.
	Server Server

	// NoQuota lets the server send as much as it likes. Without it a user's
	// message allows 5 answers in 48 hours, a tap, scan or follow 3 in a minute.
	NoQuota bool

	// File keeps users, chats, tokens, menus and codes across restarts, and a
	// folder beside it the media. Both are made when missing, and only their owner
	// may read them. Empty keeps nothing.
	File string

	// Client delivers the pushes; nil means one of its own. Redirects are
	// never followed.
	Client *http.Client
	// Log is told of deliveries and refused calls; nil is silent.
	Log *slog.Logger
	// Now is the clock of tokens, quotas and messages; nil means time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	o.Tries = cmp.Or(o.Tries, 3)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	client := http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()} //nolint:forcetypeassert // documented
	if o.Client != nil {
		client = *o.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o.Client = &client
	return o
}

// Platform is WeChat as one server sees it. It is safe for concurrent use.
type Platform struct {
	options Options
	weather Weather
	events  events
	stop    context.Context //nolint:containedctx // ends with Close, which has no caller's context
	cancel  context.CancelFunc
	running sync.WaitGroup
	started time.Time
	closing sync.Once
	dirty   chan struct{}   // the file is older than the state
	stored  map[string]bool // media that are in the folder; of who saves

	mu       sync.Mutex
	closed   bool
	accounts map[string]*account
	names    []string // of accounts, in the order of Options
	lastID   int64    // of a Message, a push or not
	lastMsg  int64    // MsgId
	counts   Counts
	crowd    *crowd        // nil for none
	changed  chan struct{} // closed and replaced at every change
}

// New returns a Platform with the accounts of options, and with the users and
// chats of its file. It names the first account that is incomplete, and fails
// on a file that it cannot read.
func New(options Options) (*Platform, error) {
	stop, cancel := context.WithCancel(context.Background())
	p := &Platform{
		options:  options.withDefaults(),
		stop:     stop,
		cancel:   cancel,
		dirty:    make(chan struct{}, 1),
		accounts: make(map[string]*account),
		stored:   make(map[string]bool),
		started:  time.Now(),
		changed:  make(chan struct{}),
	}
	p.weather.platform = p
	for _, config := range options.Accounts {
		if err := p.add(config); err != nil {
			cancel()
			return nil, fmt.Errorf("account %q: %w", config.Name, err)
		}
	}
	if err := p.load(); err != nil {
		cancel()
		return nil, err
	}
	if options.File != "" {
		p.running.Go(p.keepSaving)
	}
	return p, nil
}

// Close ends the deliveries and event streams that are under way, writes the
// file, and returns when all is done. Calls that hang are ended without an
// answer. Closing twice is harmless.
func (p *Platform) Close() {
	p.closing.Do(func() {
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		p.cancel()
		p.running.Wait()
		p.save()
		p.options.Client.CloseIdleConnections()
	})
}

// SetURL changes where the pushes of an account go, as its owner does in
// WeChat's console. It does not verify the server; see [Platform.Verify].
func (p *Platform) SetURL(account, url string) error {
	if err := checkURL(url); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.account(account)
	if err != nil {
		return err
	}
	a.URL = url
	return nil
}

// account returns the account called name. The caller holds mu.
func (p *Platform) account(name string) (*account, error) {
	if a, known := p.accounts[name]; known {
		return a, nil
	}
	return nil, fmt.Errorf("%w: %q", ErrAccount, name)
}

// touch tells everybody who waits, and the file, that the state has changed.
// The caller holds mu.
func (p *Platform) touch() {
	close(p.changed)
	p.changed = make(chan struct{})
	select {
	case p.dirty <- struct{}{}:
	default:
	}
}

// until waits until done, which is called with mu held, returns true.
func (p *Platform) until(ctx context.Context, done func() bool) error {
	for {
		p.mu.Lock()
		finished, changed := done(), p.changed
		p.mu.Unlock()
		if finished {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-p.stop.Done():
			return ErrClosed
		}
	}
}

// start runs work in the background and reports false when p is closed.
func (p *Platform) start(work func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.running.Go(work)
	return true
}
