package pace

import (
	"context"
	"encoding/json"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

const (
	storeTimeout = 500 * time.Millisecond // a reply waits for it
	memberLasts  = time.Minute            // of permits: who took none of them is no member any more
)

// stock is what the replicas share about the permits of an account.
type stock struct {
	Issued uint64            `json:"issued"` // so far
	By     map[string]uint64 `json:"by"`     // the count after each replica's newest lease
}

func loadStock(ctx context.Context, store *bus.Bucket, key string) (s stock, revision uint64, err error) {
	value, revision, err := store.Load(ctx, key)
	if value != nil {
		_ = json.Unmarshal(value, &s) // what cannot be read begins anew
	}
	return s, revision, err
}

func saveStock(ctx context.Context, store *bus.Bucket, key string, s stock, revision uint64) error {
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = store.Save(ctx, key, value, revision)
	return err
}

// grown is s after a lease of n. Replicas are forgotten that have taken none of
// the permits of the last minute.
func (s stock) grown(self string, n int, perSecond float64) stock {
	next := stock{Issued: s.Issued + uint64(max(0, n)), By: make(map[string]uint64, len(s.By)+1)}
	for id, mark := range s.By {
		if s.took(mark, max(4, perSecond*memberLasts.Seconds())) {
			next.By[id] = mark
		}
	}
	next.By[self] = next.Issued
	return next
}

// members counts the replicas that took some of the last permits, and self.
func (s stock) members(self string, last float64) (n int) {
	n = 1
	for id, mark := range s.By {
		if id != self && s.took(mark, last) {
			n++
		}
	}
	return n
}

func (s stock) took(mark uint64, last float64) bool {
	return mark <= s.Issued && float64(s.Issued-mark) < last
}
