// Package replay has a worker handle stored pushes once more, as an operator
// asks for it: all, or those of a kind, an account or a user.
package replay

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// ErrNoWorker says that no worker of that name has a place in the stream of
// pushes.
var ErrNoWorker = errors.New("there is no such worker")

// Replay is which pushes are handled once more, by whom, and how.
type Replay struct {
	Worker string
	Since  time.Time // stored at or after it
	Until  time.Time // stored before it; zero is all there are

	Kinds   []wechat.Kind // may be patterns; none are all that the worker listens to
	Account string        // "": all
	User    string        // OpenID; "": all

	// Live has the worker's replies published. Otherwise it handles the pushes
	// and what it would reply is counted and logged by its SDK.
	Live bool
	// ID names the replay. Two with the same ID within five minutes have a push
	// handled once, and within an hour answered once. See [NewID].
	ID string
}

// NewID returns a name for a replay that no other has.
func NewID() string { return strings.ToLower(rand.Text()[:10]) }

// Push is a stored push that is wanted.
type Push struct {
	Sequence uint64      `json:"sequence"`
	Time     time.Time   `json:"time"`
	Account  string      `json:"account"`
	Kind     wechat.Kind `json:"kind"`
	User     string      `json:"user,omitempty"`
	Subject  string      `json:"subject"` // as it is stored
}

// Pushes yields what is wanted and of the kinds that the worker listens to,
// oldest first: what was there when it began. An error ends it, [ErrNoWorker] at
// once. Who takes long over each collects them first.
func (r *Replay) Pushes(ctx context.Context, b *bus.Bus) iter.Seq2[*Push, error] {
	return func(yield func(*Push, error) bool) {
		filters, err := r.filters(ctx, b)
		if err != nil {
			yield(nil, err)
			return
		}
		for record, err := range b.Headers(ctx, bus.StreamIn, filters, r.Since) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !r.Until.IsZero() && !record.Stored.Before(r.Until) { // so are all that follow
				return
			}
			listens := slices.ContainsFunc(filters, func(filter string) bool { return route.Covers(filter, record.Subject) })
			push, ok := read(record)
			if listens && ok && r.takes(push) && !yield(push, nil) {
				return
			}
		}
	}
}

// filters are the subjects of pushes that the worker listens to. It must listen
// to what is put back for it, too.
func (r *Replay) filters(ctx context.Context, b *bus.Bus) ([]string, error) {
	all, err := b.Listens(ctx, bus.StreamIn, r.Worker)
	if errors.Is(err, bus.ErrNoDurable) {
		return nil, fmt.Errorf("worker %q: %w", r.Worker, ErrNoWorker)
	}
	if err != nil {
		return nil, err
	}
	own := route.Retry + r.Worker + "."
	if !slices.ContainsFunc(all, func(filter string) bool { return strings.HasPrefix(filter, own) || route.Covers(filter, own+">") }) {
		return nil, fmt.Errorf("worker %q does not listen to %s>: wxbus apply --worker", r.Worker, own)
	}
	var pushes []string
	for _, filter := range all {
		if filter == ">" || filter == "wechat.>" {
			filter = route.In + ">"
		}
		if strings.HasPrefix(filter, route.In) {
			pushes = append(pushes, filter)
		}
	}
	if len(pushes) == 0 {
		return nil, fmt.Errorf("worker %q listens to no pushes", r.Worker)
	}
	return pushes, nil
}

func read(record *bus.Record) (*Push, bool) {
	address, err := route.ParseIn(record.Subject)
	return &Push{
		Sequence: record.Sequence, Time: record.Stored, Account: address.Account, Kind: address.Kind,
		User: route.Decode(record.Get(route.HeaderSubject)), Subject: record.Subject,
	}, err == nil
}

func (r *Replay) takes(p *Push) bool {
	return (r.Account == "" || p.Account == r.Account) && (r.User == "" || p.User == r.User) &&
		(len(r.Kinds) == 0 || slices.ContainsFunc(r.Kinds, func(kind wechat.Kind) bool { return kind.Covers(p.Kind) }))
}

// Put has the worker, and no other, handle a push once more. It returns
// [bus.ErrNoRecord] when the stream has dropped the push meanwhile.
func (r *Replay) Put(ctx context.Context, b *bus.Bus, sequence uint64) (subject string, err error) {
	record, err := b.Record(ctx, bus.StreamIn, sequence)
	if err != nil {
		return "", err
	}
	address, err := route.ParseIn(record.Subject)
	if err != nil {
		return "", err
	}
	subject = address.RetrySubject(r.Worker)
	id := fmt.Sprintf("replay:%s:%s:%d", r.ID, r.Worker, sequence)
	if _, err := b.Publish(ctx, subject, id, r.header(record), record.Body); err != nil {
		return "", fmt.Errorf("push %d not replayed: %w", sequence, err)
	}
	return subject, nil
}

func (r *Replay) header(record *bus.Record) map[string][]string {
	header := route.Own(record.Header)
	header[route.HeaderReplay] = []string{route.ReplayDry}
	if r.Live {
		header[route.HeaderReplay] = []string{route.ReplayLive}
	}
	header[route.HeaderReplayID] = []string{r.ID}
	return header
}
