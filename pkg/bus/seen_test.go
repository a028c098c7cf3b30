package bus

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// How far back a durable begins cannot be waited for.
func TestDurableThatWasDeletedSkipsNothingThatWaits(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		name string
		seen time.Time
		want time.Time
	}{
		{"nothing delivered yet", time.Time{}, now.Add(-freshStart)},
		{"up to date", now.Add(-time.Second), now.Add(-freshStart)},
		{"behind", now.Add(-time.Hour), now.Add(-time.Hour + 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Durable{Name: "echo"}.config(tt.seen)
			if cfg.DeliverPolicy != jetstream.DeliverByStartTimePolicy {
				t.Fatalf("it begins by %v", cfg.DeliverPolicy)
			}
			if got := cfg.OptStartTime.Sub(tt.want); got < 0 || got > time.Minute {
				t.Errorf("it begins at %v, want %v", cfg.OptStartTime, tt.want)
			}
		})
	}
	if cfg := (Durable{All: true}).config(now); cfg.DeliverPolicy != jetstream.DeliverAllPolicy || cfg.OptStartTime != nil {
		t.Errorf("one for all begins by %v at %v", cfg.DeliverPolicy, cfg.OptStartTime)
	}
}
