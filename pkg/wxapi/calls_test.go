package wxapi_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
)

const ok = `{"errcode":0,"errmsg":"ok"}`

// call is one call of the API: what is asked and what comes of the answer.
type call struct {
	name   string
	run    func(ctx context.Context, c *wxapi.Client) (any, error)
	method string
	path   string // with the query, without the token
	body   string // JSON; empty for none
	answer string
	want   any
}

// runCalls makes calls to a server that answers them as WeChat's pages do.
func runCalls(t *testing.T, calls []call) {
	t.Helper()
	for _, tt := range calls {
		t.Run(tt.name, func(t *testing.T) {
			asked := make(chan [3]string, 1)
			url := desk(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				query := r.URL.Query()
				if query.Get("access_token") != accessToken {
					t.Errorf("access_token = %q", query.Get("access_token"))
				}
				query.Del("access_token")
				path := r.URL.Path
				if len(query) > 0 {
					path += "?" + query.Encode()
				}
				asked <- [3]string{r.Method, path, string(body)}
				_, _ = io.WriteString(w, tt.answer)
			})
			got, err := tt.run(patience(t), newClient(url, newStore(), new(bustest.Logbook)))
			if err != nil {
				t.Fatal(err)
			}
			request := <-asked
			if request[0] != tt.method || request[1] != tt.path {
				t.Errorf("asked %s %s, want %s %s", request[0], request[1], tt.method, tt.path)
			}
			wantBody(t, tt.body, request[2])
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// desk answers everything but the call for a token in one way, and leaves the
// body for it to read.
func desk(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/cgi-bin/stable_token", body(`{"access_token":"`+accessToken+`","expires_in":7200}`))
	mux.HandleFunc("/", answer)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func wantBody(t *testing.T, want, got string) {
	t.Helper()
	if want == "" || got == "" {
		if want != got {
			t.Errorf("body = %q, want %q", got, want)
		}
		return
	}
	var wanted, read any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(got), &read); err != nil {
		t.Fatalf("body %q: %v", got, err)
	}
	if diff := cmp.Diff(wanted, read); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

// noAnswer makes a call whose answer is no more than ok look like the others.
func noAnswer(err error) (any, error) { return nil, err }

func TestTypingCalls(t *testing.T) {
	runCalls(t, []call{
		{
			"typing", func(ctx context.Context, c *wxapi.Client) (any, error) { return noAnswer(c.Typing(ctx, "o…")) },
			"POST", "/cgi-bin/message/custom/typing", `{"touser":"o…","command":"Typing"}`, ok, nil,
		},
		{
			"cancel", func(ctx context.Context, c *wxapi.Client) (any, error) { return noAnswer(c.CancelTyping(ctx, "o…")) },
			"POST", "/cgi-bin/message/custom/typing", `{"touser":"o…","command":"CancelTyping"}`, ok, nil,
		},
	})
}

func TestQuotaCalls(t *testing.T) {
	type quota struct {
		Quota wxapi.Quota
		Rate  wxapi.RateLimit
	}
	get := func(ctx context.Context, c *wxapi.Client) (any, error) {
		q, rate, err := c.Quota(ctx, "/cgi-bin/message/custom/send")
		return quota{q, rate}, err
	}
	runCalls(t, []call{
		{
			"quota", get, "POST", "/cgi-bin/openapi/quota/get", `{"cgi_path":"/cgi-bin/message/custom/send"}`,
			`{"errcode":0,"quota":{"daily_limit":500000,"used":12,"remain":499988}}`,
			quota{wxapi.Quota{DailyLimit: 500000, Used: 12, Remain: 499988}, wxapi.RateLimit{}},
		},
		{
			"quota with a rate", get, "POST", "/cgi-bin/openapi/quota/get", `{"cgi_path":"/cgi-bin/message/custom/send"}`,
			`{"errcode":0,"quota":{"daily_limit":1},"rate_limit":{"call_count":10,"refresh_second":60}}`,
			quota{wxapi.Quota{DailyLimit: 1}, wxapi.RateLimit{Calls: 10, Period: 60e9}},
		},
		{
			"clear", func(ctx context.Context, c *wxapi.Client) (any, error) { return noAnswer(c.ClearQuota(ctx)) },
			"POST", "/cgi-bin/clear_quota", `{"appid":"` + appID + `"}`, ok, nil,
		},
	})
}

// What the simulator does with typing, which a user sees.
func TestTypingIsSeen(t *testing.T) {
	r := newRig(t)
	c := r.replica()
	if err := c.Typing(patience(t), openID); err != nil {
		t.Errorf("Typing = %v", err)
	}
	if err := c.Typing(patience(t), openID); wxapi.CodeOf(err) != 45081 {
		t.Errorf("Typing again = %v, want 45081", err)
	}
	if err := c.CancelTyping(patience(t), openID); err != nil {
		t.Errorf("CancelTyping = %v", err)
	}
	if err := c.Typing(patience(t), "oNobody"); wxapi.CodeOf(err) != 40003 {
		t.Errorf("Typing for nobody = %v, want 40003", err)
	}
	if got := r.Counts().Typing; got != 4 {
		t.Errorf("%d calls, want 4", got)
	}
}

// Whatever goes wrong with whichever call, neither token nor secret is said.
func TestNoCallSaysTokenOrSecret(t *testing.T) {
	calls := map[string]func(context.Context, *wxapi.Client) error{
		"post": func(ctx context.Context, c *wxapi.Client) error { return c.Typing(ctx, openID) },
		"get":  func(ctx context.Context, c *wxapi.Client) error { _, err := c.Agents(ctx); return err },
		"upload": func(ctx context.Context, c *wxapi.Client) error {
			_, err := c.Upload(ctx, wxapi.Image, file("a.png", pngData))
			return err
		},
		"download": func(ctx context.Context, c *wxapi.Client) error {
			_, err := c.Download(ctx, "M1", io.Discard)
			return err
		},
	}
	for _, failure := range failures {
		url := server(t, failure.answer)
		for name, run := range calls {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			log := new(bustest.Logbook)
			err := run(ctx, newClient(url, newStore(), log))
			cancel()
			if err == nil && failure.name == "other JSON" && name == "get" {
				continue // a list that is not there is empty
			}
			if err == nil {
				t.Errorf("%s of %s gives no error", failure.name, name)
				continue
			}
			for _, hidden := range []string{accessToken, secret} {
				if strings.Contains(err.Error()+log.String(), hidden) {
					t.Errorf("%s of %s says a secret: %v", failure.name, name, err)
				}
			}
		}
	}
}

func TestIDsAndTimesComeAsNumbersOrTexts(t *testing.T) {
	type values struct {
		ID   wxapi.ID
		Time wxapi.Seconds
	}
	for text, want := range map[string]values{
		`{"ID":3498765432109876543,"Time":123}`: {"3498765432109876543", 123},
		`{"ID":"a","Time":"123"}`:               {"a", 123},
		`{"ID":null,"Time":null}`:               {},
		`{"ID":"","Time":""}`:                   {},
		`{}`:                                    {},
	} {
		var got values
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{`{"ID":[]}`, `{"ID":true}`, `{"Time":"x"}`, `{"Time":1.5}`, `{"Time":{}}`} {
		if err := json.Unmarshal([]byte(text), new(values)); err == nil {
			t.Errorf("%s gives no error", text)
		}
	}
	if !wxapi.Seconds(0).Time().IsZero() || wxapi.Seconds(1).Time().Unix() != 1 {
		t.Error("Time of 0 is not the zero Time, or that of 1 is not one second")
	}
}
