package bus_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

func TestNoMoreMessagesAreHeldThanThereAreSlots(t *testing.T) {
	for _, slots := range []int{1, 4, 30} {
		t.Run(strconv.Itoa(slots), func(t *testing.T) {
			nats := bustest.Start(t)
			b := nats.Bus()
			k := take(t, b, texts, slots)
			publish(t, b, text, 1, 2*slots)
			for n := range 2 * slots {
				d := k.next()
				if info := durable(t, nats, texts)(); info.NumAckPending > slots {
					t.Fatalf("the server has sent %d messages, want at most %d", info.NumAckPending, slots)
				}
				if n >= slots/2 { // some stay busy for a while
					k.ack(d)
				} else {
					defer k.ack(d)
				}
			}
			k.wantOnce(2 * slots)
		})
	}
}

func TestFloodIsHandledOnceEach(t *testing.T) {
	t.Parallel()
	const messages, publishers = 10000, 16
	b := bustest.Start(t).Bus()
	var publishing sync.WaitGroup
	for p := range publishers {
		publishing.Go(func() {
			publish(t, b, text, 1+p*messages/publishers, (p+1)*messages/publishers)
		})
	}
	k := take(t, b, texts, 64)
	var handling sync.WaitGroup
	for range messages {
		d := k.next()
		handling.Go(func() { k.ack(d) })
	}
	publishing.Wait()
	handling.Wait()
	k.end()
	k.wantOnce(messages)
}

func TestReplicasShareTheMessages(t *testing.T) {
	const messages = 200
	nats := bustest.Start(t)
	cfg := nats.Config()
	b, _ := connect(t, cfg)
	if err := b.Prepare(within(t)); err != nil {
		t.Fatal(err)
	}
	var replicas []*taker
	var books []*bustest.Logbook
	for range 4 { // all of which may create the durable
		replica, book := connect(t, cfg)
		replicas, books = append(replicas, take(t, replica, texts, 2)), append(books, book)
	}
	publish(t, b, text, 1, messages)
	all := &taker{t: t}
	for len(all.bodies) < messages {
		for _, k := range replicas {
			select {
			case d := <-k.got:
				all.bodies = append(all.bodies, string(d.Body))
				k.ack(d)
			default:
			}
		}
	}
	all.wantOnce(messages)
	for _, book := range books {
		if book.Count("level=WARN") > 0 {
			t.Errorf("a replica complains: %s", book.String())
		}
	}
}

func TestConsumeEndsWithoutTheServer(t *testing.T) {
	t.Parallel()
	nats := bustest.Start(t)
	b := nats.Bus()
	k := take(t, b, texts, 3)
	publish(t, b, text, 1, 1)
	k.next()
	nats.Down()
	bustest.Eventually(t, "the server is missed", func() bool { return ready(t, b) != nil })
	k.end()
}

func TestConsumeSaysThatTheConnectionIsClosedForGood(t *testing.T) {
	b := bustest.Start(t).Bus()
	k := take(t, b, texts, 3)
	publish(t, b, text, 1, 1)
	k.next()
	b.Close()
	if err := receive(t, "the end of Consume", k.ended); !errors.Is(err, nats.ErrConnectionClosed) {
		t.Errorf("Consume = %v, want %v", err, nats.ErrConnectionClosed)
	}
	k.ended = nil
}

func TestMessagesThatWereNotStartedAreGivenBackAtOnce(t *testing.T) {
	const messages = 8
	nats := bustest.Start(t)
	b := nats.Bus()
	locked(t, nats, texts)
	publish(t, b, text, 1, messages)

	first := take(t, b, texts, messages)
	first.mu.Lock() // keeps Consume at its first message
	bustest.Eventually(t, "all are under way", func() bool {
		return durable(t, nats, texts)().NumAckPending == messages
	})
	first.stop()
	first.mu.Unlock()
	first.end()
	for len(first.got) > 0 { // what was started after all
		d := <-first.got
		if err := d.Retry(0); err != nil {
			t.Fatal(err)
		}
	}

	second := take(t, b, texts, messages)
	for range messages {
		d := second.next()
		if d.Attempt != 2 {
			t.Errorf("attempt %d of message %s, want 2", d.Attempt, d.Body)
		}
		second.ack(d)
	}
	second.wantOnce(messages)
}

func TestWorkersThatComeAndGoLoseNothing(t *testing.T) {
	const messages = 2000
	nats := bustest.Start(t)
	b := nats.Bus()
	locked(t, nats, texts)
	publish(t, b, text, 1, messages)
	for left := messages; left > 0; {
		k := take(t, b, texts, 200)
		first := k.next()
		k.end() // with messages on their way
		k.ack(first)
		left--
		for len(k.got) > 0 {
			k.ack(<-k.got)
			left--
		}
	}
	if got := durable(t, nats, texts)().AckFloor.Stream; got != messages {
		t.Errorf("the durable stands at %d, want %d", got, messages)
	}
}

func TestOnlyWhatTheFiltersNameIsDelivered(t *testing.T) {
	b := bustest.Start(t).Bus()
	both := bus.Durable{
		Name: "both", Stream: bus.StreamIn,
		Filters: []string{"wechat.in.*.*.event.>", "wechat.retry.both.>"},
	}
	k := take(t, b, both, 4)
	for i, subject := range []string{
		"wechat.in.main.7.text", "wechat.retry.other.main.7.event.click",
		"wechat.in.main.7.event.click", "wechat.retry.both.main.7.event.click",
	} {
		publish(t, b, subject, i+1, i+1)
	}
	for _, want := range []string{"3", "4"} {
		if d := k.next(); string(d.Body) != want {
			t.Errorf("got message %s from %s, want %s", d.Body, d.Subject, want)
		}
	}
}
