package pace_test

import (
	"math"
	"testing"

	"github.com/wxbus/wxbus/workers/sender/pace"
)

func TestConfigValidate(t *testing.T) {
	for rate, good := range map[float64]bool{
		0: true, 0.01: true, 1: true, 1e6: true, 0.001: false, -1: false, 2e6: false,
		math.NaN(): false, math.Inf(1): false, math.Inf(-1): false,
	} {
		cfg := pace.Config{Rate: rate}
		if err := cfg.Validate(); (err == nil) != good {
			t.Errorf("Validate of a rate of %v = %v", rate, err)
		}
	}
}
