package main_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

const exampleRules = "../../workers/autoreply/rules/example.yaml"

var modes = []callback.Mode{callback.Plain, callback.Compat, callback.Safe}

// credentials are the settings of one account in each mode.
func credentials() (env []string) {
	env = []string{"WECHAT_ACCOUNTS=plain,compat,safe"}
	for i, mode := range modes {
		prefix := "WECHAT_" + strings.ToUpper(string(mode))
		env = append(env, fmt.Sprintf("%s_APPID=wx%016d", prefix, i), prefix+"_TOKEN="+token,
			prefix+"_SECRET="+secret+string(mode), prefix+"_MODE="+string(mode))
		if mode != callback.Plain {
			env = append(env, prefix+"_AES_KEY="+aesKey)
		}
	}
	return env
}

// simulate starts WeChat for these accounts, in front of the server at addr.
func simulate(t *testing.T, addr string) (sim *wxsim.Platform, api string) {
	t.Helper()
	var accounts []wxsim.Account
	for i, mode := range modes {
		accounts = append(accounts, wxsim.Account{
			Name: string(mode), AppID: fmt.Sprintf("wx%016d", i), Token: token, AESKey: aesKey, Secret: secret + string(mode),
			Mode: mode, URL: "http://" + addr + "/wechat/" + string(mode),
		})
	}
	sim, err := wxsim.New(wxsim.Options{Accounts: accounts, NoQuota: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(server.Close)
	return sim, server.URL
}

func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// The whole way, each program a process of its own: WeChat, ingress, NATS,
// autoreply, NATS, sender, WeChat.
func TestPipeOfProcessesInEveryMode(t *testing.T) {
	door := bustest.FreeAddr()
	sim, api := simulate(t, door)
	ctx := patience(t)
	env := append(credentials(), "NATS_URL="+bustest.Start(t).Config().URL, "WECHAT_API_URL="+api, "HTTP_ADDR="+door,
		"AUTOREPLY_RULES="+absolute(t, exampleRules))
	for _, name := range []string{"ingress", "autoreply", "sender"} {
		admin := bustest.FreeAddr()
		start(t, name, nil, append(env, "ADMIN_ADDR="+admin)...)
		ready(t, admin)
	}
	for _, mode := range modes {
		account := string(mode)
		if err := sim.Verify(ctx, account); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		user, err := sim.AddUser(account, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sim.Event(ctx, account, user, "subscribe", ""); err != nil {
			t.Errorf("%s: follow: %v", mode, err)
		}
		if _, err := sim.Wait(ctx, account, user, 1); err != nil {
			t.Fatalf("%s: welcome: %v", mode, err)
		}
		if _, err := sim.Text(ctx, account, user, "你好"); err != nil {
			t.Errorf("%s: text: %v", mode, err)
		}
		sent, err := sim.Wait(ctx, account, user, 2)
		if err != nil {
			t.Fatalf("%s: answer: %v", mode, err)
		}
		if !strings.Contains(sent[0].Text(), "欢迎关注") || !strings.Contains(sent[1].Text(), "你好呀") {
			t.Errorf("%s: answered %q and %q", mode, sent[0].Text(), sent[1].Text())
		}
	}
}

// Every push that was answered with success is answered by the account, also
// when the process is killed in the middle of its work, and at most the calls
// that were under way come twice.
func TestKillOfEverythingLosesNothing(t *testing.T) {
	const kills, users, calls = 3, 40, 4
	door, data := bustest.FreeAddr(), t.TempDir()
	sim, api := simulate(t, door)
	env := append(credentials(), "WECHAT_API_URL="+api, "HTTP_ADDR="+door, "WXBUS_DATA="+data, "NATS_ADDR="+bustest.FreeAddr(),
		fmt.Sprint("SENDER_SLOTS=", calls))
	ctx := patience(t)
	var accepted [users]atomic.Int32
	for kill := range kills {
		up := start(t, "wxbus", []string{"up"}, env...)
		up.says("wxbus is up")
		var writing sync.WaitGroup
		var successes atomic.Int32
		for n := range users {
			writing.Go(func() {
				push, _ := sim.Push(ctx, "safe", textOf(n, kill))
				if push.Accepted {
					accepted[n].Add(1)
					successes.Add(1)
				}
			})
		}
		bustest.Eventually(t, "some pushes are accepted", func() bool { return successes.Load() > users/4 })
		up.kill(syscall.SIGKILL)
		writing.Wait()
	}
	up := start(t, "wxbus", []string{"up"}, env...)
	for n := range users {
		if _, err := sim.Wait(ctx, "safe", userOf(n), int(accepted[n].Load())); err != nil {
			t.Errorf("user %d: %v", n, err)
		}
	}
	if status := up.kill(syscall.SIGTERM); status != 0 {
		t.Errorf("exit status %d: %s", status, up.output())
	}
	pushes, copies := 0, 0
	for n := range users {
		pushes += int(accepted[n].Load())
		copies += repeated(sim.Sent("safe", userOf(n)))
	}
	t.Logf("%d pushes accepted, %d extra copies of answers, %d kills", pushes, copies, kills)
	if copies > kills*calls {
		t.Errorf("%d extra copies, want %d at most", copies, kills*calls)
	}
}

// repeated counts the messages that came before.
func repeated(sent []wxsim.Message) int {
	seen := map[string]bool{}
	for _, m := range sent {
		seen[m.Text()] = true
	}
	return len(sent) - len(seen)
}

func userOf(n int) string { return fmt.Sprintf("oAbCdEfGhIjKlMnOpQrStUvWx%03d", n) }

func textOf(user, n int) []byte {
	return fmt.Appendf(nil, `<xml><ToUserName>gh_0a1b2c3d4e5f</ToUserName><FromUserName>%s</FromUserName>`+
		`<CreateTime>%d</CreateTime><MsgType>text</MsgType><Content>菜单吗 %d</Content><MsgId>%d</MsgId></xml>`,
		userOf(user), time.Now().Unix(), n, 1000*user+n+1)
}
