package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"github.com/wxbus/wxbus/pkg/bus"
)

const (
	stepTime = 15 * time.Second // longest for one message
	sayEvery = 2 * time.Second
)

// batch is many messages that are dealt with one after the other.
type batch struct {
	done  string // what has become of a message: put back, dropped, replayed
	do    func(ctx context.Context, sequence uint64) (subject string, err error)
	gone  error // of a message that somebody else was faster with; nil if that is a failure
	speed rate.Limit
	json  bool
	out   io.Writer // a line for each message
	say   io.Writer // how far it is
}

// step is what became of one message.
type step struct {
	Sequence uint64 `json:"sequence"`
	Subject  string `json:"subject,omitempty"` // where it is now
	Error    string `json:"error,omitempty"`
}

// count is how many messages came to which end.
type count struct{ all, done, gone, failed int }

func (n count) left() int { return n.all - n.done - n.gone - n.failed }

// run deals with the messages until ctx is done, which leaves none half done, or
// NATS takes no more. A failure does not hold up those behind it, and is the
// error in the end.
func (b *batch) run(ctx context.Context, sequences []uint64) error {
	n, limiter, said := count{all: len(sequences)}, rate.NewLimiter(b.speed, 1), time.Now()
	var stopped error
	for _, sequence := range sequences {
		if stopped = limiter.Wait(ctx); stopped != nil {
			break
		}
		if stopped = b.next(ctx, sequence, &n); stopped != nil {
			break
		}
		if time.Since(said) > sayEvery {
			said = time.Now()
			b.sum(n)
		}
	}
	b.sum(n)
	switch {
	case stopped != nil:
		return fmt.Errorf("stopped, %d are left: %w", n.left(), stopped)
	case n.failed > 0:
		return fmt.Errorf("%d of %d failed", n.failed, n.all)
	}
	return nil
}

// next deals with a message and counts it. Its error is one that the messages
// behind would have, too.
func (b *batch) next(ctx context.Context, sequence uint64, n *count) error {
	subject, err := b.one(ctx, sequence)
	switch {
	case err == nil:
		n.done++
	case b.gone != nil && errors.Is(err, b.gone):
		n.gone++
		return nil
	default:
		n.failed++
	}
	b.tell(sequence, subject, err)
	if errors.Is(err, bus.ErrUnavailable) || errors.Is(err, bus.ErrFull) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// sum says how far the batch is.
func (b *batch) sum(n count) {
	text := fmt.Sprintf("%s %d of %d", b.done, n.done, n.all)
	if n.gone > 0 {
		text += fmt.Sprintf(", %d gone meanwhile", n.gone)
	}
	if n.failed > 0 {
		text += fmt.Sprintf(", %d failed", n.failed)
	}
	_, _ = fmt.Fprintln(b.say, text)
}

// one deals with a message to the end, also when ctx is done meanwhile.
func (b *batch) one(ctx context.Context, sequence uint64) (subject string, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepTime)
	defer cancel()
	return b.do(ctx, sequence)
}

func (b *batch) tell(sequence uint64, subject string, err error) {
	s := step{Sequence: sequence, Subject: subject}
	if err != nil {
		s.Error = err.Error()
	}
	switch {
	case b.json:
		_ = json.NewEncoder(b.out).Encode(s)
	case err != nil:
		_, _ = fmt.Fprintln(b.say, err)
	default:
		_, _ = fmt.Fprintln(b.out, strings.TrimSpace(fmt.Sprint(sequence, " ", b.done, " ", subject)))
	}
}

// newBatch returns a batch that prints where a command does.
func newBatch(c *cobra.Command, done string, speed rate.Limit, asJSON bool) *batch {
	return &batch{done: done, speed: speed, json: asJSON, out: c.OutOrStdout(), say: c.ErrOrStderr()}
}
