package bus

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

const (
	stallAfter = 30 * time.Second
	stallLooks = 6 // how often it is looked within that time whether something came
	stallAsk   = 2 * time.Second
)

var pullRestarts = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "wxbus_bus_pull_restarts_total",
	Help: "Pulls that were made anew because the server was silent about them (silent), or had messages and sent none (stalled).",
}, []string{"worker", "reason"})

// stalled is called stallLooks times within the time that a durable may have
// messages and send none. It reports whether it keeps them back from an open
// pull: then another one, on an inbox of its own, may get them. When nothing
// waits, or other replicas hold all that may be held, nothing has to come. The
// server is asked twice, some seconds apart: a message may be under way just
// then. The error is that the durable is gone.
func (p *puller) stalled(ctx context.Context) (bool, error) {
	if p.asked == 0 || !p.bus.nc.IsConnected() {
		p.idle = 0
		return false, nil
	}
	if p.idle++; p.idle < stallLooks {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, stallAsk)
	defer cancel()
	info, err := p.bus.info(ctx, p.durable)
	if errors.Is(err, ErrNoDurable) {
		return false, err
	}
	if err != nil { // it has no leader just now: asked again with the next look
		return false, nil
	}
	most := info.Config.MaxAckPending
	if info.NumPending == 0 || info.Paused || most > 0 && info.NumAckPending >= most {
		p.idle = 0
		return false, nil
	}
	if p.idle <= stallLooks {
		return false, nil
	}
	p.bus.log.Warn("messages wait and none comes; the pull is made anew",
		"durable", p.durable.Name, "stream", p.durable.Stream, "pending", info.NumPending)
	p.restarted("stalled")
	return true, nil
}

func (p *puller) restarted(reason string) {
	p.idle = 0
	pullRestarts.WithLabelValues(p.durable.worker(), reason).Inc()
}
