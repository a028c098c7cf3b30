package spool

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// Record is a push as it waits for JetStream. Its subject is made when it is
// published: into how many partitions the stream is divided may not be known
// before.
type Record struct {
	Account string              `json:"account"`
	OpenID  string              `json:"openid"` // valid UTF-8, "" when unknown
	Kind    wechat.Kind         `json:"kind"`
	Arrived time.Time           `json:"arrived"`
	Header  map[string][]string `json:"header"` // all that is published, with Nats-Msg-Id
	Body    []byte              `json:"-"`
}

// NewRecord returns the record of a push that arrived at a time and is to be
// published with these headers: those of the envelope, and traceparent.
func NewRecord(e *route.Envelope, header map[string][]string, arrived time.Time) *Record {
	return &Record{
		Account: e.Account, OpenID: e.OpenID, Kind: e.Kind,
		Arrived: arrived, Header: header, Body: e.Body,
	}
}

// ID returns the key of deduplication, "" when the headers have none.
func (r *Record) ID() string {
	if ids := r.Header[route.HeaderMsgID]; len(ids) > 0 {
		return ids[0]
	}
	return ""
}

func (r *Record) subject(partitions int) string {
	return route.Address{
		Account: r.Account, Partition: route.Partition(r.OpenID, partitions), Kind: r.Kind,
	}.Subject()
}

// The first line of a record: a mark that names the version of the encoding,
// the lengths of the JSON and of the body, and the checksum, in hexadecimal.
const (
	mark      = "wxr1 "
	hexSize   = 8
	sumAt     = len(mark) + 2*(hexSize+1)
	lineSize  = sumAt + hexSize + 1
	maxLength = 1 << 30 // of one part; what claims more is no record
)

// encode returns the record as it stands in a segment with that salt.
func (r *Record) encode(salt string) ([]byte, error) {
	about, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("spool: record %s: %w", r.ID(), err)
	}
	if len(about) > maxLength || len(r.Body) > maxLength {
		return nil, fmt.Errorf("spool: record %s: %w", r.ID(), ErrFull)
	}
	data := make([]byte, 0, lineSize+len(about)+len(r.Body)+2)
	data = fmt.Appendf(data, "%s%08x %08x %08x\n", mark, len(about), len(r.Body), 0)
	data = append(append(data, about...), '\n')
	data = append(append(data, r.Body...), '\n')
	copy(data[sumAt:], fmt.Sprintf("%08x", checksum(salt, data)))
	return data, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum covers all of a record but itself, and the salt.
func checksum(salt string, data []byte) uint32 {
	sum := crc32.Checksum([]byte(salt), castagnoli)
	sum = crc32.Update(sum, castagnoli, data[:sumAt])
	return crc32.Update(sum, castagnoli, data[sumAt+hexSize:])
}

// parse reads the record that data begins with, and returns its size. The
// record's body is part of data. It returns nil when data does not begin with
// a whole record that is as it was written.
func parse(salt string, data []byte) (r *Record, size int) {
	aboutSize, bodySize, ok := parseLine(data)
	if size = lineSize + aboutSize + bodySize + 2; !ok || size > len(data) {
		return nil, 0
	}
	if want, ok := parseHex(data[sumAt:]); !ok || checksum(salt, data[:size]) != want {
		return nil, 0
	}
	r = new(Record)
	about := data[lineSize : lineSize+aboutSize]
	if err := json.Unmarshal(about, r); err != nil {
		return nil, 0
	}
	r.Body = data[lineSize+aboutSize+1 : size-1]
	return r, size
}

// parseLine reads the lengths in the first line of a record.
func parseLine(data []byte) (aboutSize, bodySize int, ok bool) {
	if len(data) < lineSize || !bytes.HasPrefix(data, []byte(mark)) || data[lineSize-1] != '\n' {
		return 0, 0, false
	}
	about, aboutOK := parseHex(data[len(mark):])
	body, bodyOK := parseHex(data[len(mark)+hexSize+1:])
	if !aboutOK || !bodyOK || about > maxLength || body > maxLength {
		return 0, 0, false
	}
	return int(about), int(body), true
}

func parseHex(data []byte) (uint32, bool) {
	n, err := strconv.ParseUint(string(data[:hexSize]), 16, 32)
	return uint32(n), err == nil
}

// torn reports whether data, which begins with no record, is what a crash
// leaves of one that was being written: it is cut short, or zeros.
func torn(data []byte) bool {
	if len(data) < lineSize {
		return true
	}
	if aboutSize, bodySize, ok := parseLine(data); ok {
		return lineSize+aboutSize+bodySize+2 > len(data)
	}
	return len(bytes.Trim(data, "\x00")) == 0
}
