package rules_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/workers/autoreply/rules"
)

// sentAt is a text of a user at a time in China.
func sentAt(t *testing.T, at string) *wechat.Message {
	t.Helper()
	when, err := time.Parse("2006-01-02 15:04 MST", at+" CST")
	if err != nil {
		t.Fatal(err)
	}
	seconds := strconv.FormatInt(when.Unix()-8*60*60, 10)
	return message(t, "MsgType", "text", "Content", "在吗", "CreateTime", seconds)
}

func TestTimeWindows(t *testing.T) {
	const file = `
rules:
  - when: {time: ["9:00-12:00", "13:00–18:00"], day: [weekday, 周六]}
    reply: open
  - when: {time: "22:00-6:00"}
    reply: night
  - reply: closed at $Time on $Date
`
	for at, want := range map[string]string{ // 2026-11-26 is a Thursday
		"2026-11-26 09:00": "open", "2026-11-26 11:59": "open", "2026-11-26 12:00": "closed at 12:00 on 2026-11-26",
		"2026-11-26 17:59": "open", "2026-11-26 18:00": "closed", "2026-11-28 10:00": "open", "2026-11-29 10:00": "closed",
		"2026-11-26 22:00": "night", "2026-11-27 05:59": "night", "2026-11-27 06:00": "closed",
	} {
		if got := answer(t, parse(t, file), sentAt(t, at)); len(got) != 1 || !strings.Contains(got[0], `"`+want) {
			t.Errorf("at %s: %q, want %s", at, got, want)
		}
	}
	abroad := parse(t, "timezone: Europe/Berlin\nrules: [{when: {time: '9:00-10:00'}, reply: open}]")
	if got := answer(t, abroad, sentAt(t, "2026-11-26 16:30")); len(got) != 1 { // 9:30 there
		t.Errorf("in Berlin: %q", got)
	}
}

func TestOneOfSeveralReplies(t *testing.T) {
	r := parse(t, "rules: [{reply: [a, b, c, d, e, f], choose: random}]")
	seen := map[string]int{}
	for i := range 300 {
		m := text(t, "在吗")
		m.ID = "main:oUser:" + strconv.Itoa(i)
		got := answer(t, r, m)
		if again := answer(t, r, m); len(got) != 1 || again[0] != got[0] {
			t.Fatalf("answers %q and %q", got, again)
		}
		seen[got[0]]++
	}
	for reply, n := range seen {
		if n < 20 || len(seen) != 6 {
			t.Errorf("%s came %d times of 300, of %d", reply, n, len(seen))
		}
	}
}

func TestCooldown(t *testing.T) {
	r := parse(t, "rules: [{name: hint, reply: first, cooldown: 1h}, {reply: then}]")
	from := func(user, id string) string {
		m := message(t, "MsgType", "text", "Content", "a", "FromUserName", user)
		m.ID = id
		return strings.Join(answer(t, r, m), "")
	}
	for _, tt := range []struct{ user, id, want string }{
		{"oA", "1", "first"}, {"oA", "2", "then"}, {"oB", "3", "first"}, {"oA", "1", "first"}, {"oB", "4", "then"},
	} {
		if got := from(tt.user, tt.id); !strings.Contains(got, tt.want) {
			t.Errorf("message %s of %s gets %s, want %s", tt.id, tt.user, got, tt.want)
		}
	}
	short := parse(t, "rules: [{reply: first, cooldown: 1s}]")
	for range 2 {
		m := text(t, "a")
		m.ID = time.Now().String()
		if got, err := short.Answer(context.Background(), m); err != nil || len(got) != 1 {
			t.Errorf("answer %v, %v", got, err)
		}
		time.Sleep(1100 * time.Millisecond) // the cool-down
	}
}

// A rule with a cool-down leaves messages to those behind it.
func TestCooldownHidesNoRule(t *testing.T) {
	if _, err := rules.Parse([]byte("rules: [{reply: a, cooldown: 1m}, {reply: b}]")); err != nil {
		t.Error(err)
	}
}
