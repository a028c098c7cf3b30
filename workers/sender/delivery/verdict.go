package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/pkg/wxapi"
)

// passes reports whether a failed part counts as sent: when nobody knows and
// the settings say not to send it again.
func (j *job) passes(err error) bool {
	if wxapi.Classify(err) != wxapi.Doubtful {
		return false
	}
	j.countDoubt()
	return j.inDoubt == Skip
}

// refused turns WeChat's no into a verdict. This is the only place that does.
func (j *job) refused(ctx context.Context, message part, err error) error {
	code := wxapi.CodeOf(err)
	if failed := j.ledger.refuse(ctx, j.done, code); failed != nil {
		j.host.Log.Warn("ledger not written", "message", j.d, "err", failed)
	}
	j.quota.Refused(ctx, j.name, j.reply.toUser, code)
	if code == mediaIDRefused && j.uploadAgain(ctx, message) {
		return worker.RetryAfter(backoff, err)
	}
	switch wxapi.Classify(err) {
	case wxapi.Permanent, wxapi.BadToken:
		return worker.Drop(fmt.Sprintf("%d %s", code, wxapi.Meaning(code)), err)
	case wxapi.Transient, wxapi.Throttled, wxapi.Doubtful:
	}
	if after := tokenIn(err); after > 0 {
		return worker.RetryAfter(after, err)
	}
	return err
}

// tokenIn returns after how long there may be a token again, 0 when it is not
// for want of one that a call failed.
func tokenIn(err error) time.Duration {
	if pending, ok := errors.AsType[*wxapi.TokenPendingError](err); ok {
		return pending.After
	}
	if refused, ok := errors.AsType[*wxapi.TokenError](err); ok {
		return refused.After
	}
	return 0
}

// countDoubt records a part of which nobody knows whether it arrived.
func (j *job) countDoubt() {
	inDoubt.WithLabelValues(j.name, string(j.inDoubt)).Inc()
	j.host.Log.Warn("part in doubt: its call got no answer", "message", j.d,
		"id", j.d.Get(route.HeaderMsgID), "policy", string(j.inDoubt))
}
