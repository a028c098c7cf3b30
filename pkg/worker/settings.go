package worker

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
)

// Settings say how a worker works. Programs embed them, so that each can be
// set through the environment.
type Settings struct {
	Slots      int           `envconfig:"WORKER_SLOTS" default:"16" desc:"messages handled at the same time, and the most that are fetched ahead"`
	Attempts   int           `envconfig:"WORKER_ATTEMPTS" default:"5" desc:"times a message is tried before it becomes a dead letter"`
	Timeout    time.Duration `envconfig:"WORKER_TIMEOUT" default:"2m" desc:"longest time a handler may take for one message"`
	Backoff    time.Duration `envconfig:"WORKER_BACKOFF" default:"1s" desc:"longest delay before the second try; it doubles with each further one"`
	BackoffMax time.Duration `envconfig:"WORKER_BACKOFF_MAX" default:"5m" desc:"longest delay before any try"`
	Stuck      time.Duration `envconfig:"WORKER_STUCK" default:"30s" desc:"how long after its time is over, or after it was told to stop, a handler that still runs is reported with its stack; 0 = never"`
	StuckExit  bool          `envconfig:"WORKER_STUCK_EXIT" default:"false" desc:"the program then ends, with exit status 1, so that it is started anew: what a stuck handler holds is free again"`
	Start      Start         `envconfig:"WORKER_START" default:"new" desc:"where a worker begins that has never run: new takes the messages from a minute ago on; all takes every one that is still stored, up to 72 hours old"`
	Collect    bool          `envconfig:"WORKER_COLLECT" default:"true" desc:"this worker also makes dead letters of messages that ended every process of another; false where it may not touch others' on NATS: the sender does it alone"`
	Typing     bool          `envconfig:"WORKER_TYPING" default:"true" desc:"users see that an answer is being written while a handler works longer than a second on what they wrote"`
}

// Start is where a worker begins whose durable does not exist yet. The zero value
// is [StartNew].
type Start string

// The choices of WORKER_START.
const (
	StartNew Start = "new"
	StartAll Start = "all"
)

// Decode implements envconfig.Decoder.
func (s *Start) Decode(text string) error {
	switch choice := Start(text); choice {
	case StartNew, StartAll:
		*s = choice
		return nil
	}
	return errors.New("want new or all")
}

// Validate checks what single values cannot show.
func (s *Settings) Validate() error {
	var faults []error
	if s.Slots < 1 {
		faults = append(faults, errors.New("WORKER_SLOTS: want 1 or more"))
	}
	if s.Attempts < 1 {
		faults = append(faults, errors.New("WORKER_ATTEMPTS: want 1 or more"))
	}
	if s.Timeout <= 0 {
		faults = append(faults, errors.New("WORKER_TIMEOUT: want a duration above 0"))
	}
	if s.Backoff <= 0 || s.BackoffMax < s.Backoff {
		faults = append(faults, errors.New("WORKER_BACKOFF: want a duration above 0 and at most WORKER_BACKOFF_MAX"))
	}
	if s.Stuck < 0 {
		faults = append(faults, errors.New("WORKER_STUCK: want a duration, or 0"))
	}
	return errors.Join(faults...)
}

// delay is how long to wait after a failed attempt: evenly spread between nothing
// and all of the backoff, so that many that failed together do not come back
// together.
func (s *Settings) delay(attempt int) time.Duration {
	return rand.N(s.longest(attempt) + 1) //nolint:gosec // spreads load, hides nothing
}

// longest is the backoff after a failed attempt.
func (s *Settings) longest(attempt int) time.Duration {
	if shift := attempt - 1; shift < 30 && s.Backoff<<shift < s.BackoffMax {
		return s.Backoff << shift
	}
	return s.BackoffMax
}

const (
	// heartbeat is how often the holder of a message shows that it lives.
	heartbeat = bus.AckWait / 3
	// lastCall is how long before the stream drops a message it becomes a dead
	// letter instead.
	lastCall = time.Hour
)
