package wxapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// MediaType is what a file is uploaded as.
type MediaType string

// The types of media.
const (
	Image MediaType = "image" // PNG, JPEG or GIF, up to 10 MB
	Voice MediaType = "voice" // AMR or MP3, up to 2 MB and 60 seconds
	Video MediaType = "video" // MP4, up to 10 MB
	Thumb MediaType = "thumb" // JPG, up to 64 KB
)

// mediaLasts is how long WeChat keeps what was uploaded.
const mediaLasts = 3 * 24 * time.Hour

// Media is a file that WeChat keeps.
type Media struct {
	Type      MediaType
	ID        string // media_id; only this account may use it, as often as it likes
	CreatedAt time.Time
}

// Ends returns when the media_id ends: WeChat keeps a file for three days.
func (m Media) Ends() time.Time { return m.CreatedAt.Add(mediaLasts) }

// File is what is uploaded.
type File struct {
	// Name is the file's name; may be empty. WeChat looks at its extension: one
	// that does not fit what the file is gets another.
	Name string
	// Size is the length of Content in bytes, from where it stands. Content
	// that has less fails the upload, and what it has more is left out.
	Size int64
	// Content is read from where it stands, as often as the call is made.
	Content io.ReadSeeker
}

// FileError says why WeChat does not take a file. It was found before the
// call; for [Classify] and [CodeOf] it is the refusal that WeChat would have
// answered.
type FileError struct {
	Type  MediaType
	Fault string // what is wrong and what is allowed
	Code  int
	op    string
}

// Error names the type and the fault.
func (e *FileError) Error() string { return fmt.Sprintf("%s: %s: %s", e.op, e.Type, e.Fault) }

// Unwrap returns the refusal that WeChat would have answered.
func (e *FileError) Unwrap() error { return &Error{Op: e.op, Code: e.Code, Msg: e.Fault} }

// The errcodes that a [FileError] has.
const (
	codeMediaType = 40004
	codeFormat    = 40005
	codeSize      = 40006
	codeEmpty     = 44001
)

// mediaRule is what WeChat takes as one type.
type mediaRule struct {
	kind    MediaType
	formats []format
	most    int64
	allowed string // the same in words
}

// format is a kind of file.
type format struct {
	contentType string
	extensions  []string // the first one is given to a file that has no other
}

var (
	png  = format{"image/png", []string{".png"}}
	jpeg = format{"image/jpeg", []string{".jpg", ".jpeg"}}
	gif  = format{"image/gif", []string{".gif"}}
	amr  = format{"audio/amr", []string{".amr"}}
	mp3  = format{"audio/mpeg", []string{".mp3"}}
	mp4  = format{"video/mp4", []string{".mp4"}}
)

// mediaRules has the limits of WeChat's page; older ones were lower.
var mediaRules = map[MediaType]mediaRule{
	Image: {Image, []format{png, jpeg, gif}, 10 << 20, "PNG, JPEG or GIF of at most 10 MB"},
	Voice: {Voice, []format{amr, mp3}, 2 << 20, "AMR or MP3 of at most 2 MB"},
	Video: {Video, []format{mp4}, 10 << 20, "MP4 of at most 10 MB"},
	Thumb: {Thumb, []format{jpeg}, 64 << 10, "JPG of at most 64 KB"},
}

var avatarRule = mediaRule{Image, []format{jpeg}, 5 << 20, "JPG of at most 5 MB"}

// sniffed is how much of a file tells its format.
const sniffed = 512

// check returns the format of a file, or a FileError. It leaves the content
// where it stands.
func (rule mediaRule) check(op string, f File) (format, error) {
	fault := func(code int, text string) error {
		return &FileError{rule.kind, fmt.Sprintf("%s; it must be %s", text, rule.allowed), code, op}
	}
	switch {
	case f.Size <= 0 || f.Content == nil:
		return format{}, fault(codeEmpty, "the file is empty")
	case f.Size > rule.most:
		return format{}, fault(codeSize, fmt.Sprintf("the file has %d bytes", f.Size))
	}
	head := make([]byte, min(f.Size, sniffed))
	n, err := io.ReadFull(f.Content, head)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return format{}, fault(codeSize, fmt.Sprintf("the file has %d bytes and not %d", n, f.Size))
	}
	if err == nil {
		_, err = f.Content.Seek(-int64(n), io.SeekCurrent)
	}
	if err != nil {
		return format{}, fmt.Errorf("%s: read the file: %w", op, err)
	}
	contentType := contentTypeOf(head)
	for _, known := range rule.formats {
		if known.contentType == contentType {
			return known, nil
		}
	}
	return format{}, fault(codeFormat, "the file is "+contentType)
}

// contentTypeOf tells what a file is by how it begins.
func contentTypeOf(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("#!AMR")):
		return amr.contentType
	case len(head) > 1 && head[0] == 0xFF && head[1]&0xE6 == 0xE2: // MPEG audio, layer III, without a tag
		return mp3.contentType
	case len(head) >= 12 && string(head[4:8]) == "ftyp" && string(head[8:12]) != "qt  ":
		return mp4.contentType
	}
	contentType, _, _ := strings.Cut(http.DetectContentType(head), ";")
	return contentType
}

// nameFor returns a file name whose extension says what the file is.
func (f format) nameFor(name string) string {
	if name = path.Base(strings.ReplaceAll(name, `\`, "/")); name == "." || name == "/" {
		name = "media"
	}
	if slices.Contains(f.extensions, strings.ToLower(path.Ext(name))) {
		return name
	}
	return name + f.extensions[0]
}
