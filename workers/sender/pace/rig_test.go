package pace_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/workers/sender/pace"
)

const account = "main"

// What WeChat says.
var (
	errBusy   = &wxapi.Error{Code: -1}
	errDaily  = &wxapi.Error{Code: 45009}
	errMinute = &wxapi.Error{Code: 45011}
	errUser   = &wxapi.Error{Code: 40003}
)

// rig is a NATS server and the log of the replicas that use it.
type rig struct {
	t    *testing.T
	nats *bustest.Server
	log  *bustest.Logbook
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, nats: bustest.Start(t), log: new(bustest.Logbook)}
	r.nats.Bus()
	return r
}

// replica is one more pacer of the account, with a connection of its own.
func (r *rig) replica(cfg pace.Config) *pace.Pacer { return r.of(account, cfg, r.nats.Bus()) }

func (r *rig) of(account string, cfg pace.Config, b *bus.Bus) *pace.Pacer {
	r.t.Helper()
	p := pace.New(cfg, account, b, r.log.Logger())
	ctx, cancel := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() { p.Follow(ctx) })
	r.t.Cleanup(func() { cancel(); following.Wait() })
	return p
}

// goes waits until a call may be made.
func (r *rig) goes(p *pace.Pacer) {
	r.t.Helper()
	bustest.Eventually(r.t, "the account may be called", func() bool { return r.wait(p) == 0 })
}

func (r *rig) wait(p *pace.Pacer) time.Duration {
	r.t.Helper()
	wait, err := p.Wait(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return wait
}

// pauses waits until a replica knows of a pause.
func (r *rig) pauses(p *pace.Pacer) {
	r.t.Helper()
	bustest.Eventually(r.t, "the account pauses", func() bool { return p.Paused() > 0 })
}

// report makes a call n times, each with the same outcome.
func (r *rig) report(p *pace.Pacer, n int, err error) {
	for range n {
		p.Report(r.t.Context(), err, 1)
	}
}

// keys are what stands in the bucket.
func (r *rig) keys() (keys []string) {
	r.t.Helper()
	kv, err := r.nats.JetStream().KeyValue(r.t.Context(), bus.BucketPace)
	if err != nil {
		r.t.Fatal(err)
	}
	lister, err := kv.ListKeys(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	for key := range lister.Keys() {
		keys = append(keys, key)
	}
	return keys
}

// metric returns the sum of a metric over all that it says of an account.
func (r *rig) metric(name, account string) (sum float64) {
	r.t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				if family.GetName() == name && label.GetName() == "account" && label.GetValue() == account {
					sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
				}
			}
		}
	}
	return sum
}
