package delivery

import (
	"context"
	"io"
	"time"

	"github.com/wxbus/wxbus/pkg/wxapi"
)

// caller is an account's API as packages media and typing want it.
type caller struct{ api *wxapi.Client }

// Upload implements media.Uploader.
func (c caller) Upload(ctx context.Context, kind, name, _ string, size int64, content io.ReadSeeker) (mediaID string, ends time.Time, err error) {
	file, err := c.api.Upload(ctx, wxapi.MediaType(kind), wxapi.File{Name: name, Size: size, Content: content})
	if err != nil {
		return "", time.Time{}, err
	}
	return file.ID, file.Ends(), nil
}

// Typing implements typing.Caller.
func (c caller) Typing(ctx context.Context, user string, on bool) error {
	if on {
		return c.api.Typing(ctx, user)
	}
	return c.api.CancelTyping(ctx, user)
}
