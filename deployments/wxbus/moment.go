package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// moment is a flag for a time: how long ago, such as 90m or 3d, or when, such as
// 2026-11-26T15:04:05+08:00 or, on this machine's clock, "2026-11-26 15:04".
type moment struct{ time.Time }

var errMoment = errors.New(`want how long ago, such as 90m, 2h or 3d, or a time such as "2026-11-26 15:04" or 2026-11-26T15:04:05+08:00`)

// Set implements pflag.Value.
func (m *moment) Set(text string) error {
	if ago, ok := duration(text); ok {
		m.Time = time.Now().Add(-ago)
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			m.Time = at
			return nil
		}
	}
	return errMoment
}

// String implements pflag.Value.
func (m *moment) String() string {
	if m.IsZero() {
		return ""
	}
	return m.Format(time.RFC3339)
}

// Type implements pflag.Value.
func (m *moment) Type() string { return "time" }

// duration reads a duration above 0, which may be in days.
func duration(text string) (time.Duration, bool) {
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		n, err := strconv.ParseFloat(days, 64)
		return time.Duration(n * float64(24*time.Hour)), err == nil && n > 0
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d > 0
}
