package media

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// Uploader uploads temporary media to one account. It reads content to its
// end, size bytes, and may seek back to its beginning to try again. ends is
// when WeChat drops the upload; zero stands for three days from now.
type Uploader interface {
	Upload(ctx context.Context, kind, filename, contentType string, size int64, content io.ReadSeeker) (mediaID string, ends time.Time, err error)
}

// Resolver turns messages that name files into messages that WeChat takes. It
// is safe for concurrent use.
type Resolver struct {
	dir       string
	uploaders map[string]Uploader
	fetcher   *fetcher
	cache     cache
	given     recent[string] // keys of cache by account and media_id
}

// New returns a Resolver that uploads by the account's Uploader. The buckets
// must exist by the time it is used; see [bus.Bus.Prepare].
func New(cfg Config, uploaders map[string]Uploader, b *bus.Bus) *Resolver {
	return &Resolver{
		dir: cfg.Dir, uploaders: uploaders, fetcher: newFetcher(cfg.URLs),
		cache: cache{b.Bucket(bus.BucketMedia)},
	}
}

// Resolve returns a message, an object with msgtype, in which media_ids stand
// for the files that it names; one that names none is returned as it is. The
// message itself is not changed. A file that was uploaded to the account within
// the last days is not uploaded again, by whichever replica it was. It takes at
// most about two minutes, mostly less.
//
// It returns [ErrBad] for a file that cannot be sent, the error of the Uploader
// as it is, and any other error when another try may succeed. Nothing was sent
// to the user by then, whatever the error says.
func (r *Resolver) Resolve(ctx context.Context, account string, message Object) (Object, error) {
	msgType := wechat.StringIn(message["msgtype"])
	content, filled, err := r.resolve(ctx, account, msgType, message[msgType])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", msgType, err)
	}
	if !filled {
		return message, nil
	}
	value, err := wechat.Marshal(content)
	if err != nil {
		return nil, bad(msgType + " is not an object")
	}
	message = maps.Clone(message)
	message[msgType] = value
	return message, nil
}

// resolve returns a content with media_ids for the files that it names, and
// whether there are any.
func (r *Resolver) resolve(ctx context.Context, account, msgType string, value json.RawMessage) (content Object, filled bool, err error) {
	places := slots[msgType]
	if len(places) == 0 {
		return nil, false, nil
	}
	if json.Unmarshal(value, &content) != nil || content == nil {
		return nil, false, bad("not an object")
	}
	for _, s := range places {
		field, text, err := s.source(content)
		if err != nil {
			return nil, false, err
		}
		if field == "" {
			continue
		}
		mediaID, err := r.mediaID(ctx, account, s.kind, field, text, wechat.StringIn(content[s.prefix+fieldName]))
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", s.prefix+field, err)
		}
		if err := s.fill(content, mediaID); err != nil {
			return nil, false, err
		}
		filled = true
	}
	return content, filled, nil
}

// mediaID returns the media_id of a file, by an upload if need be.
func (r *Resolver) mediaID(ctx context.Context, account string, k kind, field, text, name string) (mediaID string, err error) {
	uploader, known := r.uploaders[account]
	if !known {
		return "", bad("the account is not one of this sender's")
	}
	isNew := false
	defer func() { count(account, k, isNew, err) }()
	c, err := r.open(ctx, k, field, text, name)
	if err != nil {
		return "", err
	}
	defer c.close()
	key := account + "." + k.name + "." + c.hash
	mediaID, isNew, err = r.cache.get(ctx, key, func(ctx context.Context) (string, time.Time, error) {
		return c.upload(ctx, uploader, k)
	})
	if err == nil {
		r.given.put(account+" "+mediaID, key)
	}
	return mediaID, err
}

// Forget drops the uploads of a message that Resolve returned, for WeChat has
// refused it with 40007, and reports whether there are any: then the message
// that Resolve was given may be resolved and sent once more. A media_id that
// came with the message is not one of them.
func (r *Resolver) Forget(ctx context.Context, account string, message Object) (again bool, err error) {
	msgType := wechat.StringIn(message["msgtype"])
	var content Object
	_ = json.Unmarshal(message[msgType], &content) // what is no object holds no media_id
	for _, s := range slots[msgType] {
		mediaID := wechat.StringIn(content[s.id])
		key, known := r.given.get(account + " " + mediaID)
		if !known {
			continue
		}
		if err := r.cache.forget(ctx, key, mediaID); err != nil {
			return false, err
		}
		again = true
	}
	return again, nil
}
