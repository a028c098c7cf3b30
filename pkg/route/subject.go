package route

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Roots of the subjects; a stream that holds all of a root has root + ">".
const (
	In    = "wechat.in."
	Retry = "wechat.retry."
	Out   = "wechat.out."
	Dead  = "wechat.dead."
	Quota = "wechat.quota." // messages sent, by account and partition
)

// Roots of the subjects that no stream holds: <root><account>.<last>.
const (
	Typing    = "wechat.typing."    // a worker has a user see that an answer is being written
	Allowance = "wechat.allowance." // a request: what may still be sent to a user
	Sent      = "wechat.sent."      // what became of a reply: ok or dead
)

// Address is what the subject of an inbound message says.
type Address struct {
	Account   string
	Partition int
	Kind      wechat.Kind
}

// Subject returns the subject that a push with this address is stored under.
func (a Address) Subject() string { return In + a.tail() }

// RetrySubject returns the subject under which only worker sees it again.
func (a Address) RetrySubject(worker string) string { return Retry + worker + "." + a.tail() }

func (a Address) tail() string {
	return a.Account + "." + strconv.Itoa(a.Partition) + "." + string(a.Kind)
}

// ParseIn reads the subject of an inbound message, first seen or put back.
func ParseIn(subject string) (Address, error) {
	tail, ok := strings.CutPrefix(subject, In)
	if !ok {
		if tail, ok = strings.CutPrefix(subject, Retry); ok {
			_, tail, ok = strings.Cut(tail, ".")
		}
	}
	parts := strings.SplitN(tail, ".", 3)
	if !ok || len(parts) < 3 || parts[2] == "" {
		return Address{}, fmt.Errorf("subject %q is not one of an inbound message", subject)
	}
	partition, err := strconv.Atoi(parts[1])
	if err != nil || partition < 0 {
		return Address{}, fmt.Errorf("subject %q has no partition", subject)
	}
	return Address{Account: parts[0], Partition: partition, Kind: wechat.Kind(parts[2])}, nil
}

// Filters returns the subjects that a worker for kinds subscribes to: those of
// the kinds, each once, and its own retries. Kinds may be patterns; one that
// another covers is left out, because filters must not overlap.
func Filters(worker string, kinds []wechat.Kind) []string {
	var filters []string
	for i, kind := range kinds {
		if !coveredByOther(kinds, i) {
			filters = append(filters, In+"*.*."+string(kind))
		}
	}
	return append(filters, Retry+worker+".>")
}

func coveredByOther(kinds []wechat.Kind, i int) bool {
	for j, other := range kinds {
		if j != i && other.Covers(kinds[i]) && (other != kinds[i] || j < i) {
			return true
		}
	}
	return false
}

// Covers reports whether a filter takes a subject, or all subjects of a pattern:
// * stands for one token and > for one or more at the end.
func Covers(filter, subject string) bool {
	want, have := strings.Split(filter, "."), strings.Split(subject, ".")
	for i, token := range want {
		switch {
		case i >= len(have):
			return false
		case token == ">":
			return true
		case have[i] == ">", token != "*" && token != have[i]:
			return false
		}
	}
	return len(want) == len(have)
}

// Partition returns the partition of a user: FNV-1a (32 bit) of the OpenID
// modulo partitions. It equals the server's own {{partition(n,…)}}.
func Partition(openID string, partitions int) int {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(openID))
	return int(hash.Sum32() % uint32(partitions)) //nolint:gosec // partitions is small and positive
}

// OutSubject returns the subject to publish a reply for openID to. An OpenID
// that cannot be a token of a subject is replaced by the first number of the
// same partition, which is all that the stream keeps of it.
func OutSubject(account, openID string, partitions int) string {
	token := openID
	if !isToken(openID) {
		want := Partition(openID, partitions)
		n := 0
		for Partition(strconv.Itoa(n), partitions) != want {
			n++
		}
		token = strconv.Itoa(n)
	}
	return Out + account + "." + token
}

func isToken(text string) bool {
	for _, b := range []byte(text) {
		if b <= ' ' || b >= 0x7f || b == '.' || b == '*' || b == '>' {
			return false
		}
	}
	return text != ""
}

// ParseOut reads the subject that a reply is stored under.
func ParseOut(subject string) (account string, partition int, err error) {
	tail, ok := strings.CutPrefix(subject, Out)
	account, number, cut := strings.Cut(tail, ".")
	partition, bad := strconv.Atoi(number)
	if !ok || !cut || bad != nil || partition < 0 {
		return "", 0, fmt.Errorf("subject %q is not one of a stored reply", subject)
	}
	return account, partition, nil
}
