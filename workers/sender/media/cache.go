package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

const (
	lifetime   = 72 * time.Hour // of an upload at WeChat
	margin     = time.Hour      // an upload is not used in the last hour of it: clocks differ, replies wait
	uploadTime = time.Minute
	claimTime  = uploadTime + 15*time.Second // then the replica that claimed it was killed
	askAgain   = 200 * time.Millisecond      // while another replica uploads
	noteTime   = 5 * time.Second
	freeTime   = time.Second // of a mark that an upload is gone
)

// cache knows the media_ids of what was uploaded, for all replicas, by account,
// type and content.
type cache struct{ bucket *bus.Bucket }

// entry is what a key holds: an upload, or that a replica uploads it now. The
// server removes an entry when its time is over; no clock of ours decides who
// uploads.
type entry struct {
	MediaID string    `json:"media_id,omitempty"`
	Ends    time.Time `json:"ends,omitzero"`
	Claimed bool      `json:"claimed,omitempty"`
}

// upload is how a content comes to WeChat.
type upload func(ctx context.Context) (mediaID string, ends time.Time, err error)

// get returns the media_id of a key, and whether the content was uploaded for
// it now. Of all who ask for one key, one uploads, and the others wait for it.
func (c *cache) get(ctx context.Context, key string, up upload) (mediaID string, isNew bool, err error) {
	for {
		e, revision, err := c.load(ctx, key)
		if err != nil {
			return "", false, err
		}
		if e.MediaID != "" && time.Now().Before(e.Ends) {
			return e.MediaID, false, nil
		}
		if !e.Claimed {
			revision, err = c.save(ctx, key, entry{Claimed: true}, revision, claimTime)
			if err == nil {
				mediaID, err = c.upload(ctx, key, revision, up)
				return mediaID, true, err
			}
			if !errors.Is(err, bus.ErrConflict) {
				return "", false, err
			}
			continue // another one was faster
		}
		if err := pause(ctx, askAgain); err != nil {
			return "", false, fmt.Errorf("another replica uploads the file: %w", err)
		}
	}
}

// upload makes the call that was claimed and writes down what came of it. When
// that cannot be written the upload is as good, but known to nobody else.
func (c *cache) upload(ctx context.Context, key string, revision uint64, up upload) (string, error) {
	call, cancel := context.WithTimeout(ctx, uploadTime)
	defer cancel()
	mediaID, ends, err := up(call)
	note, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	defer cancel()
	if err != nil { // the next one may try at once
		_, _ = c.save(note, key, entry{}, revision, freeTime)
		return "", err
	}
	e := entry{MediaID: mediaID, Ends: lastUse(ends)}
	_, _ = c.save(note, key, e, revision, max(freeTime, time.Until(e.Ends)))
	return mediaID, nil
}

// lastUse is until when an upload is used. What ends at an odd time, by a clock
// that is wrong, is used for no longer than WeChat keeps anything.
func lastUse(ends time.Time) time.Time {
	most := time.Now().Add(lifetime)
	if ends.IsZero() || ends.After(most) {
		ends = most
	}
	return ends.Add(-margin)
}

// forget removes an upload that WeChat does not know any more. When the key
// holds another one by now, that one stays.
func (c *cache) forget(ctx context.Context, key, mediaID string) error {
	e, revision, err := c.load(ctx, key)
	if err != nil || e.MediaID != mediaID {
		return err
	}
	_, err = c.save(ctx, key, entry{}, revision, freeTime)
	if errors.Is(err, bus.ErrConflict) { // another replica was told the same
		return nil
	}
	return err
}

func (c *cache) load(ctx context.Context, key string) (e entry, revision uint64, err error) {
	value, revision, err := c.bucket.Load(ctx, key)
	if err != nil {
		return entry{}, 0, fmt.Errorf("uploads: %w", err)
	}
	_ = json.Unmarshal(value, &e) // what cannot be read is replaced
	return e, revision, nil
}

func (c *cache) save(ctx context.Context, key string, e entry, revision uint64, ttl time.Duration) (uint64, error) {
	value, err := json.Marshal(e)
	if err != nil {
		return 0, err
	}
	revision, err = c.bucket.SaveFor(ctx, key, value, revision, ttl)
	if err != nil {
		return 0, fmt.Errorf("uploads: %w", err)
	}
	return revision, nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
