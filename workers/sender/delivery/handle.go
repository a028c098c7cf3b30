package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/pkg/wxapi"
)

// tokenPause is how long a reply waits whose token may not be replaced yet.
const tokenPause = 30 * time.Second

// handle sends a reply, part by part, from the first one that was not sent.
func (s *sender) handle(ctx context.Context, d *bus.Delivery) error {
	name, a, r, err := s.read(ctx, d)
	if errors.Is(err, errMalformed) {
		return worker.Drop("malformed", err)
	}
	if err != nil {
		return err
	}
	if wait := a.pause.left(); wait > 0 {
		return worker.RetryAfter(wait, errors.New("the account pauses"))
	}
	progress, err := s.ledger.open(ctx, d, len(r.parts))
	if err != nil {
		return err
	}
	if progress.calling() {
		s.countDoubt(name, d)
		if s.inDoubt == Skip {
			progress.skip()
		}
	}
	for i := progress.next(); i < len(r.parts); i++ {
		if err := s.sendPart(ctx, name, a, d, r, progress, i); err != nil {
			return err
		}
	}
	return nil
}

// read parses a reply and checks that it may be sent as it is addressed.
func (s *sender) read(ctx context.Context, d *bus.Delivery) (name string, a *account, r *reply, err error) {
	name, partition, err := route.ParseOut(d.Subject)
	if err != nil {
		return "", nil, nil, malformed(err.Error())
	}
	a, known := s.accounts[name]
	if !known {
		return "", nil, nil, malformed(fmt.Sprintf("account %q is not one of this sender's", name))
	}
	if r, err = parseReply(d.Body); err != nil {
		return "", nil, nil, err
	}
	partitions, err := s.bus.Partitions(ctx)
	if err != nil {
		return "", nil, nil, err
	}
	if route.Partition(r.toUser, partitions) != partition {
		return "", nil, nil, malformed("touser does not belong to the subject that the reply was published to")
	}
	return name, a, r, nil
}

// sendPart makes one call and notes it in the ledger.
func (s *sender) sendPart(ctx context.Context, name string, a *account, d *bus.Delivery, r *reply, p *progress, i int) error {
	if s.inDoubt == Skip {
		if err := s.ledger.note(ctx, p, i, true); err != nil {
			return err
		}
	}
	started := time.Now()
	err := a.api.Send(ctx, r.parts[i])
	observe(name, err, time.Since(started))
	if err != nil && !s.passed(name, d, err) {
		return s.refused(ctx, a, d, p, i, err)
	}
	err = s.ledger.note(ctx, p, i+1, false)
	if err != nil && p.next() == p.parts { // all is sent: its acknowledgement may still be heard
		s.host.Log.Warn("ledger not written", "message", d, "err", err)
		return nil
	}
	return err
}

// passed reports whether a failed part counts as sent: when nobody knows and
// the settings say not to send it again.
func (s *sender) passed(name string, d *bus.Delivery, err error) bool {
	if wxapi.Classify(err) != wxapi.Doubtful {
		return false
	}
	s.countDoubt(name, d)
	return s.inDoubt == Skip
}

// refused turns WeChat's no into a verdict. This is the only place that does.
func (s *sender) refused(ctx context.Context, a *account, d *bus.Delivery, p *progress, i int, err error) error {
	if s.inDoubt == Skip { // a clear no: the part was not sent
		if failed := s.ledger.note(ctx, p, i, false); failed != nil {
			s.host.Log.Warn("ledger not written", "message", d, "err", failed)
		}
	}
	switch wxapi.Classify(err) {
	case wxapi.Permanent, wxapi.BadToken:
		code := wxapi.CodeOf(err)
		return worker.Drop(fmt.Sprintf("%d %s", code, wxapi.Meaning(code)), err)
	case wxapi.Throttled:
		wait := backoffFor(d.Attempt)
		a.pause.set(ctx, wait)
		return worker.RetryAfter(wait, err)
	case wxapi.Transient, wxapi.Doubtful:
	}
	if errors.Is(err, wxapi.ErrTokenPending) {
		return worker.RetryAfter(tokenPause, err)
	}
	return err
}

func (s *sender) countDoubt(name string, d *bus.Delivery) {
	inDoubt.WithLabelValues(name, string(s.inDoubt)).Inc()
	s.host.Log.Warn("part in doubt: its call got no answer", "message", d,
		"id", d.Get(route.HeaderMsgID), "policy", string(s.inDoubt))
}

func backoffFor(attempt int) time.Duration {
	if attempt > 20 {
		return backoffMax
	}
	return min(backoff<<attempt, backoffMax)
}
