package pace

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/wxbus/wxbus/pkg/bus"
)

const (
	leaseLasts = 500 * time.Millisecond // permits that are not used by then lapse
	awayLasts  = time.Second            // the bucket is not asked again sooner
	conflicted = 2 * time.Millisecond   // after a lease that another replica was faster with
	shortest   = time.Millisecond       // of all waits
)

// permits are what a replica may call with. It takes them from a count that all
// replicas share, some at a time by compare-and-swap, spends them by itself, and
// gives nothing back. Who has nothing to send takes nothing.
//
// Each replica keeps, by its own clock, a bucket of tokens that fills at the
// fleet's rate and loses what it sees the count grow by, and takes no more than
// is in it. So no clock is compared with another one, and whoever last wrote the
// count was within the rate. In any time the count grows by no more than the
// rate and half a second's worth.
type permits struct {
	account string
	rate    float64 // per second, of all replicas; 0 = no limit
	store   *bus.Bucket
	self    string

	mu     sync.Mutex
	ledger stock     // as last seen
	known  bool      // it has been seen
	level  float64   // tokens in the bucket
	seen   time.Time // when that was
	left   int       // of the newest lease
	lapse  time.Time // when they lapse
	spent  int       // since the newest lease
	leased time.Time // when that was taken
	due    time.Time // the bucket is not full enough sooner

	away  time.Time // until then the bucket is not asked
	local *rate.Limiter
}

func newPermits(perSecond float64, account, self string, store *bus.Bucket) *permits {
	return &permits{
		account: account, rate: perSecond, store: store, self: self,
		local: rate.NewLimiter(rate.Limit(perSecond), 1),
	}
}

// depth is how many tokens the bucket holds when it is full.
func (q *permits) depth() float64 { return max(1, q.rate*leaseLasts.Seconds()) }

// take uses a permit and returns 0, or returns how long to wait before it is
// worth another try. waiting is how many calls want one.
func (q *permits) take(ctx context.Context, waiting int64) (time.Duration, error) {
	if q.rate == 0 {
		return 0, nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if time.Now().After(q.lapse) {
		permitsTotal.WithLabelValues(q.account, "lapsed").Add(float64(q.left))
		q.left = 0
	}
	if q.left == 0 {
		if time.Now().Before(q.away) {
			return q.takeLocal(), nil
		}
		if wait := time.Until(q.due); wait > 0 {
			return wait, nil
		}
		if wait := q.lease(ctx, waiting); wait > 0 || q.left == 0 {
			return max(wait, shortest), nil
		}
	}
	q.left--
	q.spent++
	return 0, nil
}

// putBack returns a permit that was not used; it may be used until it lapses.
func (q *permits) putBack() {
	if q.rate == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.left++
	q.spent--
}

// lease takes as many permits as will be used soon, or returns how long it is
// until there are so many.
func (q *permits) lease(ctx context.Context, waiting int64) (wait time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout) // others wait for it
	defer cancel()
	seen, revision, err := loadStock(ctx, q.store, q.key())
	if err != nil {
		return q.goAway()
	}
	now := time.Now()
	q.observe(seen, now)
	want := q.want(waiting, now)
	if short := float64(want) - q.level; short > 0 {
		wait = max(shortest, time.Duration(short/q.rate*float64(time.Second)))
		q.due = now.Add(wait)
		return wait
	}
	next := seen.grown(q.self, want, q.rate)
	err = saveStock(ctx, q.store, q.key(), next, revision)
	if errors.Is(err, bus.ErrConflict) {
		return conflicted
	}
	if err != nil { // it may have been written all the same: then these are lost
		return q.goAway()
	}
	q.ledger, q.level = next, q.level-float64(want)
	q.left, q.lapse = want, now.Add(leaseLasts)
	q.spent, q.leased = 0, now
	permitsTotal.WithLabelValues(q.account, "taken").Add(float64(want))
	return 0
}

func (q *permits) key() string { return "permits." + q.account }

// observe fills the bucket and takes out what others have taken. What was taken
// while nobody looked is taken out of what is there now, which errs on the side
// of fewer calls.
func (q *permits) observe(s stock, now time.Time) {
	switch {
	case !q.known && s.Issued == 0: // nobody has called for long
		q.level = q.depth()
	case !q.known, s.Issued < q.ledger.Issued && s.Issued > 0: // or the count began anew
		q.level = 0
	default:
		filled := min(q.depth(), q.level+q.rate*now.Sub(q.seen).Seconds())
		q.level = max(0, filled-float64(s.Issued-min(s.Issued, q.ledger.Issued)))
	}
	q.ledger, q.known, q.seen = s, true, now
}

// want is how many permits to take: what is waited for or what half a second
// has used of late, twice that when they did not last so long, and no more than
// this replica's share of half a second.
func (q *permits) want(waiting int64, now time.Time) int {
	use := float64(waiting)
	if since := now.Sub(q.leased); since > 0 {
		use = max(use, float64(q.spent)*min(2, leaseLasts.Seconds()/since.Seconds()))
	}
	return int(max(1, min(use, q.share()*leaseLasts.Seconds())))
}

// share is the rate that this replica can expect while others call as well.
func (q *permits) share() float64 {
	return q.rate / float64(q.ledger.members(q.self, max(q.rate, 4)))
}

// goAway has this replica live on its share for a while. It is that of a time
// when more were seen than now, perhaps: too little, not too much.
func (q *permits) goAway() time.Duration {
	q.away = time.Now().Add(awayLasts)
	q.local.SetLimit(rate.Limit(q.rate / float64(q.ledger.members(q.self, q.rate*memberLasts.Seconds()))))
	return shortest
}

// takeLocal uses what this replica may do without NATS.
func (q *permits) takeLocal() time.Duration {
	if q.local.Allow() {
		return 0
	}
	return max(shortest, time.Duration(float64(time.Second)/float64(q.local.Limit())))
}

// interval is the time between two calls of this replica at its share.
func (q *permits) interval() time.Duration {
	if q.rate == 0 {
		return 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return time.Duration(float64(time.Second) / q.share())
}
