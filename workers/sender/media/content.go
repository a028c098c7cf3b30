package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// inlineMax is how many bytes a reply itself may hold.
const inlineMax = 1 << 20

// content is a file that was found good, ready to be uploaded.
type content struct {
	io.ReadSeeker // at its beginning

	size   int64
	hash   string // SHA-256 in hex
	format format
	name   string

	file  *os.File    // nil when it is in memory
	found fs.FileInfo // of file when it was hashed
	free  func()

	// again fetches what has not been fetched because it was known by its hash
	// already; nil when the content is at hand.
	again func(ctx context.Context) (*content, error)
}

// open finds what a message names and checks it.
func (r *Resolver) open(ctx context.Context, k kind, field, text, name string) (*content, error) {
	switch field {
	case fieldFile:
		return openFile(r.dir, k, text)
	case fieldURL:
		return r.fetcher.fetch(ctx, k, text)
	default:
		return decodeInline(k, text, name)
	}
}

func decodeInline(k kind, text, name string) (*content, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, bad("data is not base64")
	}
	if len(data) > inlineMax {
		return nil, bad(fmt.Sprintf("more than %d KiB in the reply itself: use a file or a URL", inlineMax>>10))
	}
	c := &content{ReadSeeker: bytes.NewReader(data), free: func() {}}
	return c, c.check(k, name)
}

// check reads the content once: its size, its format and its hash.
func (c *content) check(k kind, name string) error {
	hash := sha256.New()
	head := make([]byte, headSize)
	n, err := io.ReadFull(c, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read the file: %w", err)
	}
	head = head[:n]
	if n == 0 {
		return bad("empty")
	}
	if c.format, err = k.formatOf(head); err != nil {
		return err
	}
	_, _ = hash.Write(head) // a hash takes everything
	rest, err := io.Copy(hash, io.LimitReader(c, k.max))
	if err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	if c.size = int64(n) + rest; c.size > k.max {
		return k.tooLarge()
	}
	c.hash, c.name = hex.EncodeToString(hash.Sum(nil)), c.format.fileName(k, name)
	return c.rewind()
}

func (c *content) rewind() error {
	if _, err := c.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	return nil
}

var errChanged = errors.New("the file was changed while it was uploaded")

// upload uploads the content.
func (c *content) upload(ctx context.Context, to Uploader, k kind) (mediaID string, ends time.Time, err error) {
	if c.again != nil {
		whole, err := c.again(ctx)
		if err != nil {
			return "", time.Time{}, err
		}
		defer whole.close()
		if whole.hash != c.hash {
			return "", time.Time{}, errChanged
		}
		return whole.upload(ctx, to, k)
	}
	mediaID, ends, err = to.Upload(ctx, k.name, c.name, c.format.contentType, c.size, c)
	if err == nil && c.changed() {
		err = errChanged
	}
	return mediaID, ends, err
}

// changed reports whether a file was written to since it was hashed: then what
// was uploaded may be another content.
func (c *content) changed() bool {
	if c.file == nil {
		return false
	}
	now, err := c.file.Stat()
	return err != nil || now.Size() != c.found.Size() || !now.ModTime().Equal(c.found.ModTime())
}

func (c *content) close() { c.free() }
