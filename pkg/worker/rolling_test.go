package worker_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// scribe is the handler of a process: it takes a moment, and writes down what it
// has handled to the end.
func scribe(ctx context.Context, m *wechat.Message) (wechat.Replies, error) {
	select {
	case <-time.After(20 * time.Millisecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	_, err := fmt.Fprintln(os.Stdout, m.Field("Content"))
	return nil, err
}

// scribes are processes that work as replicas of echo.
type scribes struct {
	*crew

	order   worker.Order
	books   []*bustest.Logbook // of all that were started
	running []*exec.Cmd
}

// begin starts one more, and waits until it has handled something.
func (s *scribes) begin() {
	s.t.Helper()
	book := new(bustest.Logbook)
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), asWorker+"=scribe", "NATS_URL="+s.nats.Config().URL, "WORKER_ORDER="+string(s.order), "LOG_FORMAT=json", "LOG_LEVEL=warn")
	program.Stdout, program.Stderr = book, os.Stderr
	if err := program.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = program.Process.Kill(); _ = program.Wait() })
	s.books, s.running = append(s.books, book), append(s.running, program)
	bustest.Eventually(s.t, "the process works", func() bool { return book.Count("\n") > 0 })
}

// end stops the one that was started first, and waits for its end.
func (s *scribes) end() {
	s.t.Helper()
	oldest := s.running[0]
	s.running = s.running[1:]
	if err := oldest.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := oldest.Wait(); err != nil {
		s.t.Errorf("a process ended with %v", err)
	}
}

// handled says how often each message was.
func (s *scribes) handled() map[string]int {
	times := make(map[string]int)
	for _, book := range s.books {
		for message := range strings.FieldsSeq(book.String()) {
			times[message]++
		}
	}
	return times
}

// Each of three replicas is stopped and another one started in its place, under
// load: nothing that was finished is done again, and nothing waits for the
// AckWait, which is an hour here.
func TestRollingRestartRepeatsAndDelaysNothing(t *testing.T) {
	t.Parallel()
	for _, order := range []worker.Order{worker.OrderNone, worker.OrderUser} {
		t.Run(string(order), func(t *testing.T) {
			t.Parallel()
			s := &scribes{crew: newCrew(t), order: order}
			if order == worker.OrderUser {
				s.locked()
			} else {
				s.lockedWhole()
			}
			sent, stop := s.load()
			for range 3 {
				s.begin()
			}
			for range 3 {
				s.end()
				s.begin()
			}
			stop()
			want := sent()
			bustest.Eventually(t, fmt.Sprint("all of ", want, " are handled"), func() bool { return len(s.handled()) == want })
			for range 3 { // says that all is acknowledged
				s.end()
			}
			for message, times := range s.handled() {
				if times > 1 {
					t.Errorf("message %s was handled %d times", message, times)
				}
			}
			if left := s.left(); left > 0 {
				t.Errorf("%d messages are not settled", left)
			}
			t.Logf("%d messages, 3 restarts, none repeated", want)
		})
	}
}

// load publishes some hundred messages a second of many users until stop is
// called.
func (s *scribes) load() (sent func() int, stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	users, number := names(60), 0
	var publishing sync.WaitGroup
	publishing.Go(func() {
		ticker := time.NewTicker(4 * time.Millisecond)
		defer ticker.Stop()
		for ctx.Err() == nil {
			<-ticker.C
			s.text(users[number%len(users)], strconv.Itoa(number))
			number++
		}
	})
	stop = func() { cancel(); publishing.Wait() }
	s.t.Cleanup(stop)
	return func() int { return number }, stop
}

// lockedWhole is [crew.locked] for a worker without order.
func (s *scribes) lockedWhole() {
	s.t.Helper()
	d := worker.DurableFor("echo", on(wechat.KindText, echo))
	_, err := s.nats.JetStream().CreateConsumer(s.t.Context(), d.Stream, jetstream.ConsumerConfig{
		Durable: d.Name, FilterSubjects: d.Filters, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: time.Hour, MaxDeliver: -1, MaxAckPending: 1024,
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// left is how many messages a worker has not settled.
func (s *scribes) left() uint64 {
	s.t.Helper()
	d := worker.DurableFor("echo", on(wechat.KindText, echo))
	d.Ordered = s.order == worker.OrderUser
	lag, err := s.bus.Lag(s.t.Context(), d)
	if err != nil {
		s.t.Fatal(err)
	}
	return lag.Pending + lag.Unsettled
}
