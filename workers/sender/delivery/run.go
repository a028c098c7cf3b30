// Package delivery is the program sender: it takes replies off the bus, checks
// them, calls the customer-service API for each part in order, and settles them
// by WeChat's answer.
package delivery

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/workers/sender/hold"
	"github.com/wxbus/wxbus/workers/sender/media"
	"github.com/wxbus/wxbus/workers/sender/pace"
	"github.com/wxbus/wxbus/workers/sender/quota"
	"github.com/wxbus/wxbus/workers/sender/typing"
)

// Name is the sender's name as a worker, and that of its durable.
const Name = "sender"

const (
	replyAge   = 48 * time.Hour // WeChat takes no answer to what is older
	replyTime  = 2 * time.Minute
	backoff    = time.Second
	backoffMax = 5 * time.Minute
)

// waitMost is how many replies may wait to be tried again: those of an account
// that pauses must not keep others waiting.
const waitMost = 1 << 16

// Durable is the sender's place in the stream of replies. A sender that starts
// for the first time begins with everything that waits. A reply is delivered
// again for as long as its account pauses, and given up for its age alone.
func Durable() bus.Durable {
	return bus.Durable{
		Name: Name, Stream: bus.StreamOut, Filters: []string{route.Out + ">"}, All: true,
		MaxAckPending: waitMost, MaxDeliver: bus.Unlimited,
	}
}

// sender sends replies for all accounts.
type sender struct {
	host     *process.Host
	bus      *bus.Bus
	inDoubt  InDoubt
	keeps    Ledger
	gap      time.Duration
	accounts map[string]*account
	ledger   *ledger
	media    *media.Resolver
	quota    *quota.Ledger
	held     *hold.Store
}

// account is one Official Account: its API and whether it must wait.
type account struct {
	api   *wxapi.Client
	pacer *pace.Pacer
}

// Run sends replies until ctx is done, then drains and returns.
func Run(ctx context.Context, cfg Config, host *process.Host) error {
	b, err := bus.Connect(Name, cfg.NATS, host.Log)
	if err != nil {
		return err
	}
	defer b.Close()
	s := newSender(cfg, b, host)
	durable := Durable()
	durable.Ordered = cfg.Order == worker.OrderUser
	w := &worker.Worker{
		Durable: durable, Order: cfg.Order, Log: host.Log, Handle: s.handle, Key: lane, Buried: s.buried,
		MaxAge: replyAge, Forever: true, Drain: worker.DrainWithin(cfg.ShutdownTimeout),
		Settings: worker.Settings{
			Slots: cfg.Slots, Attempts: 1, Timeout: replyTime, Backoff: backoff, BackoffMax: backoffMax,
		},
	}
	host.Health.Add(Name, func(ctx context.Context) error { return w.Ready(ctx, b) })
	work, stop := context.WithCancel(ctx)
	defer stop()
	group, work := errgroup.WithContext(work)
	for _, a := range s.accounts {
		group.Go(func() error { a.pacer.Follow(work); return nil })
		group.Go(func() error { a.api.Follow(work); return nil })
	}
	group.Go(func() error { s.typing().Run(work); return nil })
	group.Go(func() error { return s.quota.Run(work) })
	group.Go(func() error { s.held.Run(work); return nil })
	group.Go(func() error { s.lookOnce(work); return nil })
	group.Go(func() error { defer stop(); return w.Run(work, b) })
	return ignoreCancel(group.Wait())
}

// typing is the desk that has users see that an answer is being written.
func (s *sender) typing() *typing.Desk {
	accounts := make(map[string]typing.Account, len(s.accounts))
	for name, a := range s.accounts {
		accounts[name] = typing.Account{Caller: caller{a.api}, Paused: func() bool { return a.pacer.Paused() > 0 }}
	}
	return typing.New(s.bus, accounts, s.host.Log)
}

func ignoreCancel(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func newSender(cfg Config, b *bus.Bus, host *process.Host) *sender {
	s := &sender{
		host: host, bus: b, inDoubt: cfg.InDoubt, keeps: cfg.Ledger, gap: cfg.Gap,
		accounts: make(map[string]*account), ledger: &ledger{bucket: b.Bucket(bus.BucketLedger)},
	}
	if cfg.Pace.Waiters = cfg.Slots; len(cfg.Accounts) > 1 { // others need slots, too
		cfg.Pace.Waiters = max(1, cfg.Slots/4)
	}
	uploaders := make(map[string]media.Uploader, len(cfg.Accounts))
	for name, settings := range cfg.Accounts {
		known := wxapi.Account{Name: name, AppID: settings.AppID, Secret: settings.Secret.Reveal(), TokenAPI: settings.TokenAPI}
		api := wxapi.NewClient(strings.TrimRight(cfg.APIURL, "/"), known, b.Bucket(bus.BucketToken), host.Log)
		s.accounts[name] = &account{api: api, pacer: pace.New(cfg.Pace, name, b, host.Log)}
		uploaders[name] = caller{api}
	}
	s.quota = quota.New(cfg.Quota, slices.Collect(maps.Keys(cfg.Accounts)), b, host.Log)
	s.held = hold.New(hold.Options{Open: s.open, MaxAge: replyAge}, b, host.Log)
	s.quota.OnOpened(s.held.Opened)
	s.media = media.New(cfg.Media, uploaders, b)
	return s
}

// open reports whether something can be sent to a user, as far as it is known.
func (s *sender) open(account, user string) bool {
	select {
	case <-s.quota.Ready():
	default:
		return false
	}
	left := s.quota.Left(account, user)
	return !left.Known || left.Remaining > 0
}

// lookOnce releases what can be sent by now, once that is known.
func (s *sender) lookOnce(ctx context.Context) {
	for _, known := range []<-chan struct{}{s.quota.Ready(), s.held.Loaded()} {
		select {
		case <-known:
		case <-ctx.Done():
			return
		}
	}
	s.held.Look(ctx)
}

// lane puts the replies to one user into one lane.
func lane(d *bus.Delivery) string {
	user, _ := wechat.Lookup(d.Body, "touser")
	return d.Subject + " " + string(user)
}
