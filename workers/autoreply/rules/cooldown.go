package rules

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// Bounds of a cool-down.
const (
	leastCooldown = time.Second
	mostCooldown  = 48 * time.Hour // what remembers it forgets after three days
)

// Memory remembers which rule has answered which user a short time ago. It is
// shared by all replicas.
type Memory interface {
	// Take reports whether id may be answered under a key: nothing else has
	// been for so long. It may be asked twice for the same id.
	Take(ctx context.Context, key, id string, rest time.Duration) (bool, error)
}

// CooldownKeys begin the keys of cool-downs in [bus.BucketLedger].
const CooldownKeys = "cooldown."

// cooldownKey names a user at a rule. The name of a rule counts, so that a rule
// may move in its file; one without a name is its line.
func (r *rule) cooldownKey(m *wechat.Message) string {
	sum := sha256.Sum256([]byte(cmp.Or(r.name, strconv.Itoa(r.line)) + "\x00" + m.Account + "\x00" + m.FromUserName))
	return CooldownKeys + hex.EncodeToString(sum[:16])
}

// Bucket is the memory of all replicas: a bucket of the bus, whose keys go by
// themselves.
func Bucket(b *bus.Bus) Memory { return &bucket{b.Bucket(bus.BucketLedger)} }

type bucket struct{ *bus.Bucket }

// Take implements [Memory]. The first to write the key is answered.
func (k *bucket) Take(ctx context.Context, key, id string, rest time.Duration) (bool, error) {
	_, err := k.SaveFor(ctx, key, []byte(id), 0, rest)
	if !errors.Is(err, bus.ErrConflict) {
		return err == nil, err
	}
	holder, _, err := k.Load(ctx, key)
	return string(holder) == id, err
}

// local is the memory of rules that run on no bus.
type local struct {
	mu    sync.Mutex
	taken map[string]taken
}

type taken struct {
	id   string
	ends time.Time
}

// Take implements [Memory].
func (l *local) Take(_ context.Context, key, id string, rest time.Duration) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for old, one := range l.taken {
		if !now.Before(one.ends) {
			delete(l.taken, old)
		}
	}
	if one, resting := l.taken[key]; resting {
		return one.id == id, nil
	}
	if l.taken == nil {
		l.taken = make(map[string]taken)
	}
	l.taken[key] = taken{id, now.Add(rest)}
	return true, nil
}
