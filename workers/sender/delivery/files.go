package delivery

import (
	"context"
	"errors"
	"fmt"

	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/workers/sender/media"
)

// mediaIDRefused is the errcode for a media_id that WeChat does not know any
// more.
const mediaIDRefused = 40007

// resolve returns a part in which media_ids stand for the files that it names.
// A file that cannot be sent ends the reply.
func (j *job) resolve(ctx context.Context, p part) (part, error) {
	message, err := j.media.Resolve(ctx, j.name, p.message)
	if err == nil {
		return part{p.msgType, message}, nil
	}
	code := wxapi.CodeOf(err)
	switch {
	case errors.Is(err, media.ErrBad):
		return part{}, worker.Drop("media", err)
	case code != 0 && wxapi.Classify(err) == wxapi.Permanent:
		return part{}, worker.Drop(fmt.Sprintf("%d %s", code, wxapi.Meaning(code)), err)
	}
	return part{}, fmt.Errorf("upload: %w", err)
}

// uploadAgain forgets the uploads of a message whose media_id was refused, and
// reports whether there were any: WeChat may drop them early. It happens once
// for each reply.
func (j *job) uploadAgain(ctx context.Context, message part) bool {
	if j.done.Reuploaded {
		return false
	}
	again, err := j.media.Forget(ctx, j.name, message.message)
	if err != nil {
		j.host.Log.Warn("upload not forgotten", "message", j.d, "err", err)
	}
	if again {
		j.done.Reuploaded = true
		if err := j.ledger.note(ctx, j.done); err != nil {
			j.host.Log.Warn("ledger not written", "message", j.d, "err", err)
		}
	}
	return again
}
