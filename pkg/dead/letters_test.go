package dead_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/dead"
	"github.com/wxbus/wxbus/pkg/worker"
)

func TestNoDeadLetters(t *testing.T) {
	r := newRig(t)
	if found := r.list(dead.Filter{Worker: "echo"}); len(found) > 0 {
		t.Errorf("letters of an empty stream: %v", found)
	}
	for what, err := range map[string]error{
		"show":  second(r.letters.Show(r.ctx(), 1)),
		"drop":  r.letters.Drop(r.ctx(), 1),
		"retry": second(r.letters.Retry(r.ctx(), 1)),
	} {
		if !errors.Is(err, dead.ErrGone) {
			t.Errorf("%s: %v, want that there is none", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestLetterSaysWhatItIs(t *testing.T) {
	r := newRig(t)
	body := text("oUser 1", "机密", "1") // an OpenID that no header may hold as it is
	r.push("main", body)
	r.work(durable("echo"), func(*bus.Delivery) error { return worker.Drop("spam", errors.New("in detail")) })
	r.reply("shop", "oUser2", "echo:1:1", `{"touser":"oUser2","msgtype":"text","text":{"content":"b"}}`, nil)
	r.work(sender(), drop("45015 too late"))
	want := []*dead.Letter{
		{
			Sequence: 1, Worker: "echo", Reason: "spam", Detail: "in detail", Attempts: 1, Account: "main", User: "oUser 1",
			Stream: bus.StreamIn, Origin: 1, ID: "main:oUser%201:1", Size: len(body),
		},
		{
			Sequence: 2, Worker: "sender", Reason: "45015 too late", Attempts: 1, Account: "shop", User: "oUser2",
			Stream: bus.StreamOut, Origin: 1, ID: "echo:1:1", Size: 59,
		},
	}
	for i, l := range r.left(2) {
		if time.Since(l.Time).Abs() > time.Minute {
			t.Errorf("died %s", l.Time)
		}
		want[i].Subject = r.nats.Stored(want[i].Stream)[0].Subject
		if diff := cmp.Diff(want[i], l, cmpopts.IgnoreFields(dead.Letter{}, "Time", "Header")); diff != "" {
			t.Error(diff)
		}
	}
	shown, err := r.letters.Show(r.ctx(), 1)
	if err != nil || string(shown.Body) != body || shown.Header["ce-type"][0] != "wechat.text" {
		t.Errorf("shown: %s %v, %v", shown.Body, shown.Header, err)
	}
}

func TestFilters(t *testing.T) {
	r := newRig(t)
	r.push("main", text("oA", "1", "1"))
	r.push("shop", text("oB", "2", "2"))
	r.work(durable("echo"), drop("spam"))
	r.work(durable("greeter"), drop("spam, too"))
	r.reply("main", "oA", "1", `{"touser":"oA"}`, nil)
	r.work(sender(), drop("45015 too late"))
	all := r.left(5)
	for _, tt := range []struct {
		name   string
		filter dead.Filter
		want   int
	}{
		{"all", dead.Filter{}, 5},
		{"worker", dead.Filter{Worker: "echo"}, 2},
		{"worker unknown", dead.Filter{Worker: "ech"}, 0},
		{"beginning of the reason", dead.Filter{Reason: "spam"}, 4},
		{"reason", dead.Filter{Reason: "45015"}, 1},
		{"account", dead.Filter{Account: "shop"}, 2},
		{"user, of pushes and replies", dead.Filter{User: "oA"}, 3},
		{"several", dead.Filter{Worker: "greeter", User: "oA", Account: "main", Reason: "spam"}, 1},
		{"since", dead.Filter{Since: all[2].Time}, 3},
		{"until", dead.Filter{Until: all[2].Time}, 2},
		{"between", dead.Filter{Since: all[1].Time, Until: all[4].Time}, 3},
		{"of a worker since", dead.Filter{Worker: "echo", Since: all[1].Time}, 1},
	} {
		if got := r.list(tt.filter); len(got) != tt.want {
			t.Errorf("%s: %d letters, want %d", tt.name, len(got), tt.want)
		}
	}
}

// A list is read in pages, and may be left.
func TestManyLetters(t *testing.T) {
	const many = 520 // more than are read at a time
	r := newRig(t)
	for n := range many {
		worker := []string{"echo", "greeter"}[n%2]
		header := map[string][]string{"Dead-Worker": {worker}, "Dead-Reason": {fmt.Sprint(n)}, "Dead-Stream": {bus.StreamIn}}
		if _, err := r.bus.Publish(r.ctx(), "wechat.dead."+worker, fmt.Sprint(n), header, []byte(strings.Repeat("x", 1000))); err != nil {
			t.Fatal(err)
		}
	}
	next := 0
	for _, l := range r.list(dead.Filter{}) {
		if l.Reason != fmt.Sprint(next) || l.Body != nil || l.Size != 1000 {
			t.Fatalf("letter %d: %+v", next, l)
		}
		next++
	}
	if got := len(r.list(dead.Filter{Worker: "greeter"})); next != many || got != many/2 {
		t.Errorf("%d letters, %d of them of greeter", next, got)
	}
	for l := range r.letters.List(r.ctx(), dead.Filter{}) {
		if l.Reason != "0" {
			t.Errorf("first is %s", l.Reason)
		}
		break
	}
}

// What is missing in a letter that another program wrote is no fault.
func TestLetterOfAnotherHand(t *testing.T) {
	r := newRig(t)
	if _, err := r.bus.Publish(r.ctx(), "wechat.dead.node", "1", nil, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if l := r.left(1)[0]; l.Worker != "node" || l.Stream != bus.StreamIn {
		t.Errorf("letter = %+v", l)
	}
	if _, err := r.letters.Retry(r.ctx(), 1); err == nil || !strings.Contains(err.Error(), "Dead-Subject") {
		t.Errorf("put back where: %v", err)
	}
	if err := r.letters.Drop(r.ctx(), 1); err != nil {
		t.Error(err)
	}
	r.left(0)
}
