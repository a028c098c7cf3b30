package wxsim_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

// bot is a server under test that answers every message through the API.
func bot(t *testing.T, answer func(m received) string) *api {
	t.Helper()
	server := newServer(t, callback.Safe)
	sim := newSim(t, server.URL, nil)
	a := newAPI(t, sim)
	token := a.stable(false).Token
	var sending sync.WaitGroup
	t.Cleanup(sending.Wait)
	server.answer = func(n int, w http.ResponseWriter, _ *http.Request) {
		got := server.requests()[n-1]
		_, _ = io.WriteString(w, "success")
		if body := answer(got); body != "" {
			sending.Go(func() {
				_, _, _ = a.raw("POST", wxsim.PathSend+"?access_token="+token, body) // the test may be over
			})
		}
	}
	return a
}

// echo answers with what the user wrote, a follow with a menu.
func echo(m received) string {
	to := m.message.FromUserName
	switch {
	case m.message.Event == "subscribe":
		return `{"touser":"` + to + `","msgtype":"msgmenu","msgmenu":{"head_content":"欢迎","list":[{"id":"a","content":"甲"}],"tail_content":""}}`
	case m.message.Event != "":
		return ""
	}
	return textTo(to, "你说"+m.message.Field("Content"))
}

func play(t *testing.T, a *api, text string) ([]string, error) {
	t.Helper()
	s, err := wxsim.ReadScenario([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s.Files = fstest.MapFS{"cat.png": &fstest.MapFile{Data: []byte(pngData)}}
	var lines []string
	err = s.Play(patience(t), a.URL, func(line string) { lines = append(lines, line) })
	return lines, err
}

func TestScenarioIsPlayed(t *testing.T) {
	a := bot(t, echo)
	said, err := play(t, a, `
steps:
  - user: 小明
    follow: true
    expect: {type: msgmenu, contains: 甲}
  - tap: a
    expect: 你说甲
  - text: 你好
    expect:
      - equal: 你说你好
  - user: 小红
    text: 订单 42
    expect: [{regexp: '\d+$'}]
  - user: 小明
    event: {event: CLICK, key: k}
    quiet: 50ms
  - image: cat.png
    expect: 你说
  - sample: voice
    expect: {type: text}
`)
	if err != nil {
		t.Fatalf("%v after %q", err, said)
	}
	if len(said) != 13 || said[0] != "小明: follow" || said[3] != "  ✓ text 你说甲" {
		t.Errorf("said %q", said)
	}
}

func TestScenarioSaysWhatIsNotAsExpected(t *testing.T) {
	a := bot(t, echo)
	for name, tt := range map[string]struct{ file, want string }{
		"another text":   {"steps:\n  - text: 1\n    expect: 你说2", `line 2: not as expected: the answer is text 你说1; want one that contains "你说2"`},
		"another type":   {"steps:\n  - wait: 1ms\n  - text: 1\n    expect: {type: image}", "line 3: not as expected: the answer is text 你说1; want one of type image"},
		"no answer":      {"timeout: 50ms\nsteps:\n  - event: {event: CLICK, key: k}\n    expect: x", `no answer within 50ms; want one that contains "x"`},
		"too much":       {"steps:\n  - text: 1\n    quiet: 5s", "the answer is text 你说1; want none"},
		"no such file":   {"steps:\n  - image: dog.png", "dog.png"},
		"no such button": {"steps:\n  - press: 帮助", "the menu has no such button"},
		"no such sample": {"steps:\n  - sample: x", `there is no sample "x"`},
		"no account":     {"account: shop\nsteps:\n  - text: 1", `no such account: "shop"; the simulator has main`},
	} {
		if _, err := play(t, a, tt.file); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	_, err := play(t, bot(t, func(m received) string { return textTo(m.message.FromUserName, "") }), "steps:\n  - text: 1\n    expect: x")
	if !errors.Is(err, wxsim.ErrUnexpected) || !strings.Contains(err.Error(), "WeChat refused an answer") {
		t.Errorf("a refused answer: %v", err)
	}
	down := newAPI(t, newSim(t, "http://127.0.0.1:1/", nil))
	if _, err := play(t, down, "steps:\n  - text: 1\n    expect: x"); err == nil || !strings.Contains(err.Error(), "did not accept") {
		t.Errorf("a server that is away: %v", err)
	}
}

func TestScenarioFaultsHaveLines(t *testing.T) {
	for file, want := range map[string]string{
		"":                                     "line 1: it has no steps",
		"steps:\n  - txt: a":                   "line 2: unknown field",
		"steps:\n  - text: a\n    tap: b":      "line 2: tap and text in one step",
		"steps:\n  - text: a\n  - user: b":     "line 3: the step does nothing",
		"steps:\n  - text: a\n    expect: {}":  "line 2: expect is empty",
		"steps:\n  - expect: {regexp: '('}":    "line 2: regexp: ",
		"steps:\n  - wait: -1s":                "line 2: quiet and wait",
		"steps: [":                             "line 1: ",
		"timeout: soon\nsteps:\n  - text: a":   "soon",
		"steps:\n  - text: [a]\n    expect: b": "line 2: ",
	} {
		if _, err := wxsim.ReadScenario([]byte(file)); !errors.Is(err, wxsim.ErrScenario) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", file, err, want)
		}
	}
}

// What was said once can be played again.
func TestChatBecomesAScenario(t *testing.T) {
	a := bot(t, echo)
	do := func(s wxsim.Step) {
		t.Helper()
		before := len(a.sim.Sent("main", openid))
		if _, err := a.sim.Do(patience(t), "main", openid, s); err != nil {
			t.Fatal(err)
		}
		if s.Event == nil {
			if _, err := a.sim.Wait(patience(t), "main", openid, before+1); err != nil {
				t.Fatal(err)
			}
		}
	}
	do(wxsim.Step{Follow: true})
	do(wxsim.Step{Tap: "a"})
	do(wxsim.Step{Text: "你好: #1"})
	do(wxsim.Step{Image: wxsim.Example})
	do(wxsim.Step{Voice: wxsim.Example})
	do(wxsim.Step{Location: &wxsim.Place{Latitude: 23, Longitude: 113, Label: "广州"}})
	do(wxsim.Step{Link: &wxsim.Link{Title: "t", URL: "https://example.com/"}})
	do(wxsim.Step{Event: &wxsim.KeyedEvent{Event: "CLICK", Key: "k"}})
	do(wxsim.Step{Sample: "shortvideo"})
	_, file, _ := a.raw("GET", "/sim/scenario?account=main&openid="+openid, "")
	for _, want := range []string{"- follow: true", "tap: a", "image: example", "event: CLICK", "你说你好: #1", "type: msgmenu"} {
		if !strings.Contains(file, want) {
			t.Errorf("the file lacks %s:\n%s", want, file)
		}
	}
	if said, err := play(t, a, file); err != nil {
		t.Errorf("%v after %q of\n%s", err, said, file)
	}
	if status, _, _ := a.raw("GET", "/sim/scenario?account=main&openid=nobody", ""); status != http.StatusNotFound {
		t.Errorf("a chat without steps: HTTP %d", status)
	}
}

// Every sample can be sent, signed and encrypted, and is understood.
func TestSamplesAreDelivered(t *testing.T) {
	for _, mode := range []callback.Mode{callback.Plain, callback.Compat, callback.Safe} {
		server := newServer(t, mode)
		a := newAPI(t, newSim(t, server.URL, withMode(mode)))
		_, list, _ := a.raw("GET", "/sim/samples", "")
		var palette struct{ Samples []struct{ Name, Push string } }
		if err := json.Unmarshal([]byte(list), &palette); err != nil || len(palette.Samples) < 250 {
			t.Fatalf("%d samples, %v", len(palette.Samples), err)
		}
		for _, s := range palette.Samples {
			if _, err := a.sim.Sample(context.Background(), "main", openid, []byte(s.Push)); err != nil {
				t.Errorf("%s in %s mode: %v", s.Name, mode, err)
			}
		}
		for _, got := range server.requests() {
			if got.err != nil || got.message.MsgType != "" && got.message.FromUserName != "" && got.message.FromUserName != openid {
				t.Errorf("%s mode: %v, from %q: %s", mode, got.err, got.message.FromUserName, got.opened)
			}
			if isJSON := strings.HasPrefix(got.body, "{"); isJSON != (got.contentType == "application/json") {
				t.Errorf("%s as %s", got.body, got.contentType)
			}
		}
	}
}
