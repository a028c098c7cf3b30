package spool

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

const salt = "0123456789abcdef"

// sample has all that may be hard to keep: a traceparent, an OpenID that is
// not ASCII, a body with line breaks, zeros and what looks like a record.
func sample(body string) *Record {
	e := &route.Envelope{
		Account: "main", OpenID: "用户 <&>", Kind: wechat.KindText, ID: "main:用户 <&>:1",
		Time: time.Unix(1720000001, 0), Type: "application/json", Body: []byte(body),
	}
	header := e.Header()
	header["traceparent"] = []string{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	return NewRecord(e, header, time.Unix(1720000002, 345678901).UTC())
}

func encoded(t testing.TB, r *Record, salt string) []byte {
	t.Helper()
	data, err := r.encode(salt)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRecordComesBackAsItWas(t *testing.T) {
	for _, body := range []string{"", "{}", "\n\x00\xff", "wxr1 00000001 00000001 00000000\n{\n1\n", strings.Repeat("长", 1<<12)} {
		want := sample(body)
		data := encoded(t, want, salt)
		got, size := parse(salt, append(data, "and more"...))
		if size != len(data) {
			t.Errorf("size = %d, want %d", size, len(data))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// Whatever byte is damaged, in whatever way, and wherever it ends, a record is
// not mistaken for one.
func TestDamagedRecordIsNone(t *testing.T) {
	data := encoded(t, sample("你好"), salt)
	for at := range data {
		if r, _ := parse(salt, data[:at]); r != nil {
			t.Errorf("record that ends at byte %d was read", at)
		}
		for bit := range 8 {
			damaged := bytes.Clone(data)
			damaged[at] ^= 1 << bit
			if r, _ := parse(salt, damaged); r != nil && at != sumAt-1 {
				// upper and lower case of a hexadecimal digit are the same
				if !bytes.EqualFold(damaged[:lineSize], data[:lineSize]) {
					t.Errorf("record with bit %d of byte %d changed was read", bit, at)
				}
			}
		}
	}
}

// A user may write what he likes: without the salt it is no record, also when
// the record around it is damaged.
func TestNobodyCanWriteARecord(t *testing.T) {
	forged := encoded(t, sample("forged"), "fedcba9876543210")
	data := encoded(t, sample(string(forged)), salt)
	data[lineSize+3] ^= 1
	c := cursor{seg: &segment{salt: salt}, data: append(data, encoded(t, sample("next"), salt)...)}
	wreck, err := c.next(0)
	if err != nil || wreck.record != nil || len(wreck.data) != len(data) || wreck.torn {
		t.Errorf("piece = %+v, %v; want the damaged record", wreck, err)
	}
	next, err := c.next(0)
	if err != nil || next.record == nil || string(next.record.Body) != "next" {
		t.Errorf("piece = %+v, %v; want the next record", next, err)
	}
}

// Whatever a segment has become, reading it ends, leaves no byte out and finds
// the records that are as they were.
func FuzzSegment(f *testing.F) {
	first, second := encoded(f, sample("1"), salt), encoded(f, sample("2"), salt)
	f.Add([]byte{}, 0)
	f.Add([]byte("wxr1 "), 3)
	f.Add(first[:40], len(first))
	f.Add([]byte{0, 0, 0}, len(first)+len(second))
	f.Fuzz(func(t *testing.T, noise []byte, at int) {
		whole := append(bytes.Clone(first), second...)
		at = max(0, min(at, len(whole)))
		data := append(append(bytes.Clone(whole[:at]), noise...), whole[at:]...)
		c, read, records := cursor{seg: &segment{salt: salt}, data: data}, 0, 0
		for len(c.data) > 0 {
			p, err := c.next(0)
			if err != nil || len(p.data) == 0 {
				t.Fatalf("piece = %+v, %v", p, err)
			}
			read += len(p.data)
			if p.record != nil {
				records++
			}
		}
		if read != len(data) {
			t.Errorf("%d of %d bytes read", read, len(data))
		}
		if between := at == 0 || at == len(first) || at == len(whole); between && records != 2 {
			t.Errorf("%d records found, want 2", records)
		}
	})
}
