package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

// parkKey is the key of a user in the bucket, which may not hold his name.
func (c *crew) parkKey(lane string) (key, name string) {
	sum := sha256.Sum256([]byte(lane))
	name = hex.EncodeToString(sum[:16])
	return c.key("k", name), name
}

// park has what comes of a lane follow the message that was given up. It is
// kept for as long as a message may wait.
func (c *crew) park(ctx context.Context, lane string) error {
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	key, name := c.parkKey(lane)
	revision, err := c.bucket.SaveFor(ctx, key, []byte("{}"), 0, bus.MaxAge)
	if err != nil && !errors.Is(err, bus.ErrConflict) {
		return err
	}
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.parked[name] = revision
	}
	return nil
}

// follows reports whether a message is to follow one that was given up. One that
// an operator has put back ends that.
func (c *crew) follows(d *bus.Delivery, lane string) bool {
	key, name := c.parkKey(lane)
	c.mu.Lock()
	revision, parked := c.parked[name]
	c.mu.Unlock()
	if !parked || !strings.HasPrefix(d.Subject, route.Retry) {
		return parked
	}
	ctx, cancel := context.WithTimeout(context.Background(), renewTimeout)
	defer cancel()
	if err := c.bucket.Remove(ctx, key, revision); err != nil && !errors.Is(err, bus.ErrConflict) {
		c.w.Log.Warn("user is still parked", "message", d, "err", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.parked, name)
	return false
}
