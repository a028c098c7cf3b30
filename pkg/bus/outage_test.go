package bus_test

import (
	"testing"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

func TestConsumeGoesOnWhenTheServerIsBack(t *testing.T) {
	t.Parallel()
	nats := bustest.Start(t)
	b := nats.Bus()
	k := take(t, b, texts, 4)
	publish(t, b, text, 1, 20)
	k.ackAll(5)
	held := []*bus.Delivery{k.next(), k.next(), k.next(), k.next()}
	nats.Down()
	nats.Up()
	for _, d := range held { // late, and still counts
		k.ack(d)
	}
	k.ackAll(11)

	nats.Down() // while it only waits
	nats.Up()
	bustest.Eventually(t, "the bus is back", func() bool { return ready(t, b) == nil })
	publish(t, b, text, 21, 30)
	k.ackAll(10)
	k.end()
	k.wantOnce(30)
	if got := durable(t, nats, texts)().AckFloor.Stream; got != 30 {
		t.Errorf("the durable stands at %d, want 30", got)
	}
}

func TestPullsOfAnOldConnectionAreNotFilled(t *testing.T) {
	t.Parallel()
	const slots = 4
	nats := bustest.Start(t)
	b := nats.Bus()
	pulls := subscribe(t, nats, "$JS.API.CONSUMER.MSG.NEXT.>")
	k := take(t, b, texts, slots)
	receive(t, "a pull", pulls)
	for range 3 { // the server has the old pull yet when the new one comes
		nats.HangUp()
		receive(t, "a pull on the new connection", pulls)
	}
	publish(t, b, text, 1, 5*slots)
	for range slots {
		k.next()
	}
	if got := durable(t, nats, texts)().NumAckPending; got != slots {
		t.Errorf("the server has sent %d messages to %d slots", got, slots)
	}
}
