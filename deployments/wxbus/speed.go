package main

import (
	"errors"
	"strconv"
	"strings"

	"golang.org/x/time/rate"
)

// speed is a flag for how many messages are dealt with in a second or a minute.
type speed struct {
	limit rate.Limit
	text  string
}

const defaultSpeed = "50/s"

func newSpeed() speed {
	var s speed
	_ = s.Set(defaultSpeed)
	return s
}

// Set implements pflag.Value.
func (s *speed) Set(text string) error {
	number, unit, _ := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(number, 64)
	per, known := map[string]float64{"": 1, "s": 1, "m": 60}[unit]
	if err != nil || !known || !(n >= 0) {
		return errors.New("want a number for each second or minute, such as 50/s or 10/m; 0 is as fast as it goes")
	}
	if s.limit, s.text = rate.Limit(n/per), text; n == 0 {
		s.limit = rate.Inf
	}
	return nil
}

// String implements pflag.Value.
func (s *speed) String() string { return s.text }

// Type implements pflag.Value.
func (s *speed) Type() string { return "rate" }
