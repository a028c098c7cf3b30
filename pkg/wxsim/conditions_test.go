package wxsim_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

func TestConditionsOfDeliveries(t *testing.T) {
	server := newServer(t, callback.Safe)
	sim := newSim(t, server.URL, nil)
	for name, tt := range map[string]struct {
		conditions wxsim.Conditions
		errors     []string
	}{
		"fine":         {wxsim.Conditions{}, []string{""}},
		"lost answers": {wxsim.Conditions{LostAnswers: true}, []string{"the answer was lost on its way", ""}},
		"duplicates":   {wxsim.Conditions{Duplicates: true}, []string{"", ""}},
	} {
		if err := sim.Weather().Set(tt.conditions); err != nil {
			t.Fatal(err)
		}
		before := len(server.requests())
		push, err := sim.Text(patience(t), "main", openid, "在吗")
		if err != nil || !push.Accepted || len(push.Deliveries) != len(tt.errors) {
			t.Fatalf("%s: %+v, %v", name, push, err)
		}
		got := server.requests()[before:]
		for i, d := range push.Deliveries {
			if d.Error != tt.errors[i] || d.Status != http.StatusOK || !strings.Contains(d.Sent, "<Encrypt>") {
				t.Errorf("%s: delivery %d is %+v, want the error %q", name, i, d, tt.errors[i])
			}
			if got[i].opened != push.XML || i > 0 && got[i].body == got[0].body {
				t.Errorf("%s: delivery %d is not the same message in another ciphertext", name, i)
			}
		}
	}
}

func TestConditionsOfCalls(t *testing.T) {
	sim := newSim(t, newServer(t, callback.Safe).URL, func(o *wxsim.Options) { o.NoQuota = true })
	a := newAPI(t, sim)
	if _, err := sim.Text(patience(t), "main", openid, "在吗"); err != nil {
		t.Fatal(err)
	}
	set := func(c wxsim.Conditions) {
		t.Helper()
		if err := sim.Weather().Set(c); err != nil || sim.Weather().Conditions() != c {
			t.Fatalf("%+v: %v", c, err)
		}
	}
	set(wxsim.Conditions{TokenLife: time.Hour})
	token := a.stable(false)
	if token.Expires > 3600 {
		t.Errorf("the token lives for %d s, want an hour", token.Expires)
	}
	for _, errcode := range []int{45009, 45009, 45047, -1} {
		set(wxsim.Conditions{Errcode: errcode})
		if got := a.send(token.Token, textTo(openid, "在")); got.Errcode != errcode {
			t.Errorf("errcode %d, want %d", got.Errcode, errcode)
		}
	}
	sim.Weather().Fail(40001, 1)
	if got := a.send(token.Token, textTo(openid, "在")); got.Errcode != 40001 {
		t.Errorf("errcode %d, want that of the next call first", got.Errcode)
	}
	set(wxsim.Conditions{Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL+wxsim.PathSend+"?access_token="+token.Token, strings.NewReader(textTo(openid, "在")))
	if err != nil {
		t.Fatal(err)
	}
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
		t.Error("a call that hangs was answered")
	}
	if sent, err := sim.Wait(patience(t), "main", openid, 1); err != nil || len(sent) != 1 {
		t.Errorf("%d messages, %v; want the one whose call hung", len(sent), err)
	}
	set(wxsim.Conditions{Delay: 60 * time.Millisecond})
	began := time.Now()
	if got := a.send(token.Token, textTo(openid, "在")); got.Errcode != 0 || time.Since(began) < 60*time.Millisecond {
		t.Errorf("answered %d after %v, want 0 after 60 ms", got.Errcode, time.Since(began))
	}
	if err := sim.Weather().Set(wxsim.Conditions{Delay: time.Hour}); err == nil {
		t.Error("a delay of an hour is taken")
	}
}

// The page changes the weather, and every page hears of it.
func TestPageMakesTheWeather(t *testing.T) {
	a := newAPI(t, newSim(t, "", nil))
	changes := a.stream()
	if status, text := a.page("/sim/weather", `{"weather":{"errcode":45015,"delay":1000000}}`); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	if got := a.sim.Weather().Conditions(); got != (wxsim.Conditions{Errcode: 45015, Delay: time.Millisecond}) {
		t.Errorf("conditions %+v", got)
	}
	if c := <-changes; c.Type != "weather" {
		t.Errorf("the page hears %+v", c)
	}
	if _, state, _ := a.raw("GET", "/sim/state", ""); !strings.Contains(state, `"errcode":45015`) {
		t.Errorf("state = %s", state)
	}
	if status, _ := a.page("/sim/weather", `{"weather":{"delay":-1}}`); status != http.StatusBadRequest {
		t.Errorf("a delay below 0: HTTP %d", status)
	}
	if status, _ := a.page("/sim/weather", `{"weather":{}}`); status != http.StatusOK {
		t.Errorf("fine weather: HTTP %d", status)
	}
	token := a.stable(false).Token
	if status, _ := a.page("/sim/tokens", `{"account":"main"}`); status != http.StatusOK {
		t.Errorf("tokens: HTTP %d", status)
	}
	if got := a.send(token, textTo(openid, "在")); got.Errcode != 42001 {
		t.Errorf("errcode %d, want 42001", got.Errcode)
	}
}

// A crowd is answered, and nobody of it stands in the list of users.
func TestCrowd(t *testing.T) {
	a := bot(t, echo)
	changes := a.stream()
	if status, text := a.page("/sim/load", `{"account":"main","rate":200}`); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	var total struct{ accepted, answered int }
	for c := range changes {
		if c.Load == nil {
			continue
		}
		total.accepted += c.Load.Accepted
		total.answered += c.Load.Answered
		if c.Load.Failed > 0 || c.Load.Accepted > 0 && (c.Load.P50 == 0 || c.Load.P99 < c.Load.P50) {
			t.Fatalf("report %+v", c.Load)
		}
		if total.accepted > 50 && total.answered > 50 {
			break
		}
	}
	if err := a.sim.Crowd("main", 0); err != nil {
		t.Error(err)
	}
	if users := a.sim.Users("main"); len(users) != 0 {
		t.Errorf("%d users", len(users))
	}
	for account, rate := range map[string]int{"main": -1, "shop": 1} {
		if err := a.sim.Crowd(account, rate); err == nil {
			t.Errorf("a crowd of %d at %s", rate, account)
		}
	}
}

// server that tells what it did.
type telling struct{ retried uint64 }

func (s *telling) Trace(account string, push []byte) *wxsim.Trace {
	return &wxsim.Trace{ID: account, Subject: string(push[:5])}
}

func (s *telling) Retry(_ context.Context, letter uint64) error {
	s.retried = letter
	return nil
}

func TestPageShowsWhatTheServerTells(t *testing.T) {
	told := new(telling)
	a := newAPI(t, newSim(t, newServer(t, callback.Safe).URL, func(o *wxsim.Options) { o.Server = told }))
	if _, err := a.sim.Text(patience(t), "main", openid, "在吗"); err != nil {
		t.Fatal(err)
	}
	_, text, _ := a.raw("GET", "/sim/trace?account=main&openid="+openid, "")
	var got struct{ Traces map[string]wxsim.Trace }
	if err := json.Unmarshal([]byte(text), &got); err != nil || len(got.Traces) != 1 || !strings.Contains(text, `"subject":"<xml>"`) {
		t.Errorf("traces %s, %v", text, err)
	}
	if status, _ := a.page("/sim/retry", `{"letter":7}`); status != http.StatusOK || told.retried != 7 {
		t.Errorf("retry: HTTP %d of %d", status, told.retried)
	}
	changes := a.stream()
	a.sim.Traced("main", openid)
	if c := <-changes; c.Type != "journey" || c.OpenID != openid {
		t.Errorf("the page hears %+v", c)
	}
}
