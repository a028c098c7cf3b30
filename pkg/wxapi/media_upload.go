package wxapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"sync"
	"time"
)

// uploadTimeout is for 10 MB over a slow line.
const uploadTimeout = 2 * time.Minute

// Upload gives WeChat a file (临时素材) and returns the media_id that replies
// name it by. What WeChat does not take, by its size or by what the file is, is
// a [FileError], and no call is made. The file is streamed, and read again when
// the token is refused; once Upload has returned nobody reads it.
//
// WeChat takes 100,000 uploads a day, of a test account 500 (45009). Errors:
// 40005 and 40137 format, 40006 and 40009 to 40012 size, 45007 a recording of
// more than 60 seconds.
//
// https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia
func (c *Client) Upload(ctx context.Context, kind MediaType, f File) (Media, error) {
	const path = "/cgi-bin/media/upload"
	rule, known := mediaRules[kind]
	if !known {
		return Media{}, &FileError{kind, "no such type; there are image, voice, video and thumb", codeMediaType, path}
	}
	var answer struct {
		ID        string  `json:"media_id"`
		ThumbID   string  `json:"thumb_media_id"` // in its place, of some thumbs
		CreatedAt Seconds `json:"created_at"`
	}
	asked := time.Now()
	if err := c.upload(ctx, path, url.Values{"type": {string(kind)}}, rule, f, &answer); err != nil {
		return Media{}, err
	}
	if answer.ID == "" {
		answer.ID = answer.ThumbID
	}
	if answer.ID == "" {
		return Media{}, fmt.Errorf("%s: %w: answer without media_id", path, errTransient)
	}
	return Media{kind, answer.ID, createdAt(answer.CreatedAt, asked)}, nil
}

// createdAt never lies after the call by our clock: an id that is believed to
// live longer than it does would fail replies.
func createdAt(told Seconds, asked time.Time) time.Time {
	if told == 0 || told.Time().After(asked) {
		return asked
	}
	return told.Time()
}

// upload posts a form with one file, called media.
func (c *Client) upload(ctx context.Context, path string, query url.Values, rule mediaRule, f File, result any) error {
	kind, err := rule.check(path, f)
	if err != nil {
		return err
	}
	form, err := newForm(kind, f)
	if err != nil {
		return fmt.Errorf("%s: read the file: %w", path, err)
	}
	defer form.release()
	return c.do(ctx, operation{
		method:      http.MethodPost,
		path:        path,
		query:       query,
		contentType: form.contentType,
		length:      form.length,
		body:        form.open,
		read:        func(response *http.Response) error { return read(path, response, result) },
		timeout:     uploadTimeout,
	})
}

// form is a multipart form around a file, which is not held in memory.
type form struct {
	contentType string
	length      int64
	head, tail  []byte
	file        File
	start       int64 // where the content stood
	last        *formReader
}

func newForm(kind format, f File) (*form, error) {
	start, err := f.Content.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	var frame bytes.Buffer
	writer := multipart.NewWriter(&frame)
	header := textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("media", kind.nameFor(f.Name))},
		"Content-Type":        {kind.contentType},
	}
	if _, err = writer.CreatePart(header); err != nil {
		return nil, err
	}
	head := frame.Len()
	if err = writer.Close(); err != nil {
		return nil, err
	}
	return &form{
		contentType: writer.FormDataContentType(),
		length:      int64(frame.Len()) + f.Size,
		head:        frame.Bytes()[:head],
		tail:        frame.Bytes()[head:],
		file:        f,
		start:       start,
	}, nil
}

// open returns the form from its beginning, and ends the reader before.
func (f *form) open() (io.Reader, error) {
	f.release()
	if _, err := f.file.Content.Seek(f.start, io.SeekStart); err != nil {
		return nil, err
	}
	f.last = &formReader{reader: io.MultiReader(
		bytes.NewReader(f.head),
		&exactReader{f.file.Content, f.file.Size},
		bytes.NewReader(f.tail),
	)}
	return f.last, nil
}

// release has nobody read the file any more.
func (f *form) release() {
	if f.last != nil {
		_ = f.last.Close()
	}
}

// formReader ends when it is closed. The HTTP client may go on reading a body
// after the answer has come; the file must not be read by two.
type formReader struct {
	mu     sync.Mutex
	reader io.Reader
	closed bool
}

// Read reads the form, until it is closed.
func (r *formReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	return r.reader.Read(p)
}

// Close waits for a Read that is under way.
func (r *formReader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	return nil
}

// exactReader reads left bytes, and fails when there are fewer.
type exactReader struct {
	reader io.Reader
	left   int64
}

// Read ends after the last of the bytes that there must be.
func (r *exactReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.reader.Read(p[:min(int64(len(p)), r.left)])
	switch r.left -= int64(n); {
	case r.left == 0:
		return n, nil // the form goes on
	case errors.Is(err, io.EOF):
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}
