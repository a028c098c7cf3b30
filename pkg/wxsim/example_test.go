package wxsim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/wxsim"
)

// shop is the server of somebody who does not use wxbus: it says success and
// answers through the API.
func shop(api string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "success")
		go reply(api, r.URL.Query().Get("openid"))
	}
}

func reply(api, openid string) {
	var token answer
	decode(http.Get(api + "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s"))(&token)
	decode(http.Post(api+"/cgi-bin/message/custom/send?access_token="+token.Token, "application/json",
		strings.NewReader(`{"touser":"`+openid+`","msgtype":"text","text":{"content":"欢迎光临"}}`)))(new(answer))
}

// A test of a server: its user follows the account and waits for the welcome.
func Example() {
	sim, err := wxsim.New(wxsim.Options{Accounts: []wxsim.Account{{Name: "main", AppID: "wx1", Token: "weixin", Secret: "s"}}})
	if err != nil {
		panic(err)
	}
	defer sim.Close()
	api := httptest.NewServer(sim.Handler()) // in place of https://api.weixin.qq.com
	defer api.Close()
	server := httptest.NewServer(shop(api.URL)) // what is to be tested
	defer server.Close()
	if err := sim.SetURL("main", server.URL); err != nil {
		panic(err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	openid, err := sim.AddUser("main", "小明")
	if err != nil {
		panic(err)
	}
	push, err := sim.Do(ctx, "main", openid, wxsim.Step{Follow: true})
	if err != nil {
		panic(err)
	}
	fmt.Println("delivered", len(push[0].Deliveries), "time")
	answers, err := sim.Wait(ctx, "main", openid, 1)
	if err != nil {
		panic(err)
	}
	fmt.Println(answers[0].Text())
	// Output:
	// delivered 1 time
	// 欢迎光临
}

// A conversation that was written down, or saved from the page, as a test.
func ExampleScenario_Play() {
	sim, err := wxsim.New(wxsim.Options{Accounts: []wxsim.Account{{Name: "main", AppID: "wx1", Token: "weixin", Secret: "s"}}})
	if err != nil {
		panic(err)
	}
	defer sim.Close()
	api := httptest.NewServer(sim.Handler())
	defer api.Close()
	server := httptest.NewServer(shop(api.URL))
	defer server.Close()
	if err := sim.SetURL("main", server.URL); err != nil {
		panic(err)
	}

	scenario, err := wxsim.ReadScenario([]byte(`
steps:
  - user: 小明
    follow: true
    expect: 欢迎
  - text: 你好
    expect: 再见
`))
	if err != nil {
		panic(err)
	}
	err = scenario.Play(context.Background(), api.URL, func(line string) { fmt.Println(line) })
	fmt.Println(err)
	// Output:
	// 小明: follow
	//   ✓ text 欢迎光临
	// 小明: text 你好
	// line 6: not as expected: the answer is text 欢迎光临; want one that contains "再见"
}

// decode reads an answer of the API.
func decode(response *http.Response, err error) func(*answer) {
	return func(got *answer) {
		if err != nil {
			return
		}
		defer response.Body.Close()
		_ = json.NewDecoder(response.Body).Decode(got)
	}
}
