package bus_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

const pullSubject = "$JS.API.CONSUMER.MSG.NEXT.>"

// batch returns how many messages a pull asks for.
func batch(t *testing.T, pull *nats.Msg) int {
	t.Helper()
	var request struct{ Batch int }
	if err := json.Unmarshal(pull.Data, &request); err != nil {
		t.Fatal(err)
	}
	return request.Batch
}

// answer tells a puller something about a pull, as a server would.
func answer(t *testing.T, server *bustest.Server, pull *nats.Msg, status string) {
	t.Helper()
	code, text, _ := strings.Cut(status, " ")
	nc := server.JetStream().Conn()
	msg := &nats.Msg{Subject: pull.Reply, Header: nats.Header{"Status": {code}, "Description": {text}}}
	if err := nc.PublishMsg(msg); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestPullThatEndsIsFollowedByOneForAllFreeSlots(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status string
		warns  int
	}{
		{"408 Request Timeout", 0},
		{"404 No Messages", 0},
		{"409 Leadership Change", 1},
		{"409 Server Shutdown", 1},
		{"409 Consumer Deleted", 1},
		{"400 Bad Request", 1},
		{"503", 1},
	} {
		t.Run(tt.status, func(t *testing.T) {
			t.Parallel()
			server := bustest.Start(t)
			b, book := connect(t, server.Config())
			if err := b.Prepare(within(t)); err != nil {
				t.Fatal(err)
			}
			pulls := subscribe(t, server, pullSubject)
			k := take(t, b, texts, 4)
			publish(t, b, text, 1, 1)
			k.next() // keeps one slot busy
			first := receive(t, "a pull", pulls)
			answer(t, server, first, "100 Idle Heartbeat")
			answer(t, server, first, tt.status)
			second := receive(t, "another pull", pulls)
			if got := batch(t, second); got != 3 {
				t.Errorf("the pull asks for %d messages, want 3", got)
			}
			answer(t, server, first, "503") // late word of a pull that is over
			answer(t, server, second, "408 Request Timeout")
			if got := batch(t, receive(t, "a third pull", pulls)); got != 3 {
				t.Errorf("the pull asks for %d messages, want 3", got)
			}
			if got := book.Count("level=WARN"); got != tt.warns {
				t.Errorf("%d warnings, want %d: %s", got, tt.warns, book.String())
			}
		})
	}
}

func TestPullsThatAreRefusedAreNotRepeatedWithoutEnd(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b, book := connect(t, server.Config())
	if err := b.Prepare(within(t)); err != nil {
		t.Fatal(err)
	}
	create(t, server, texts, func(c *jetstream.ConsumerConfig) { c.MaxRequestBatch = 2 })
	pulls := subscribe(t, server, pullSubject)
	k := take(t, b, texts, 4)
	const says = "pull ended: 409 Exceeded MaxRequestBatch of 2"
	bustest.Eventually(t, "the log says why", func() bool { return book.Count(says) >= 2 })
	k.end()
	if got, most := len(pulls), book.Count(says)+1; got > most {
		t.Errorf("%d pulls, want one for each of %d complaints", got, most)
	}
}

func TestIdleConsumerKeepsItsPulls(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	pulls := subscribe(t, server, pullSubject)
	inbox := subscribe(t, server, "_INBOX.>")
	k := take(t, b, texts, 4)
	publish(t, b, text, 1, 2)
	k.ackAll(2)
	const open = 2 // one with what is left of it, and one for the two that are free again
	bustest.Eventually(t, "the pulls are seen here, too", func() bool { return len(pulls) >= open })
	for heartbeats := 0; heartbeats < 2; {
		if msg := receive(t, "a heartbeat", inbox); strings.Contains(msg.Header.Get("Description"), "Heartbeat") {
			heartbeats++
		}
	}
	if got := len(pulls) - open; got > 0 {
		t.Errorf("%d pulls while there was nothing to do, want none", got)
	}
	if got := durable(t, server, texts)().NumWaiting; got != open {
		t.Errorf("%d pulls wait at the server, want %d", got, open)
	}
	publish(t, b, text, 3, 20)
	k.ackAll(18)
	k.end()
	k.wantOnce(20)
}

func TestPullThatTheServerDropsIsMissed(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	b := server.Bus()
	create(t, server, texts, func(c *jetstream.ConsumerConfig) { c.MaxWaiting = 1 })
	nc := server.JetStream().Conn()
	other := must[*nats.Subscription](t)(nc.SubscribeSync(nc.NewInbox()))
	next := strings.TrimSuffix(pullSubject, ">") + texts.Stream + "." + texts.Name
	if err := nc.PublishRequest(next, other.Subject, []byte(`{"batch":1,"expires":600000000000}`)); err != nil {
		t.Fatal(err)
	}
	bustest.Eventually(t, "another client pulls", func() bool { return durable(t, server, texts)().NumWaiting == 1 })

	pulls := subscribe(t, server, pullSubject)
	k := take(t, b, texts, 4)
	first := receive(t, "a pull", pulls) // which is one too many: the server says nothing
	if err := other.Unsubscribe(); err != nil {
		t.Fatal(err)
	}
	second := receive(t, "another pull", pulls)
	if first.Reply == second.Reply {
		t.Errorf("both pulls are answered on %s", first.Reply)
	}
	publish(t, b, text, 1, 8)
	k.ackAll(8)
	k.end()
	k.wantOnce(8)
}
