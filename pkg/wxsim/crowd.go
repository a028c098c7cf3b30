package wxsim

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Facts about the crowd.
const (
	crowdUsers    = 500
	crowdMost     = 2000 // messages per second
	crowdInFlight = 256  // further ones are not begun
	crowdTick     = 20 * time.Millisecond
	crowdPrefix   = "oCrowd"
)

// CrowdReport is what a crowd did within a second.
type CrowdReport struct {
	Account  string        `json:"account"`
	Rate     int           `json:"rate"`     // messages per second that are asked for
	Accepted int           `json:"accepted"` // by the server
	Failed   int           `json:"failed"`   // after all deliveries
	Skipped  int           `json:"skipped"`  // the server is too slow for them to be begun
	Answered int           `json:"answered"` // messages that the server has sent to them
	P50      time.Duration `json:"p50"`      // of the pushes that were accepted
	P99      time.Duration `json:"p99"`
}

// crowd are many users who write all the time. They stand in no chat, but the
// server can answer them as it can anybody.
type crowd struct {
	platform *Platform
	account  *account
	stop     context.CancelFunc
	free     chan struct{} // a place for each message under way
	openids  []string

	mu     sync.Mutex
	rate   int
	due    float64 // messages that are to be begun
	next   int
	report CrowdReport
	took   []time.Duration
}

// Crowd has many users write to an account, together so many messages per
// second, until it is called again; 0 ends it. There is one crowd at a time.
// The page shows how the server fares. See [Load] for a measurement.
func (p *Platform) Crowd(account string, rate int) error {
	if rate < 0 || rate > crowdMost {
		return errors.New("want 0 to 2000 messages per second")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.account(account)
	if err != nil {
		return err
	}
	if c := p.crowd; c != nil && c.account == a && rate > 0 {
		c.set(rate)
		return nil
	} else if c != nil {
		c.stop()
		p.crowd = nil
	}
	if rate > 0 && !p.closed {
		p.gather(a, rate)
	}
	p.events.publish(event{Type: "load", Load: &CrowdReport{Account: account, Rate: rate}})
	return nil
}

// gather begins a crowd. The caller holds mu.
func (p *Platform) gather(a *account, rate int) {
	ctx, stop := context.WithCancel(p.stop)
	c := &crowd{platform: p, account: a, stop: stop, free: make(chan struct{}, crowdInFlight), rate: rate}
	a.crowd = make(map[string]*user, crowdUsers)
	for range crowdUsers {
		id := crowdPrefix + randomText(28-len(crowdPrefix))
		a.crowd[id] = &user{User: User{OpenID: id, Following: true}, crowd: true}
		c.openids = append(c.openids, id)
	}
	p.crowd = c
	p.running.Go(func() { c.run(ctx) })
}

func (c *crowd) set(rate int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rate = rate
}

func (c *crowd) wanted() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rate
}

func (c *crowd) run(ctx context.Context) {
	tick, second := time.NewTicker(crowdTick), time.NewTicker(time.Second)
	defer tick.Stop()
	defer second.Stop()
	var writing sync.WaitGroup
	defer writing.Wait()
	for {
		select {
		case <-tick.C:
			for range c.begin() {
				c.write(ctx, &writing)
			}
		case <-second.C:
			report := c.take()
			c.platform.events.publish(event{Type: "load", Load: &report})
		case <-ctx.Done():
			return
		}
	}
}

// begin returns how many messages are due.
func (c *crowd) begin() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due += float64(c.rate) * crowdTick.Seconds()
	n := int(c.due)
	c.due -= float64(n)
	return n
}

// write has the next user write, if there is a place free.
func (c *crowd) write(ctx context.Context, writing *sync.WaitGroup) {
	select {
	case c.free <- struct{}{}:
	default:
		c.count(func(r *CrowdReport) { r.Skipped++ })
		return
	}
	c.next++
	openid := c.openids[c.next%len(c.openids)]
	writing.Go(func() {
		defer func() { <-c.free }()
		began := time.Now()
		err := c.push(ctx, openid)
		took := time.Since(began)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			c.count(func(r *CrowdReport) { r.Failed++ })
		default:
			c.count(func(r *CrowdReport) { r.Accepted++; c.took = append(c.took, took) })
		}
	})
}

func (c *crowd) count(change func(*CrowdReport)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.report)
}

func (c *crowd) push(ctx context.Context, openid string) error {
	words := []string{"你好", "订单 10086", "营业时间", "帮助", "在吗", "1"}
	p := c.platform
	xml, err := p.compose(c.account.Name, openid, "text", []Field{{Name: "Content", Text: words[int(openid[len(openid)-1])%len(words)]}})
	if err != nil {
		return err
	}
	m, err := wechat.Decode([]byte(xml))
	if err != nil {
		return err
	}
	p.mu.Lock()
	if u, known := c.account.crowd[openid]; known {
		u.allow(m, p.options.Now())
	}
	p.mu.Unlock()
	w := &way{platform: p, account: c.account, message: m, crowd: true, push: Push{XML: xml}}
	_, err = w.deliver(ctx)
	return err
}

// take returns the report of the last second and begins the next one.
func (c *crowd) take() CrowdReport {
	c.mu.Lock()
	defer c.mu.Unlock()
	report := c.report
	report.Account, report.Rate = c.account.Name, c.rate
	slices.Sort(c.took)
	if n := len(c.took); n > 0 {
		report.P50, report.P99 = c.took[n/2], c.took[n*99/100]
	}
	c.report, c.took = CrowdReport{}, c.took[:0]
	return report
}

// InCrowd reports whether a user is one of those that [Platform.Crowd] makes.
func InCrowd(openid string) bool { return strings.HasPrefix(openid, crowdPrefix) }
