package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// cursor reads a segment from where it is drained up to.
type cursor struct {
	dir  string
	seg  *segment
	at   int64  // of the next piece
	data []byte // what was read and not yet parsed, from at on
}

// piece is a record, or bytes that are none.
type piece struct {
	record     *Record
	start, end int64 // in the segment
	data       []byte
	torn       bool // the bytes are the rest of a record that was never answered for
}

// next returns the next piece before size, or [io.EOF].
func (c *cursor) next(size int64) (piece, error) {
	if len(c.data) == 0 && c.at < size {
		if err := c.load(size); err != nil {
			return piece{}, err
		}
	}
	if len(c.data) == 0 {
		return piece{}, io.EOF
	}
	record, n := parse(c.seg.salt, c.data)
	p := piece{record: record, start: c.at}
	if record == nil {
		n = c.wreck()
		p.torn = n == len(c.data) && torn(c.data)
	}
	p.data, c.data = c.data[:n], c.data[n:]
	c.at += int64(n)
	p.end = c.at
	return p, nil
}

func (c *cursor) load(size int64) error {
	file, err := os.Open(filepath.Join(c.dir, c.seg.name))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	data := make([]byte, size-c.at)
	n, err := file.ReadAt(data, c.at)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: %w", c.seg.name, err)
	}
	c.data = data[:n]
	return nil
}

// wreck returns how many bytes there are before the next whole record.
func (c *cursor) wreck() int {
	for at := 1; ; at++ {
		next := bytes.Index(c.data[at:], []byte(mark))
		if next < 0 {
			return len(c.data)
		}
		at += next
		if record, _ := parse(c.seg.salt, c.data[at:]); record != nil {
			return at
		}
	}
}
