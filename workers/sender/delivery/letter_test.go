package delivery_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/route"
)

// grave is what a dead letter says, apart from its time.
type grave struct {
	reason   string
	attempts int
	subject  string // as stored
	sequence int
	id       string // the reply's own
}

// wantLetter checks a dead letter's subject, body and headers.
func wantLetter(t *testing.T, letter *jetstream.RawStreamMsg, want grave, body string) {
	t.Helper()
	header := nats.Header{
		"Nats-Msg-Id":        {fmt.Sprintf("dead:sender:%s:%d", bus.StreamOut, want.sequence)},
		"Wechat-In-Reply-To": {cause},
		"traceparent":        {trace},
		"Dead-Worker":        {"sender"},
		"Dead-Reason":        {want.reason},
		"Dead-Attempts":      {fmt.Sprint(want.attempts)},
		"Dead-Subject":       {want.subject},
		"Dead-Stream":        {bus.StreamOut},
		"Dead-Sequence":      {fmt.Sprint(want.sequence)},
		"Dead-Msg-Id":        {want.id},
	}
	got := nats.Header{}
	for name := range header {
		got[name] = letter.Header[name]
	}
	if diff := cmp.Diff(header, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if letter.Subject != "wechat.dead.sender" {
		t.Errorf("subject = %s", letter.Subject)
	}
	if string(letter.Data) != body {
		t.Errorf("body = %.200q, want %.200q", letter.Data, body)
	}
	if died, err := time.Parse(time.RFC3339, letter.Header.Get("Dead-Time")); err != nil || time.Since(died).Abs() > time.Minute {
		t.Errorf("Dead-Time = %q, %v", letter.Header.Get("Dead-Time"), err)
	}
}

// stored returns the subject that replies to a user are stored under.
func stored(account, user string) string {
	return fmt.Sprintf("wechat.out.%s.%d", account, route.Partition(user, partitions))
}

func TestMalformedReplyBecomesADeadLetterWithoutACall(t *testing.T) {
	if stored("main", openID) == stored("main", otherID) {
		t.Fatal("both users are in one partition")
	}
	right := route.OutSubject("main", openID, partitions)
	tests := []struct {
		name, subject, stored, body string
	}{
		{"not JSON", right, stored("main", openID), "<xml></xml>"},
		{"empty", right, stored("main", openID), ""},
		{"no touser", right, stored("main", openID), `{"msgtype":"text","text":{"content":"a"}}`},
		{"msgtype unknown", right, stored("main", openID), `{"touser":"` + openID + `","msgtype":"poll","poll":{}}`},
		{"7 MB of garbage", right, stored("main", openID), strings.Repeat("\x00垃圾", 1<<20)},
		{"deep", right, stored("main", openID), strings.Repeat(`{"text":`, 20_000)},
		{"touser of another partition", route.OutSubject("main", otherID, partitions), stored("main", otherID), text(openID, "a")},
		{"account unknown", route.OutSubject("nobody", openID, partitions), stored("nobody", openID), text(openID, "a")},
		{"no user in the subject", "wechat.out.main", "wechat.out.main", text(openID, "a")},
		{"too much in the subject", "wechat.out.main.a.b", "wechat.out.main.a.b", text(openID, "a")},
	}
	r := newRig(t)
	r.start()
	for i, tt := range tests {
		id := r.publishTo(tt.subject, []byte(tt.body))
		wantLetter(t, r.dead(i+1), grave{"malformed", 1, tt.stored, i + 1, id}, tt.body)
		if t.Failed() {
			t.Fatal(tt.name)
		}
	}
	r.publish("main", openID, text(openID, "a")) // is not held up
	r.received("main", openID, 1)
	r.settled(uint64(len(tests)))
	if got := r.sim.Counts().Sends; got != 1 {
		t.Errorf("%d calls, want 1", got)
	}
}

// Where WeChat's answer may repeat the request, and everywhere else, the
// secrets stay inside.
func TestNoSecretIsShown(t *testing.T) {
	r := newRig(t)
	leak := func(_ int, c call) {
		r.sim.Weather().Next(1, fault(fmt.Sprintf(`{"errcode":40035,"errmsg":"%s %s"}`, c.token, mainSecret)))
	}
	r.api.before(leak)
	r.start()
	r.publish("main", openID, text(openID, "a"))
	r.publish("main", openID, "{")
	letters := []*jetstream.RawStreamMsg{r.dead(1), r.dead(2)}
	r.api.before(nil)
	r.sim.Weather().Fail(40001, 2)
	r.publish("main", openID, text(openID, "b"))
	letters = append(letters, r.dead(3))
	r.settled(3)
	shown := r.log.String()
	for _, letter := range letters {
		shown += fmt.Sprint(letter.Header, string(letter.Data))
	}
	for _, secret := range append(r.api.tokens(), mainSecret, shopSecret) {
		if strings.Contains(shown, secret) {
			t.Errorf("%s is shown:\n%s", secret, shown)
		}
	}
	if !strings.Contains(shown, "40035") || !strings.Contains(shown, "access token fetched") {
		t.Errorf("too little is shown:\n%s", shown)
	}
}
