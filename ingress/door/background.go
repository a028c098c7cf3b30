package door

import (
	"context"
	"time"

	"github.com/wxbus/wxbus/pkg/route"
)

const (
	// goOnFor is how long a push is published on after WeChat was told 503: it
	// covers WeChat's three tries and an election of a stream leader.
	goOnFor = 30 * time.Second
	// goOnMost is how many pushes may be published on at a time.
	goOnMost = 1000
	// goOnBytes is how much memory they may take.
	goOnBytes = 64 << 20
)

// goOn publishes a push in the background, if there is room for one more.
func (p *publisher) goOn(e *route.Envelope, header map[string][]string) {
	if !p.enter(len(e.Body)) {
		lost.WithLabelValues(e.Account).Inc()
		p.log.Error("push not stored and no room to publish it on; WeChat may deliver it again", "id", e.ID)
		return
	}
	p.going.Go(func() {
		defer p.leave(len(e.Body))
		if _, err := p.store(p.stopped, time.Now().Add(goOnFor), e, header); err != nil {
			lost.WithLabelValues(e.Account).Inc()
			p.log.Error("push not stored; WeChat may deliver it again", "id", e.ID, "err", err)
			return
		}
		p.log.Info("published after a while", "id", e.ID)
	})
}

func (p *publisher) enter(size int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count >= goOnMost || p.bytes+size > goOnBytes {
		return false
	}
	p.count, p.bytes = p.count+1, p.bytes+size
	goingOn.Inc()
	return true
}

func (p *publisher) leave(size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count, p.bytes = p.count-1, p.bytes-size
	goingOn.Dec()
}

// drain waits for what is published on, until ctx is done. Nothing may be
// published any more.
func (p *publisher) drain(ctx context.Context) {
	defer context.AfterFunc(ctx, p.stop)()
	p.going.Wait()
	p.stop()
}
