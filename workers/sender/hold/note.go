package hold

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

// Headers of a reply that was released. The first three name the reply that it
// was when it was stored for the first time.
const (
	HeaderSequence = "Wechat-Held-Sequence"
	HeaderID       = "Wechat-Held-Id"    // its Nats-Msg-Id
	HeaderSince    = "Wechat-Held-Since" // when it was stored, RFC 3339

	HeaderExpired = "Wechat-Held-Expired" // true: it has waited too long and is not to be sent
	headerNonce   = "Wechat-Held-Nonce"   // of the note that it was released from
)

// note is what stands in the bucket for a reply.
type note struct {
	ToUser   string    `json:"touser"`
	Sequence uint64    `json:"sequence"` // where its body is
	ID       string    `json:"id"`
	Since    time.Time `json:"since"`
	Nonce    string    `json:"nonce"`              // of its next release
	Released bool      `json:"released,omitempty"` // it is on its way
}

// Origin names a reply as it was stored for the first time. It stays the same
// however often the reply is held and released.
type Origin struct {
	ID       string // its Nats-Msg-Id
	Sequence uint64 // in the stream of replies
	Stored   time.Time
}

// OriginOf returns the origin of a reply: of one that was never held, itself.
func OriginOf(d *bus.Delivery) Origin {
	sequence, noSequence := strconv.ParseUint(d.Get(HeaderSequence), 10, 64)
	since, noTime := time.Parse(time.RFC3339Nano, d.Get(HeaderSince))
	if noSequence != nil || noTime != nil {
		return Origin{ID: d.Get(route.HeaderMsgID), Sequence: d.Sequence, Stored: d.Stored}
	}
	return Origin{ID: d.Get(HeaderID), Sequence: sequence, Stored: since}
}

// Released reports whether a reply was held before and is now to be sent, before
// those that wait.
func Released(d *bus.Delivery) bool { return d.Get(HeaderSequence) != "" }

// Expired reports whether a reply has waited too long: it becomes a dead letter.
func Expired(d *bus.Delivery) bool { return d.Get(HeaderExpired) == "true" }

// lotKey is what the keys of one user's replies begin with. The OpenID may hold
// what a key may not.
func lotKey(account, user string) string {
	sum := sha256.Sum256([]byte(user))
	return account + "." + hex.EncodeToString(sum[:16])
}

// replyKey is the key of a reply. Keys of one user sort as the replies were
// stored.
func replyKey(lot string, o Origin) string { return fmt.Sprintf("%s.%020d", lot, o.Sequence) }

// splitKey returns the account and what all keys of the user begin with.
func splitKey(key string) (account, lot string, ok bool) {
	end := strings.LastIndexByte(key, '.')
	if end < 0 {
		return "", "", false
	}
	account, _, ok = strings.Cut(key[:end], ".")
	return account, key[:end], ok
}

// header returns the headers of a reply that is released: its own, without
// those that were between its publisher and the stream.
func (n *note) header(key string, record *bus.Record, expired bool) map[string][]string {
	header := make(map[string][]string, len(record.Header)+5)
	for name, values := range record.Header {
		if !strings.HasPrefix(name, "Nats-") {
			header[name] = values
		}
	}
	header[HeaderSequence] = []string{strings.TrimLeft(key[strings.LastIndexByte(key, '.')+1:], "0")}
	header[HeaderID] = []string{n.ID}
	header[HeaderSince] = []string{n.Since.UTC().Format(time.RFC3339Nano)}
	header[headerNonce] = []string{n.Nonce}
	delete(header, HeaderExpired)
	if expired {
		header[HeaderExpired] = []string{"true"}
	}
	return header
}
