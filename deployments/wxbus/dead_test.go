package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// operator is somebody with a terminal.
type operator struct {
	t    *testing.T
	nats *bustest.Server
	bus  *bus.Bus
}

// newOperator returns one of a wxbus on which the workers echo and greeter, and
// the sender, have been.
func newOperator(t *testing.T) *operator {
	t.Helper()
	nats := bustest.Start(t)
	o := &operator{t, nats, nats.Bus()}
	durables := []bus.Durable{{Name: "sender", Stream: bus.StreamOut, Filters: []string{"wechat.out.>"}}}
	for _, name := range []string{"echo", "greeter"} {
		durables = append(durables, bus.Durable{
			Name: name, Stream: bus.StreamIn, Filters: route.Filters(name, []wechat.Kind{wechat.KindText, wechat.AnyEvent}),
		})
	}
	if _, err := o.bus.Apply(t.Context(), durables, false); err != nil {
		t.Fatal(err)
	}
	return o
}

// answer is what a command says and ends with.
type answer struct {
	out, err string
	status   int
}

func (o *operator) run(args ...string) answer {
	o.t.Helper()
	var out, said bytes.Buffer
	command := exec.Command(binary(o.t, "wxbus"), args...)
	command.Env, command.Stdout, command.Stderr = []string{"NATS_URL=" + o.nats.Config().URL}, &out, &said
	err := command.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		o.t.Fatal(err)
	}
	return answer{out.String(), said.String(), command.ProcessState.ExitCode()}
}

// succeeds is run of a command that must.
func (o *operator) succeeds(args ...string) answer {
	o.t.Helper()
	a := o.run(args...)
	if a.status != 0 {
		o.t.Fatalf("%v: exit status %d: %s", args, a.status, a.err)
	}
	return a
}

const secretText = "谁也不该在列表里看到"

// letter stores a dead letter of a push.
func (o *operator) letter(worker, reason, account, user string) {
	o.t.Helper()
	n := len(o.nats.Stored(bus.StreamDead)) + 1
	o.letterAs(worker, account, user, n, map[string][]string{"Dead-Reason": {reason}})
}

func (o *operator) letterAs(worker, account, user string, n int, more map[string][]string) {
	o.t.Helper()
	header := map[string][]string{
		"ce-subject": {user}, "ce-id": {fmt.Sprint(account, ":", user, ":", n)}, "Dead-Worker": {worker}, "Dead-Attempts": {"5"},
		"Dead-Subject": {"wechat.in." + account + ".7.text"}, "Dead-Stream": {bus.StreamIn}, "Dead-Sequence": {fmt.Sprint(n)},
		"Dead-Msg-Id": {fmt.Sprint(account, ":", user, ":", n)},
	}
	maps.Copy(header, more)
	body := `{"FromUserName":"` + user + `","MsgType":"text","Content":"` + secretText + `"}`
	if _, err := o.bus.Publish(o.t.Context(), "wechat.dead."+worker, fmt.Sprint(worker, n), header, []byte(body)); err != nil {
		o.t.Fatal(err)
	}
}

// objects reads a JSON object for each line.
func objects(t *testing.T, lines string) (found []map[string]any) {
	t.Helper()
	for line := range strings.Lines(lines) {
		object := map[string]any{}
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		found = append(found, object)
	}
	return found
}

func (o *operator) left() (sequences []string) {
	for _, l := range o.nats.Stored(bus.StreamDead) {
		sequences = append(sequences, fmt.Sprint(l.Sequence))
	}
	return sequences
}

func TestDeadListAndShow(t *testing.T) {
	o := newOperator(t)
	if a := o.succeeds("dead", "list"); a.out != "no dead letters\n" {
		t.Errorf("list of none says %s", a.out)
	}
	o.letter("echo", "attempts used up", "main", "oia2TjjewbmiOUlr6X-1crbLOvLw")
	o.letter("greeter", "spam \x1b[31mred", "shop", "oB")
	a := o.succeeds("dead", "list")
	lines := strings.Split(strings.TrimSpace(a.out), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "SEQ  TIME") || !strings.Contains(lines[1], "oia2Tj…bLOvLw") {
		t.Errorf("list says\n%s", a.out)
	}
	if strings.Contains(a.out, secretText) || strings.Contains(a.out, "\x1b") {
		t.Errorf("list shows what it should not:\n%s", a.out)
	}
	found := objects(t, o.succeeds("dead", "list", "--json", "--worker", "echo", "--newer", "1h").out)
	if len(found) != 1 || found[0]["sequence"] != 1.0 || found[0]["user"] != "oia2TjjewbmiOUlr6X-1crbLOvLw" || found[0]["attempts"] != 5.0 {
		t.Errorf("list --json says %v", found)
	}
	if a := o.succeeds("dead", "list", "--older", "1h"); a.out != "no dead letters\n" {
		t.Errorf("list of old ones says %s", a.out)
	}
	if found := objects(t, o.succeeds("dead", "list", "--limit", "1", "--json").out); len(found) != 1 || found[0]["sequence"] != 2.0 {
		t.Errorf("the newest is %v", found)
	}
	if a := o.succeeds("dead", "show", "2"); !strings.Contains(a.out, secretText) || !strings.Contains(a.out, "Dead-Worker: greeter") || strings.Contains(a.out, "\x1b") {
		t.Errorf("show says %s", a.out)
	}
	if a := o.succeeds("dead", "show", "--raw", "2"); a.out != `{"FromUserName":"oB","MsgType":"text","Content":"`+secretText+`"}` {
		t.Errorf("show --raw says %s", a.out)
	}
	for i, l := range objects(t, o.succeeds("dead", "show", "--json", "1", "2").out) {
		if body := l["body"].(map[string]any); l["sequence"] != float64(i+1) || body["Content"] != secretText || l["headers"] == nil {
			t.Errorf("show --json says %v", l)
		}
	}
	if a := o.run("dead", "show", "3"); a.status != 1 || !strings.Contains(a.err, "3: there is no such dead letter") {
		t.Errorf("show of none: %+v", a)
	}
}

func TestDeadRetry(t *testing.T) {
	o := newOperator(t)
	for n := range 6 {
		o.letter([]string{"echo", "greeter"}[n%2], "attempts used up", "main", "oUser")
	}
	if a := o.succeeds("dead", "retry", "--all", "--dry-run"); strings.Count(a.out, "\n") != 7 || len(o.left()) != 6 {
		t.Errorf("a dry run says %s, and leaves %v", a.out, o.left())
	}
	a := o.succeeds("dead", "retry", "2", "1")
	if a.out != "2 put back wechat.retry.greeter.main.7.text\n1 put back wechat.retry.echo.main.7.text\n" || a.err != "put back 2 of 2\n" {
		t.Errorf("retry of two says %s%s", a.out, a.err)
	}
	if a := o.run("dead", "retry", "2", "3"); a.status != 1 || !strings.Contains(a.err, "no such dead letter") || !strings.Contains(a.out, "3 put back") {
		t.Errorf("retry of one that is gone: %+v", a)
	}
	found := objects(t, o.succeeds("dead", "retry", "--worker", "greeter", "--rate", "0", "--json").out)
	if len(found) != 2 || found[1]["subject"] != "wechat.retry.greeter.main.7.text" {
		t.Errorf("retry --json says %v", found)
	}
	if diff := cmp.Diff([]string{"5"}, o.left()); diff != "" {
		t.Errorf("letters that are left: %s", diff)
	}
	if got := len(o.nats.Stored(bus.StreamIn)); got != 5 {
		t.Errorf("%d messages are back, want 5", got)
	}
	if a := o.succeeds("dead", "retry", "--worker", "nobody"); a.err != "put back 0 of 0\n" {
		t.Errorf("retry of none says %s", a.err)
	}
	o.letter("gone", "attempts used up", "main", "oUser")
	if a := o.run("dead", "retry", "--all"); a.status != 1 || !strings.Contains(a.err, `worker "gone" is not there`) || !strings.Contains(a.err, "put back 1 of 2, 1 failed") {
		t.Errorf("retry for a worker that is not there: %+v", a)
	}
}

// Ctrl-C ends it between two letters: each is either back or still a letter.
func TestDeadRetryIsInterrupted(t *testing.T) {
	o := newOperator(t)
	const many = 40
	for range many {
		o.letter("echo", "attempts used up", "main", "oUser")
	}
	p := start(t, "wxbus", []string{"dead", "retry", "--all", "--rate", "20/s"}, "NATS_URL="+o.nats.Config().URL)
	p.says("2 put back")
	if status := p.kill(syscall.SIGINT); status != 1 || !strings.Contains(p.output(), "are left") {
		t.Errorf("exit status %d: %s", status, p.output())
	}
	back, left := len(o.nats.Stored(bus.StreamIn)), len(o.left())
	if back+left != many || left == 0 {
		t.Errorf("%d back and %d left, want %d in all", back, left, many)
	}
	o.succeeds("dead", "retry", "--all", "--rate", "0")
	if back, left := len(o.nats.Stored(bus.StreamIn)), len(o.left()); back != many || left != 0 {
		t.Errorf("then %d back and %d left", back, left)
	}
}

func TestDeadDrop(t *testing.T) {
	o := newOperator(t)
	o.letter("echo", "attempts used up", "main", "oA")
	o.letter("echo", "spam", "main", "oA")
	o.letter("echo", "spam", "shop", "oB")
	if a := o.succeeds("dead", "drop", "--reason", "spam", "--account", "main", "--dry-run", "--json"); len(objects(t, a.out)) != 1 || len(o.left()) != 3 {
		t.Errorf("a dry run says %s and leaves %v", a.out, o.left())
	}
	if a := o.succeeds("dead", "drop", "--reason", "spam", "--account", "main"); a.out != "2 dropped\n" {
		t.Errorf("drop says %s", a.out)
	}
	o.succeeds("dead", "drop", "3")
	if diff := cmp.Diff([]string{"1"}, o.left()); diff != "" {
		t.Error(diff)
	}
	if got := len(o.nats.Stored(bus.StreamIn)); got != 0 {
		t.Errorf("%d messages are back", got)
	}
}

func TestOperatorsMistakes(t *testing.T) {
	o := newOperator(t)
	for _, tt := range []struct {
		args   string
		status int
		says   string
	}{
		{"dead", 0, ""},
		{"dead bury", 2, "unknown command"},
		{"dead list 1", 2, "unknown command"},
		{"dead list --limit -1", 2, "--limit"},
		{"dead list --newer yesterday", 2, "how long ago"},
		{"dead show", 2, "numbers of dead letters"},
		{"dead show x", 2, `"x" is not the number`},
		{"dead show --raw --json 1", 2, "not both"},
		{"dead retry", 2, "--all"},
		{"dead retry 1 --all", 2, "--all"},
		{"dead retry 1 --worker echo", 2, "--all"},
		{"dead retry --all --rate fast", 2, "50/s"},
		{"dead retry --all --rate 0/s", 0, "put back 0 of 0"},
		{"dead drop", 2, "--all"},
		{"replay", 2, "--worker"},
		{"replay --worker echo", 2, "--since"},
		{"replay --worker echo --since 1h --from 2h", 2, "--since"},
		{"replay --worker echo --from 1h --to 2h", 2, "--to"},
		{"replay --worker echo --since 1h --filter text", 2, "--filter"},
		{"replay --worker echo --since 1h --filter account=a --filter account=b", 2, "--filter"},
		{"replay --worker sender --since 1h", 1, `worker "sender": there is no such worker`},
		{"apply --attempts nobody=3", 2, "--attempts"},
		{"apply --attempts autoreply=0", 2, "1 or more"},
	} {
		a := o.run(strings.Fields(tt.args)...)
		if a.status != tt.status || !strings.Contains(a.err, tt.says) {
			t.Errorf("%s: %+v, want status %d and %q", tt.args, a, tt.status, tt.says)
		}
	}
	o.nats.Down()
	if a := o.run("dead", "list"); a.status != 1 || !strings.Contains(a.err, "no connection to NATS") {
		t.Errorf("without a server: %+v", a)
	}
}

// An operator who looks creates nothing.
func TestDeadListOnAnEmptyServer(t *testing.T) {
	nats := bustest.Start(t)
	o := &operator{t: t, nats: nats}
	if a := o.run("dead", "list"); a.status != 1 || !strings.Contains(a.err, "stream WECHAT_DEAD") || !strings.Contains(a.err, "wxbus apply") {
		t.Errorf("says %+v", a)
	}
	for name := range nats.JetStream().StreamNames(t.Context()).Name() {
		t.Errorf("%s was created", name)
	}
}

func TestApplyWithAttempts(t *testing.T) {
	o := newOperator(t)
	a := o.succeeds("apply", "--worker", "greeter=text,event.>", "--attempts", "greeter=20")
	if !slices.Contains(strings.Split(a.out, "\n"), "~ durable greeter on WECHAT_IN: max_deliver: 5000 -> 20") {
		t.Errorf("apply says %s", a.out)
	}
}
