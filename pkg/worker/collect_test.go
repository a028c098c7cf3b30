package worker_test

import (
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// other runs a worker of another name on the rig's server: a process that lives.
func (r *rig) other() {
	r.t.Helper()
	r.runAs("other", on(wechat.KindImage, echo), nil)
}

// wantUnsettled fails the test unless the only dead letter is that of a message of
// the worker echo which was never settled.
func wantUnsettled(t *testing.T, r *rig, deliveries, id, body string) {
	t.Helper()
	letter := r.dead(1)[0]
	got := map[string]string{"subject": letter.Subject, "body": string(letter.Data)}
	for _, name := range []string{
		worker.DeadWorker, worker.DeadReason, worker.DeadAttempts, worker.DeadStream, worker.DeadSequence, worker.DeadMsgID, "Nats-Msg-Id",
	} {
		got[name] = letter.Header.Get(name)
	}
	want := map[string]string{
		"subject": "wechat.dead.echo", "body": body, worker.DeadWorker: "echo", worker.DeadReason: "attempts used up",
		worker.DeadAttempts: deliveries, worker.DeadStream: bus.StreamIn, worker.DeadSequence: "1", worker.DeadMsgID: id,
		"Nats-Msg-Id": "dead:echo:WECHAT_IN:1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("letter (-want +got):\n%s", diff)
	}
}

// A worker that neither counts nor settles, in whichever language, loses nothing:
// any other worker's process buries what it was given too often.
func TestMessageThatIsNeverSettledIsBuriedByAnyWorker(t *testing.T) {
	r := newRig(t)
	b := r.bus
	greeter := bus.Durable{Name: "echo", Stream: bus.StreamIn, Filters: []string{"wechat.in.*.*.text"}, All: true, MaxDeliver: 3}
	if _, err := b.Apply(t.Context(), []bus.Durable{greeter}, false); err != nil {
		t.Fatal(err)
	}
	id := r.text("oUser", "hi")
	durable, err := r.nats.JetStream().Consumer(t.Context(), bus.StreamIn, "echo")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		msg, err := durable.Next(jetstream.FetchMaxWait(20 * time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if err := msg.Nak(); err != nil {
			t.Fatal(err)
		}
	}
	if msg, err := durable.Next(jetstream.FetchMaxWait(time.Second)); err == nil {
		t.Fatalf("delivered once more: %v", msg.Headers())
	}
	bustest.Eventually(t, "the server says so, while no worker runs", func() bool { return len(r.nats.Stored(bus.StreamAdvisory)) == 1 })
	r.other()
	wantUnsettled(t, r, "3", id, string(r.nats.Stored(bus.StreamIn)[0].Data))
	r.collected()
}

// A handler that ends its process each time ends in a dead letter, also when no
// replica of its worker is left to write it.
func TestHandlerThatExitsEndsInADeadLetter(t *testing.T) {
	r := newRig(t)
	url := r.nats.Config().URL
	run := func() *exec.Cmd { return startProcess(t, url, asWorker+"=exits") }
	program := run()
	js := r.nats.JetStream()
	bustest.Eventually(t, "the worker's durable", func() bool { return durableInfo(t, js) != nil })
	cfg := durableInfo(t, js).Config
	if cfg.MaxDeliver < 100 {
		t.Fatalf("delivered %d times at most, want a limit beyond what a worker counts", cfg.MaxDeliver)
	}
	const deliveries = 2
	cfg.AckWait, cfg.MaxDeliver = time.Second, deliveries
	if _, err := js.UpdateConsumer(t.Context(), bus.StreamIn, cfg); err != nil {
		t.Fatal(err)
	}
	id := r.text("oUser", "die")
	for died := 1; ; died++ {
		var exit *exec.ExitError
		if err := program.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
			t.Fatalf("the program ended with %v, want the handler's 3", err)
		}
		if died == deliveries {
			break
		}
		program = run()
	}
	r.other()
	wantUnsettled(t, r, "2", id, string(r.nats.Stored(bus.StreamIn)[0].Data))
	r.collected()
}

// A worker that is given a message too often buries it itself, before it handles
// it: with the limit that it has by default, nobody else has to.
func TestProcessThatIsRestartedBuriesWhatEndsIt(t *testing.T) {
	r := newRig(t)
	js := r.nats.JetStream()
	start := func() *exec.Cmd {
		return startProcess(t, r.nats.Config().URL, asWorker+"=exits", "WORKER_ATTEMPTS=1")
	}
	program := start()
	bustest.Eventually(t, "the worker's durable", func() bool { return durableInfo(t, js) != nil })
	shortenAckWait(t, js)
	r.text("oUser", "die")
	ended := make(chan error, 1)
	wait := func(p *exec.Cmd) { ended <- p.Wait() }
	go wait(program)
	bustest.Eventually(t, "the dead letter", func() bool {
		select {
		case <-ended:
			program = start()
			go wait(program)
		default:
		}
		return len(r.nats.Stored(bus.StreamDead)) == 1
	})
	r.settled()
	_ = program.Process.Kill()
	<-ended
	if letter := r.dead(1)[0]; letter.Header.Get(worker.DeadReason) != "attempts used up" || letter.Header.Get(worker.DeadWorker) != "echo" {
		t.Errorf("headers = %v", letter.Header)
	}
}

// collected waits until the collector has nothing left to do.
func (r *rig) collected() {
	r.t.Helper()
	bustest.Eventually(r.t, "all advisories are settled", func() bool {
		durable, err := r.nats.JetStream().Consumer(r.t.Context(), bus.StreamAdvisory, worker.Collector().Name)
		if err != nil {
			r.t.Fatal(err)
		}
		info := durable.CachedInfo()
		return info.NumPending == 0 && info.NumAckPending == 0
	})
	if letters := len(r.nats.Stored(bus.StreamDead)); letters != 1 {
		r.t.Errorf("%d dead letters, want 1", letters)
	}
}
