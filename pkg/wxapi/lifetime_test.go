package wxapi

import (
	"math"
	"testing"
	"time"
)

func TestLifetime(t *testing.T) {
	tests := []struct {
		seconds int64
		want    time.Duration
	}{
		{math.MinInt64, time.Second},
		{-1, time.Second},
		{0, time.Second},
		{1, time.Second},
		{10, 5 * time.Second},
		{300, 150 * time.Second},
		{600, 5 * time.Minute},
		{601, 301 * time.Second},
		{7199, 7199*time.Second - 5*time.Minute},
		{7200, 115 * time.Minute},
		{10 * 365 * 86400, 115 * time.Minute},
		{math.MaxInt64, 115 * time.Minute},
	}
	for _, tt := range tests {
		if got := lifetime(tt.seconds); got != tt.want {
			t.Errorf("lifetime(%d) = %s, want %s", tt.seconds, got, tt.want)
		}
	}
}
