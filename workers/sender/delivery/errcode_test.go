package delivery_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/pkg/wxsim"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// fault answers custom/send with a body.
func fault(body string) wxsim.Fault { return wxsim.Fault{Body: body} }

func TestPermanentCodeIsOneCallAndADeadLetter(t *testing.T) {
	codes := []int{
		45015, 45047, 40003, 43004, 48001, // those that the contract names
		40007, 40008, 40033, 40035, 40164, 40200, 41001, 44004, 45002, 45008, 47001, 48002, 50002, 12345, -12345,
	}
	r := newRig(t)
	r.start()
	for i, code := range codes {
		r.sim.Weather().Fail(code, 1)
		id := r.publish("main", openID, text(openID, fmt.Sprint(code)))
		letter := r.dead(i + 1)
		reason := fmt.Sprintf("%d %s", code, wxapi.Meaning(code))
		wantLetter(t, letter, grave{reason, 1, stored("main", openID), i + 1, id}, text(openID, fmt.Sprint(code)))
		if got := r.sim.Counts().Sends; got != i+1 {
			t.Fatalf("%d: %d calls so far, want %d", code, got, i+1)
		}
	}
	r.settled(uint64(len(codes)))
}

// The simulator's own refusals, without weather.
func TestWhatWeChatRefusesBecomesADeadLetter(t *testing.T) {
	r := newRig(t)
	r.start()
	body := text("oStranger", "在吗")
	id := r.publish("main", "oStranger", body)
	wantLetter(t, r.dead(1), grave{"40003 " + wxapi.Meaning(40003), 1, stored("main", "oStranger"), 1, id}, body)
	r.settled(1)
}

// What may pass is tried again, and arrives once. Nobody else waits for it.
func TestTransientFailureArrivesLater(t *testing.T) {
	faults := []wxsim.Fault{
		{Errcode: -1},
		{Errcode: 45011},
		{Status: 500},
		{Status: 502},
		{Body: "<html></html>"},
		{Body: `{"errcode":0,`},
		{Body: `{}`},
	}
	r := newRig(t)
	r.start()
	for i, f := range faults {
		user := fmt.Sprintf("oUser%d", i)
		r.meet("main", user)
		r.sim.Weather().Next(1, f)
		r.publish("main", user, text(user, "a"))
	}
	for i := range faults {
		r.received("main", fmt.Sprintf("oUser%d", i), 1)
	}
	r.settled(0)
	if got := r.sim.Counts(); got.Sends != 2*len(faults) || got.Sent != len(faults) {
		t.Errorf("%d calls, %d arrived; want %d and %d", got.Sends, got.Sent, 2*len(faults), len(faults))
	}
}

// WeChat may be away when the sender starts.
func TestRefusedConnectionIsTriedAgain(t *testing.T) {
	r := newRig(t)
	addr := bustest.FreeAddr()
	r.start(func(c *delivery.Config) { c.APIURL = "http://" + addr + "/" })
	r.publish("main", openID, text(openID, "a"))
	bustest.Eventually(t, "the connection is refused", func() bool {
		return strings.Contains(r.log.String(), "connection refused")
	})
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: r.api}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	r.received("main", openID, 1)
	r.settled(0)
}

// A dead letter counts the tries before the last.
func TestAttemptsAreCounted(t *testing.T) {
	r := newRig(t)
	r.start()
	r.sim.Weather().Fail(-1, 1)
	r.sim.Weather().Fail(45015, 1)
	id := r.publish("main", openID, text(openID, "a"))
	wantLetter(t, r.dead(1), grave{"45015 " + wxapi.Meaning(45015), 2, stored("main", openID), 1, id}, text(openID, "a"))
	r.settled(1)
}

// A reply that fails waits alone: those to other users go on.
func TestFailingReplyHoldsUpNobodyElse(t *testing.T) {
	r := newRig(t)
	r.meet("main", otherID)
	r.start(func(c *delivery.Config) { c.Slots = 1 })
	r.api.before(func(_ int, c call) {
		if c.ToUser == openID {
			r.sim.Weather().Fail(-1, 1)
		}
	})
	r.publish("main", openID, text(openID, "a"))
	for range 5 {
		r.publish("main", otherID, text(otherID, "b"))
	}
	r.received("main", otherID, 5)
	r.api.before(nil)
	r.received("main", openID, 1)
	r.settled(0)
}

func TestRefusedTokenIsReplaced(t *testing.T) {
	for _, code := range []int{40001, 40014, 42001, 42007} {
		r := newRig(t)
		r.start()
		r.sim.Weather().Fail(code, 1)
		r.publish("main", openID, text(openID, "a"))
		r.received("main", openID, 1)
		r.settled(0)
		if got := r.sim.Counts(); got.Tokens != 2 || got.Sends != 2 {
			t.Errorf("%d: calls: %+v, want 2 for tokens and 2 of custom/send", code, got)
		}
	}
}

// Refused again is a dead letter. What follows within 30 seconds is not: it
// waits until the token may be replaced.
func TestTokenRefusedTwice(t *testing.T) {
	r := newRig(t)
	r.start()
	r.sim.Weather().Fail(40001, 3)
	id := r.publish("main", openID, text(openID, "a"))
	wantLetter(t, r.dead(1), grave{"40001 " + wxapi.Meaning(40001), 1, stored("main", openID), 1, id}, text(openID, "a"))
	r.publish("main", openID, text(openID, "b"))
	bustest.Eventually(t, "the next reply waits", func() bool {
		return strings.Contains(r.log.String(), wxapi.ErrTokenPending.Error())
	})
	if got := r.sim.Counts(); got.Tokens != 2 || got.Sends != 3 {
		t.Errorf("calls: %+v, want 2 for tokens and 3 of custom/send", got)
	}
	if got := r.lastSeq(bus.StreamDead); got != 1 {
		t.Errorf("%d dead letters, want 1", got)
	}
}

// Without a token nothing is sent and nothing given up.
func TestReplyWaitsForAToken(t *testing.T) {
	r := newRig(t)
	r.sim.Weather().Next(1, wxsim.Fault{Path: wxsim.PathStableToken, Errcode: 40164})
	r.start()
	r.publish("main", openID, text(openID, "a"))
	if diff := cmp.Diff([]string{"a"}, r.reads("main", openID, 1)); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	r.settled(0)
	if got := r.sim.Counts(); got.Tokens != 2 || got.Sends != 1 {
		t.Errorf("calls: %+v, want 2 for tokens and 1 of custom/send", got)
	}
}
