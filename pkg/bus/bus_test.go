package bus_test

import (
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/config"
)

func TestReadyFollowsTheServer(t *testing.T) {
	t.Parallel()
	nats := bustest.Start(t)
	b := nats.Bus()
	for range 2 {
		bustest.Eventually(t, "the bus is ready", func() bool { return ready(t, b) == nil })
		nats.Down()
		bustest.Eventually(t, "the bus is not ready", func() bool { return ready(t, b) != nil })
		nats.Up()
	}
}

func TestReadyMissesTheStream(t *testing.T) {
	nats := bustest.Start(t)
	b := nats.Bus()
	if err := nats.JetStream().DeleteStream(within(t), bus.StreamIn); err != nil {
		t.Fatal(err)
	}
	if err := ready(t, b); err == nil || !strings.Contains(err.Error(), bus.StreamIn) {
		t.Errorf("Ready = %v, want it to name %s", err, bus.StreamIn)
	}
}

func TestReadyForMissesTheDurable(t *testing.T) {
	b := bustest.Start(t).Bus()
	if err := b.ReadyFor(within(t), texts); err == nil || !strings.Contains(err.Error(), "echo") {
		t.Errorf("ReadyFor = %v, want it to name the durable", err)
	}
	take(t, b, texts, 1)
	bustest.Eventually(t, "the durable is there", func() bool { return b.ReadyFor(within(t), texts) == nil })
}

func TestConnectRefusesCredentialsThatCannotBeRead(t *testing.T) {
	cfg := bustest.Start(t).Config()
	cfg.CA = config.File(t.TempDir() + "/missing.pem")
	if _, err := bus.Connect("test", cfg, nil); err == nil {
		t.Error("Connect = nil, want an error")
	}
}
