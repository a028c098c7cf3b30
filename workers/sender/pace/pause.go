package pace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

const followRetry = time.Second

// pause keeps all replicas from calling for an account until a time that stands
// in a bucket. Then one call of one replica goes first: if WeChat takes it, all
// may call again, and if not, the pause begins anew and is longer.
type pause struct {
	account string
	store   *bus.Bucket
	self    string
	log     *slog.Logger

	claiming sync.Mutex // one call at a time asks to go first

	mu     sync.Mutex
	word   word
	until  time.Time // by our own clock
	probed time.Time // since then the call that goes first is under way
	mine   string    // it is this one; empty = not ours
	claims int
}

func (p *pause) key() string { return "pause." + p.account }

// follow learns what other replicas write, until ctx is done.
func (p *pause) follow(ctx context.Context) {
	for ctx.Err() == nil {
		err := p.store.Watch(ctx, p.key(), func(value []byte) { p.learn(readWord(value)) })
		if err != nil && ctx.Err() == nil {
			p.log.Debug("pause of the account not followed", "account", p.account, "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(followRetry):
		}
	}
}

// learn takes over a word unless it is known: told again, it is no newer.
func (p *pause) learn(w word) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if same(w, p.word) {
		return
	}
	now := time.Now()
	if w.Probe != p.word.Probe {
		p.probed = now
	}
	p.word, p.until = w, now.Add(w.left(now))
	paused.WithLabelValues(p.account).Set(gauge(!w.Open))
}

func same(a, b word) bool {
	until := a.Until.Equal(b.Until)
	a.Until, b.Until = time.Time{}, time.Time{}
	return until && a == b
}

// look returns how long the account is not to be called, and whether one call
// must go first then.
func (p *pause) look() (wait time.Duration, half bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	switch {
	case p.word.Open:
		return 0, false
	case now.Before(p.until):
		return p.until.Sub(now), true
	case p.word.Probe != "" && now.Sub(p.probed) < probeLasts:
		return probeLookIn, true
	}
	return 0, true
}

// enter returns 0 when a call may be made at once, which then has to be made.
func (p *pause) enter(ctx context.Context) time.Duration {
	wait, half := p.look()
	if wait > 0 || !half {
		return wait
	}
	if !p.claiming.TryLock() {
		return probeLookIn
	}
	defer p.claiming.Unlock()
	if wait, half = p.look(); wait > 0 || !half {
		return wait
	}
	p.mu.Lock()
	p.claims++
	lost, claim := p.word.Probe, fmt.Sprintf("%s.%d", p.self, p.claims)
	p.mu.Unlock()
	got := p.change(ctx, func(w *word) bool {
		if w.Open || w.left(time.Now()) > 0 || w.Probe != lost {
			return false
		}
		w.Probe = claim
		return true
	})
	if !got {
		wait, _ = p.look()
		return max(wait, shortest)
	}
	p.mu.Lock()
	p.mine = claim
	p.mu.Unlock()
	return 0
}

// begin pauses the account for all replicas.
func (p *pause) begin(ctx context.Context, f finding, attempt int) {
	var begun word
	if !p.change(ctx, func(w *word) bool {
		pauses := w.pause(f, attempt, time.Now())
		begun = *w
		return pauses
	}) {
		return
	}
	p.log.Warn("account pauses", "account", p.account,
		"for", time.Duration(begun.ForMS)*time.Millisecond, "reason", begun.Reason)
	pauses.WithLabelValues(p.account, begun.Reason).Inc()
}

// end lets all replicas call again: WeChat has taken a call.
func (p *pause) end(ctx context.Context) {
	if wait, half := p.look(); !half || wait > probeLookIn {
		return
	}
	opened := p.change(ctx, func(w *word) bool {
		if w.Open || w.left(time.Now()) > 0 {
			return false
		}
		w.Open, w.Probe = true, ""
		return true
	})
	if opened {
		p.log.Info("account is called again", "account", p.account)
	}
}

// release lets another call go first in the place of ours.
func (p *pause) release(ctx context.Context) {
	p.mu.Lock()
	mine := p.mine
	p.mine = ""
	p.mu.Unlock()
	if mine == "" {
		return
	}
	p.change(ctx, func(w *word) bool {
		if w.Probe != mine {
			return false
		}
		w.Probe = ""
		return true
	})
}

// change alters what the replicas share, and reports whether alter did. While
// NATS is away it alters what this replica knows.
func (p *pause) change(ctx context.Context, alter func(*word) bool) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	for {
		altered, err := p.changeOnce(ctx, alter)
		if errors.Is(err, bus.ErrConflict) {
			continue
		}
		if err == nil {
			return altered
		}
		p.log.Debug("pause not shared", "account", p.account, "err", err)
		p.mu.Lock()
		w := p.word
		p.mu.Unlock()
		altered = alter(&w)
		p.learn(w)
		return altered
	}
}

func (p *pause) changeOnce(ctx context.Context, alter func(*word) bool) (altered bool, err error) {
	stored, revision, err := p.store.Load(ctx, p.key())
	if err != nil {
		return false, err
	}
	w := readWord(stored)
	if !alter(&w) {
		p.learn(w)
		return false, nil
	}
	value, err := json.Marshal(w)
	if err != nil {
		return false, err
	}
	if _, err = p.store.Save(ctx, p.key(), value, revision); err != nil {
		return false, err
	}
	p.learn(w)
	return true, nil
}
