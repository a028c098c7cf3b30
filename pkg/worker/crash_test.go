package worker_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
)

// asWorker in the environment makes this test binary the program echo: with
// "exits", one whose handler ends the process.
const asWorker = "WXBUS_TEST_AS_WORKER"

func TestMain(m *testing.M) {
	handlers := map[string]worker.HandlerFunc{"1": echo, "exits": func(context.Context, *wechat.Message) (wechat.Replies, error) {
		os.Exit(3)
		return nil, nil
	}}
	if handler := handlers[os.Getenv(asWorker)]; handler != nil {
		var cfg worker.Config
		config.MustLoad(&cfg)
		worker.Main("echo", cfg, on(wechat.KindText, handler))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// startProcess starts the program echo as a user of the NATS server.
func startProcess(t *testing.T, url string, env ...string) *exec.Cmd {
	t.Helper()
	program := exec.Command(os.Args[0])
	program.Env = append(append(os.Environ(), asWorker+"=1", "NATS_URL="+url, "LOG_FORMAT=json"), env...)
	program.Stderr = os.Stderr
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Process.Kill(); _ = program.Wait() })
	return program
}

// mutedServer has a user whose acknowledgements nobody hears: a worker of his
// stays between the reply and the acknowledgement until it is killed.
func mutedServer(t *testing.T) (js jetstream.JetStream, full, mute string) {
	t.Helper()
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir(),
		Users: []*server.User{
			{Username: "full", Password: "x"},
			{Username: "mute", Password: "x", Permissions: &server.Permissions{
				Publish: &server.SubjectPermission{Deny: []string{"$JS.ACK.>"}},
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("nats-server does not start")
	}
	url := func(user string) string {
		return fmt.Sprintf("nats://%s:x@127.0.0.1:%d", user, srv.Addr().(*net.TCPAddr).Port)
	}
	nc, err := nats.Connect(url("full"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	return js, url("full"), url("mute")
}

// A worker that is killed after it has answered and before it could say so
// does not answer again.
func TestKilledBetweenReplyAndAckAnswersOnce(t *testing.T) {
	js, full, mute := mutedServer(t)
	first := startProcess(t, mute)
	bustest.Eventually(t, "the worker's durable", func() bool { return durableInfo(t, js) != nil })
	shortenAckWait(t, js)
	_, err := js.Publish(t.Context(), "wechat.in.main.0.text", []byte(`{"MsgType":"text","FromUserName":"oUser","Content":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	bustest.Eventually(t, "the reply", func() bool { return messages(t, js, bus.StreamOut) == 1 })
	if err := first.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait()
	if info := durableInfo(t, js); info.NumAckPending != 1 {
		t.Fatalf("%d messages unsettled after the kill, want 1", info.NumAckPending)
	}
	startProcess(t, full)
	bustest.Eventually(t, "the message is settled", func() bool {
		info := durableInfo(t, js)
		return info.NumPending == 0 && info.NumAckPending == 0
	})
	if got := messages(t, js, bus.StreamOut); got != 1 {
		t.Errorf("%d replies, want 1", got)
	}
}

// A program that is asked to stop ends with 0, also when NATS never came.
func TestProcessStopsWhenAsked(t *testing.T) {
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), asWorker+"=1", "NATS_URL=nats://127.0.0.1:1", "LOG_FORMAT=json", "SHUTDOWN_TIMEOUT=5s")
	log, err := program.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 4096)
	n, _ := log.Read(said) // it waits, and says so
	if !strings.Contains(string(said[:n]), "NATS does not answer") {
		t.Errorf("said %s", said[:n])
	}
	if err := program.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := program.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func durableInfo(t *testing.T, js jetstream.JetStream) *jetstream.ConsumerInfo {
	t.Helper()
	durable, err := js.Consumer(t.Context(), bus.StreamIn, "echo")
	if err != nil {
		return nil
	}
	info, err := durable.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// shortenAckWait has a killed worker's messages delivered again soon.
func shortenAckWait(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	cfg := durableInfo(t, js).Config
	cfg.AckWait = time.Second
	if _, err := js.UpdateConsumer(t.Context(), bus.StreamIn, cfg); err != nil {
		t.Fatal(err)
	}
}

func messages(t *testing.T, js jetstream.JetStream, name string) uint64 {
	t.Helper()
	stream, err := js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Msgs
}
