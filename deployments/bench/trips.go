package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/wxbus/wxbus/pkg/wxsim"
)

var (
	tripP50 = figure{"round trip at 200/s, p50 ms", nil, "%.2f", map[int]target{0: {most: 3}}}
	tripP99 = figure{"round trip at 200/s, p99 ms", nil, "%.2f", map[int]target{0: {most: 1.6}}}
)

const (
	tripRate    = 200 // messages per second
	tripTimeout = 10 * time.Second
	tripRules   = "rules:\n  - when: {type: text}\n    reply: 你好\n"
)

// trips are messages of users who wait for an answer.
type trips struct {
	sim  *wxsim.Platform
	next int // number of the next user: each writes once
}

// roundTrips measures how long a user waits for his answer: from the push until
// the reply has come to WeChat's API, through ingress, autoreply and sender. The
// no-op's figure is that of the push alone.
func (b *stage) roundTrips(p *plan) ([]row, error) {
	t, stop, err := b.stand()
	if err != nil {
		return nil, err
	}
	defer stop()
	p50, p99 := pairs{}, pairs{}
	for i := range p.repetitions + 1 {
		for _, s := range []*server{b.noop, b.ingress} {
			took, err := t.run(s.name, int(tripRate*p.duration.Seconds()))
			if err != nil {
				return nil, fmt.Errorf("round trips through %s: %w", s.name, err)
			}
			if i == 0 {
				continue // warms up
			}
			p50.add(s, ms(took[len(took)/2]))
			p99.add(s, ms(took[len(took)*99/100]))
		}
	}
	return []row{p50.row(tripP50), p99.row(tripP99)}, nil
}

// stand starts WeChat in this process, and the workers.
func (b *stage) stand() (t *trips, stop func(), err error) {
	account := func(s *server, appID string) wxsim.Account {
		return wxsim.Account{Name: s.name, AppID: appID, Token: token, AESKey: aesKey, Secret: secret, URL: s.url()}
	}
	sim, err := wxsim.New(wxsim.Options{
		Accounts: []wxsim.Account{account(b.ingress, appID), account(b.noop, appID+"0")}, NoQuota: true,
	})
	if err != nil {
		return nil, nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	api := &http.Server{Handler: sim.Handler(), ReadHeaderTimeout: startTimeout}
	go func() { _ = api.Serve(listener) }()
	stop = func() { sim.Close(); _ = api.Close() }
	if err := b.startWorkers("http://" + listener.Addr().String()); err != nil {
		stop()
		return nil, nil, err
	}
	return &trips{sim: sim}, stop, nil
}

func (b *stage) startWorkers(api string) error {
	rules := filepath.Join(b.folder, "rules.yaml")
	if err := os.WriteFile(rules, []byte(tripRules), 0o600); err != nil {
		return err
	}
	for _, name := range []string{"sender", "autoreply"} {
		addrs, err := freeAddrs(1)
		if err != nil {
			return err
		}
		env := append(b.env(name, addrs[0]), "WECHAT_API_URL="+api, "AUTOREPLY_RULES="+rules)
		if _, err := b.serve(name, addrs[0], env); err != nil {
			return err
		}
	}
	return nil
}

// run sends n messages, each when it is due, whether those before it are
// answered or not, and returns how long they took, in order.
func (t *trips) run(account string, n int) ([]time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(n)*time.Second/tripRate+tripTimeout)
	defer cancel()
	took, errs := make([]time.Duration, n), make([]error, n)
	var running sync.WaitGroup
	due := time.NewTicker(time.Second / tripRate)
	defer due.Stop()
	for i := range n {
		<-due.C
		t.next++
		openid := fmt.Sprintf("oTrip%023d", t.next)
		running.Go(func() { took[i], errs[i] = t.one(ctx, account, openid) })
	}
	running.Wait()
	slices.Sort(took)
	return took, errors.Join(errs...)
}

func (t *trips) one(ctx context.Context, account, openid string) (time.Duration, error) {
	began := time.Now()
	_, err := t.sim.Text(ctx, account, openid, "你好")
	if err == nil && account == ingressName {
		_, err = t.sim.Wait(ctx, account, openid, 1)
	}
	return time.Since(began), err
}
