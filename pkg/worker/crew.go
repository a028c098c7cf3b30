package worker

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/wxbus/wxbus/pkg/bus"
)

// crew is the replicas of an ordered worker as one of them knows them: who there
// is, and who has which partition. It stands in a bucket:
//
//	m.<worker>.<id>     a replica, gone when it does not renew it
//	p.<worker>.<NN>     a claim to a partition, good while its owner is there
//	k.<worker>.<hash>   a user whose messages are parked
//
// They are watched together, so that who sees a claim has seen its owner.
type crew struct {
	w          *Worker
	name       string
	partitions int
	bucket     *bus.Bucket
	ledger     *bus.Bucket
	slots      chan struct{} // one for each handler that may run
	room       chan struct{} // one for each message that is handled or being settled
	alone      chan struct{} // whoever may be what ends the process runs one at a time
	changed    chan struct{}

	mu      sync.Mutex
	members map[string]member
	claims  map[int]claim
	parked  map[string]uint64 // revisions
}

// claim is who has a partition.
type claim struct {
	Owner string `json:"owner"` // "": nobody
	// Done are the messages that are settled beyond one that is not: who takes
	// the partition over is given them again, and does not handle them.
	Done []uint64 `json:"done,omitempty"`

	revision uint64
}

func newCrew(w *Worker, partitions int) *crew {
	return &crew{
		w: w, name: w.Durable.Name, partitions: partitions,
		bucket: w.bus.Bucket(bus.BucketLease), ledger: w.bus.Bucket(bus.BucketLedger),
		slots: make(chan struct{}, w.Settings.Slots), room: make(chan struct{}, 2*w.Settings.Slots),
		alone:   make(chan struct{}, 1),
		changed: make(chan struct{}, 1),
	}
}

func (c *crew) key(kind, name string) string { return kind + "." + c.name + "." + name }

func (c *crew) claimKey(partition int) string {
	return c.key("p", fmt.Sprintf("%02d", partition))
}

// watch follows the bucket until ctx is done.
func (c *crew) watch(ctx context.Context) {
	patterns := []string{c.key("m", "*"), c.key("p", "*"), c.key("k", "*")}
	for {
		err := c.bucket.WatchSome(ctx, patterns, c.tell)
		if !sleep(ctx, again) {
			return
		}
		c.w.Log.Debug("replicas are watched again", "err", err)
	}
}

func (c *crew) tell(entries []bus.Entry, whole bool) {
	c.mu.Lock()
	if whole {
		c.members, c.claims, c.parked = map[string]member{}, map[int]claim{}, map[string]uint64{}
	}
	for _, entry := range entries {
		c.learn(entry)
	}
	c.mu.Unlock()
	c.poke()
}

// poke has the partitions looked through.
func (c *crew) poke() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

func (c *crew) learn(entry bus.Entry) {
	kind, name, _ := strings.Cut(entry.Key, ".")
	name = strings.TrimPrefix(name, c.name+".")
	switch kind {
	case "m":
		delete(c.members, name)
		if entry.Value != nil {
			var m member
			_ = json.Unmarshal(entry.Value, &m) // one that cannot be read is there all the same
			c.members[name] = m
		}
	case "p":
		number, err := strconv.Atoi(name)
		if err != nil {
			return
		}
		found := claim{}
		_ = json.Unmarshal(entry.Value, &found) // what cannot be read is nobody's
		found.revision = entry.Revision
		c.claims[number] = found
	case "k":
		delete(c.parked, name)
		if entry.Value != nil {
			c.parked[name] = entry.Revision
		}
	}
}

// owners are the replicas that shall have the partitions; none are known as long
// as id is not among them.
func (c *crew) owners(id string) ([]string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.members[id]; !known {
		return nil, false
	}
	able := slices.DeleteFunc(slices.Sorted(maps.Keys(c.members)), func(member string) bool {
		return c.members[member].Leaving
	})
	return share(able, c.partitions), true
}

// vacant returns the claim to a partition as it stands, whether the replica id
// may take it, and whether its last owner died with it.
func (c *crew) vacant(partition int, id string) (found claim, free, died bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found = c.claims[partition]
	if found.Owner == "" || found.Owner == id { // taken by a write that seemed to fail
		return found, true, false
	}
	_, lives := c.members[found.Owner]
	return found, !lives, !lives
}

// save writes a claim over the one that it was read from.
func (c *crew) save(ctx context.Context, partition int, next claim) (claim, error) {
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	value, err := json.Marshal(next)
	if err != nil {
		return next, err
	}
	revision, err := c.bucket.Save(ctx, c.claimKey(partition), value, next.revision)
	if err != nil {
		return next, err
	}
	next.revision = revision
	return next, nil
}

func (c *crew) load(ctx context.Context, partition int) (found claim, err error) {
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	value, revision, err := c.bucket.Load(ctx, c.claimKey(partition))
	if err == nil && value != nil {
		err = json.Unmarshal(value, &found)
	}
	found.revision = revision
	return found, err
}

// join makes the replica one of the members. It returns nil when ctx is done.
func (c *crew) join(ctx context.Context) *term {
	for ctx.Err() == nil {
		id := strings.ToLower(rand.Text())
		t, err := begin(ctx, c.bucket, id, c.key("m", id))
		if err == nil {
			return t
		}
		c.w.said.complain(c.w.Log, "not one of the replicas yet", "worker", c.name, "err", err)
		sleep(ctx, again)
	}
	return nil
}
