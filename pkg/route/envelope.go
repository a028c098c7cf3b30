package route

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Headers of messages on the bus: CloudEvents 1.0 in the binary mode of its
// NATS binding, and those of our own.
const (
	HeaderSpecVersion = "ce-specversion"
	HeaderID          = "ce-id"
	HeaderSource      = "ce-source"
	HeaderType        = "ce-type"
	HeaderSubject     = "ce-subject"
	HeaderTime        = "ce-time"
	HeaderContentType = "ce-datacontenttype"
	HeaderMsgID       = "Nats-Msg-Id"
	HeaderInReplyTo   = "Wechat-In-Reply-To"
)

// Headers of messages that an operator has handled again.
const (
	// HeaderRetryOf names the reply that a dead letter was put back of, as it was
	// stored for the first time: sequence, time in RFC 3339 and Nats-Msg-Id, with
	// blanks between. What was sent of it is not sent again.
	HeaderRetryOf = "Wechat-Retry-Of"
	// HeaderReplay says that a push is handled for another time by one worker:
	// [ReplayDry] that its replies must not be published, [ReplayLive] that they
	// are to be, under ids of their own.
	HeaderReplay   = "Wechat-Replay"
	HeaderReplayID = "Wechat-Replay-Id" // names the replay, for those ids
)

// The values of [HeaderReplay].
const (
	ReplayDry  = "dry"
	ReplayLive = "live"
)

// foreign are the beginnings of names of headers that say how a message was
// stored, held or given up, and are not its own.
var foreign = []string{"Nats-", "Dead-", "Wechat-Held-"}

// Own returns a copy of the headers that a message has wherever it is stored, to
// publish it once more: without its id, conditions on the stream that it was in,
// and what a dead letter or the sender's hold added.
func Own(header map[string][]string) map[string][]string {
	own := make(map[string][]string, len(header))
	for name, values := range header {
		if !slices.ContainsFunc(foreign, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			own[name] = values
		}
	}
	return own
}

// Envelope is a push on its way into the stream.
type Envelope struct {
	Account string
	OpenID  string // decides the partition; "" when unknown
	Kind    wechat.Kind
	ID      string // key of deduplication, the same for every delivery of a push
	Time    time.Time
	Type    string // media type of Body
	Body    []byte
}

// Pack wraps a decoded push. plaintext is the push as WeChat wrote it, after
// decryption: events have no id of their own, so its hash is their key. now
// stands in for a CreateTime that says nothing.
func Pack(account string, m *wechat.Message, plaintext []byte, now time.Time) *Envelope {
	e := &Envelope{
		Account: account, OpenID: m.FromUserName, Kind: m.Kind(),
		Time: now, Type: "application/json", Body: m.Body,
	}
	if created, ok := m.Time(); ok {
		e.Time = created
	}
	if m.MsgId != "" {
		e.ID = account + ":" + m.FromUserName + ":" + m.MsgId
	} else {
		e.ID = hashID(account, plaintext)
	}
	return e
}

// PackUndecodable wraps a genuine push that cannot be decoded, as it is.
func PackUndecodable(account string, plaintext []byte, now time.Time) *Envelope {
	mediaType := "application/json"
	if wechat.LooksLikeXML(plaintext) {
		mediaType = "application/xml"
	}
	return &Envelope{
		Account: account, Kind: wechat.Undecodable, ID: hashID(account, plaintext),
		Time: now, Type: mediaType, Body: plaintext,
	}
}

func hashID(account string, plaintext []byte) string {
	sum := sha256.Sum256(plaintext)
	return account + ":" + hex.EncodeToString(sum[:16])
}

// Subject returns where the push is stored when there are that many partitions.
func (e *Envelope) Subject(partitions int) string {
	return Address{e.Account, Partition(e.OpenID, partitions), e.Kind}.Subject()
}

// Header returns the message's headers. Values are percent-encoded as
// CloudEvents asks, so that no OpenID can break the header block.
func (e *Envelope) Header() map[string][]string { return new(Headers).Of(e) }

// Headers is memory for the headers of one message after the other.
type Headers struct {
	fields map[string][]string
	values [7]string
}

// Of returns [Envelope.Header]. The headers are good until the next call.
func (h *Headers) Of(e *Envelope) map[string][]string {
	id := Encode(e.ID)
	h.values = [...]string{
		"1.0", id, "/wechat/" + e.Account, "wechat." + string(e.Kind),
		e.Time.UTC().Format(time.RFC3339), e.Type, Encode(e.OpenID),
	}
	if h.fields == nil {
		const most = 9 // with traceparent
		h.fields = make(map[string][]string, most)
	}
	clear(h.fields)
	for i, name := range [...]string{
		HeaderSpecVersion, HeaderID, HeaderSource, HeaderType, HeaderTime, HeaderContentType, HeaderSubject,
	} {
		if h.values[i] != "" {
			h.fields[name] = h.values[i : i+1 : i+1]
		}
	}
	h.fields[HeaderMsgID] = h.fields[HeaderID]
	return h.fields
}

// Unpack reads an inbound message back from the bus. A body that is not what
// [Pack] wrote, such as an undecodable push, returns [wechat.ErrMalformed].
func Unpack(address Address, header map[string][]string, body []byte) (*wechat.Message, error) {
	m, err := wechat.Decode(body)
	if err != nil {
		return nil, err
	}
	m.Account = address.Account
	if ids := header[HeaderID]; len(ids) > 0 {
		m.ID = ids[0]
	}
	return m, nil
}

// Encode percent-encodes what a CloudEvents header may not hold as it is:
// blanks, double quotes, percent signs and everything but printable ASCII.
func Encode(value string) string {
	const hex = "0123456789ABCDEF"
	if !strings.ContainsFunc(value, mustEncode) {
		return value
	}
	var text strings.Builder
	for _, b := range []byte(value) {
		if mustEncode(rune(b)) {
			text.Write([]byte{'%', hex[b>>4], hex[b&15]})
		} else {
			text.WriteByte(b)
		}
	}
	return text.String()
}

// Decode returns what [Encode] made of a value; one that it did not make stays as
// it is.
func Decode(value string) string {
	if text, err := url.PathUnescape(value); err == nil {
		return text
	}
	return value
}

func mustEncode(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' || r == '%' }
