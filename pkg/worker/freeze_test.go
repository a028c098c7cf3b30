package worker_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"sync"
	"syscall"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// Processes that are frozen, wake up, or are killed do not disturb the order of
// the replies, and none is missing.
func TestOrderIsKeptByProcesses(t *testing.T) {
	t.Setenv("WORKER_ORDER", "user")
	c, users := newCrew(t), names(30)
	url := c.nats.Config().URL
	first, second := startProcess(t, url), startProcess(t, url)
	startProcess(t, url)
	bustest.Eventually(t, "the partitions are divided", func() bool { return len(c.shares()) == 3 })
	signal := func(program *exec.Cmd, sig syscall.Signal) {
		if err := program.Process.Signal(sig); err != nil {
			t.Error(err)
		}
	}
	js := c.nats.JetStream()
	reach := func(count int) {
		bustest.Eventually(t, fmt.Sprint(count, " are answered"), func() bool { return messages(t, js, bus.StreamOut) >= uint64(count) })
	}
	const n = 40
	var publishing sync.WaitGroup
	publishing.Go(func() { c.texts(users, 1, n) })
	reach(n)
	signal(first, syscall.SIGSTOP)
	publishing.Wait()
	bustest.Eventually(t, "it is taken for dead", func() bool { return len(c.shares()) == 2 })
	c.texts(users, n+1, 2*n)
	signal(first, syscall.SIGCONT)
	bustest.Eventually(t, "it is back", func() bool { return len(c.shares()) == 3 })
	publishing.Go(func() { c.texts(users, 2*n+1, 3*n) })
	reach(2*n*len(users) + n)
	signal(second, syscall.SIGKILL)
	publishing.Wait()
	reach(3 * n * len(users))
	c.allSettled()
	next := map[string]int{}
	for _, stored := range c.nats.Stored(bus.StreamOut) {
		var reply struct {
			ToUser string
			Text   struct{ Content string }
		}
		if err := json.Unmarshal(stored.Data, &reply); err != nil {
			t.Fatal(err)
		}
		next[reply.ToUser]++
		if want := fmt.Sprint("你说：", next[reply.ToUser]); reply.Text.Content != want {
			t.Fatalf("%s got %s, want %s", reply.ToUser, reply.Text.Content, want)
		}
	}
	if got := len(next); got != len(users) {
		t.Errorf("%d users were answered, want %d", got, len(users))
	}
}
