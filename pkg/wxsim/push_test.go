package wxsim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

var modes = []callback.Mode{callback.Plain, callback.Compat, callback.Safe}

func TestVerify(t *testing.T) {
	good := newServer(t, callback.Safe)
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Query().Get("echostr")+"\n")
	}))
	t.Cleanup(bad.Close)
	sim := newSim(t, good.URL+"/wechat/main?from=wechat", nil)
	if err := sim.Verify(t.Context(), "main"); err != nil {
		t.Errorf("Verify = %v", err)
	}
	if err := sim.SetURL("main", bad.URL); err != nil {
		t.Fatal(err)
	}
	if err := sim.Verify(t.Context(), "main"); err == nil {
		t.Error("an echostr with a newline behind it was accepted")
	}
	if err := sim.Verify(t.Context(), "other"); !errors.Is(err, wxsim.ErrAccount) {
		t.Errorf("Verify of an unknown account = %v", err)
	}
}

func TestEveryModeOpens(t *testing.T) {
	const typed = "你好 <a href=\"x\">&amp;</a> ]]> <![CDATA[b]]>c]]>d \n😀 ]]></Content><MsgId>1</MsgId>"
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			server := newServer(t, mode)
			sim := newSim(t, server.URL, withMode(mode))
			push, err := sim.Text(t.Context(), "main", openid, typed)
			if err != nil || !push.Accepted || !push.Done || len(push.Deliveries) != 1 {
				t.Fatalf("Text = %+v, %v", push, err)
			}
			got := server.requests()[0]
			if got.err != nil {
				t.Fatalf("the server cannot open it: %v", got.err)
			}
			m := got.message
			if m.Field("Content") != typed || m.FromUserName != openid || m.MsgType != "text" || m.CreateTime == 0 {
				t.Errorf("message = %s", m.Body)
			}
			if !regexp.MustCompile(`^gh_[0-9a-f]{12}$`).MatchString(m.ToUserName) {
				t.Errorf("ToUserName = %q", m.ToUserName)
			}
			if !regexp.MustCompile(`^[0-9]{17,19}$`).MatchString(m.MsgId) {
				t.Errorf("MsgId = %q", m.MsgId)
			}
			if got.openid != openid || got.contentType != "text/xml" {
				t.Errorf("openid = %q, Content-Type = %q", got.openid, got.contentType)
			}
			checkShape(t, mode, got)
		})
	}
}

func checkShape(t *testing.T, mode callback.Mode, got received) {
	t.Helper()
	plain, encrypted := strings.Contains(got.body, "<Content>"), strings.Contains(got.body, "<Encrypt>")
	if plain != (mode != callback.Safe) || encrypted != (mode != callback.Plain) {
		t.Errorf("body has Content %t, Encrypt %t: %s", plain, encrypted, got.body)
	}
	if aes := got.query.EncryptType == "aes"; aes != encrypted || aes != (got.query.MsgSignature != "") {
		t.Errorf("query = %+v", got.query)
	}
	names := regexp.MustCompile(`(?m)^(?:<xml>)?<([A-Za-z]+)>`).FindAllStringSubmatch(got.opened, -1)
	var order []string
	for _, name := range names {
		order = append(order, name[1])
	}
	want := "ToUserName FromUserName CreateTime MsgType Content MsgId"
	if got := strings.Join(order, " "); got != want {
		t.Errorf("elements = %s; want %s", got, want)
	}
}

func FuzzTextSurvives(f *testing.F) {
	for _, text := range []string{"", "]]>", "<![CDATA[a]]>b", "]]]]>>", "<![CDATA[", "a]]></Content>", "<]]>", "]]><![CDATA[>"} {
		f.Add(text)
	}
	sim, err := wxsim.New(wxsim.Options{Accounts: []wxsim.Account{testAccount()}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(sim.Close)
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "?")
		push, _ := sim.Text(t.Context(), "main", openid, text) // no server: only what would be sent
		m, err := wechat.Decode([]byte(push.XML))
		if err != nil || m.Field("Content") != text || m.MsgId == "" {
			t.Errorf("%q became %q, %v", text, push.XML, err)
		}
	})
}

func TestMsgIDsIncreaseAndEventsHaveNone(t *testing.T) {
	server := newServer(t, callback.Safe)
	sim := newSim(t, server.URL, nil)
	ctx := t.Context()
	for range 3 {
		if _, err := sim.Text(ctx, "main", openid, "a"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sim.Event(ctx, "main", openid, "SCAN", "42"); err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Tap(ctx, "main", openid, "h1", "有帮助"); err != nil {
		t.Fatal(err)
	}
	got, last := server.requests(), ""
	for _, r := range got[:3] {
		if r.message.MsgId <= last {
			t.Errorf("MsgId %s after %s", r.message.MsgId, last)
		}
		last = r.message.MsgId
	}
	if scan := got[3].message; scan.MsgId != "" || scan.Kind() != wechat.EventScan || scan.Field("EventKey") != "42" || scan.Field("Ticket") == "" {
		t.Errorf("SCAN = %s", scan.Body)
	}
	if tap := got[4].message; tap.Field("bizmsgmenuid") != "h1" || tap.Field("Content") != "有帮助" {
		t.Errorf("tap = %s", tap.Body)
	}
}

func TestRetriesAreTheSameMessage(t *testing.T) {
	hang := func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	broken := func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	tests := map[string]struct {
		answer func(int, http.ResponseWriter, *http.Request)
		limit  time.Duration
	}{
		"HTTP 500": {broken, 0},
		"silence":  {hang, 50 * time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, callback.Safe)
			server.answer = tt.answer
			sim := newSim(t, server.URL, func(o *wxsim.Options) { o.Timeout = tt.limit })
			push, err := sim.Text(t.Context(), "main", openid, "在吗")
			if !errors.Is(err, wxsim.ErrNotAccepted) || len(push.Deliveries) != 3 || push.Accepted || !push.Done {
				t.Fatalf("Text = %+v, %v", push, err)
			}
			if tt.limit == 0 {
				checkRetries(t, server.requests())
			}
			if chat := sim.Chat("main", openid); len(chat) != 2 || chat[1].MsgType != "failure" || chat[1].From != wxsim.FromSystem {
				t.Errorf("chat = %+v; want the failure line at its end", chat)
			}
		})
	}
}

func checkRetries(t *testing.T, got []received) {
	t.Helper()
	if len(got) != 3 {
		t.Fatalf("%d deliveries; want 3", len(got))
	}
	nonces, bodies := map[string]bool{}, map[string]bool{}
	for _, r := range got {
		nonces[r.query.Nonce], bodies[r.body] = true, true
		if r.opened != got[0].opened {
			t.Errorf("another message: %s", r.opened)
		}
	}
	if len(nonces) != 3 || len(bodies) != 3 {
		t.Errorf("%d nonces, %d ciphertexts; want 3 of each", len(nonces), len(bodies))
	}
}

func TestSuccessEndsTheTries(t *testing.T) {
	server := newServer(t, callback.Safe)
	server.answer = func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		} // then an empty body
	}
	sim := newSim(t, server.URL, nil)
	push, err := sim.Text(t.Context(), "main", openid, "a")
	if err != nil || len(push.Deliveries) != 2 || !push.Accepted {
		t.Errorf("Text = %+v, %v", push, err)
	}
	if chat := sim.Chat("main", openid); len(chat) != 1 || len(chat[0].Push.Deliveries) != 2 {
		t.Errorf("chat = %+v", chat)
	}
}

func TestOtherAnswersAreFailuresAtOnce(t *testing.T) {
	server := newServer(t, callback.Safe)
	server.answer = func(_ int, w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"code":0}`) }
	sim := newSim(t, server.URL, nil)
	push, err := sim.Event(t.Context(), "main", openid, "CLICK", "help")
	if !errors.Is(err, wxsim.ErrNotAccepted) || len(push.Deliveries) != 1 || push.Deliveries[0].Answer != `{"code":0}` {
		t.Errorf("Event = %+v, %v", push, err)
	}
	if chat := sim.Chat("main", openid); len(chat) != 2 {
		t.Errorf("chat = %+v; want the failure line", chat)
	}
	if _, err := sim.Event(t.Context(), "main", openid, "VIEW", "https://example.com"); !errors.Is(err, wxsim.ErrNotAccepted) {
		t.Errorf("Event = %v", err)
	}
	if chat := sim.Chat("main", openid); len(chat) != 3 {
		t.Errorf("a VIEW is silent; chat = %+v", chat)
	}
}

func TestWhatIsNoMessageIsDeliveredToo(t *testing.T) {
	server := newServer(t, callback.Safe)
	sim := newSim(t, server.URL, nil)
	push, err := sim.Push(t.Context(), "main", []byte("<xml><broken>"))
	if err != nil || !push.Accepted || len(sim.Users("main")) != 0 {
		t.Errorf("Push = %+v, %v; users %v", push, err, sim.Users("main"))
	}
	if got := server.requests()[0]; got.opened != "<xml><broken>" {
		t.Errorf("opened = %q", got.opened)
	}
}

func TestCancelEndsADelivery(t *testing.T) {
	arrived := make(chan struct{})
	server := newServer(t, callback.Safe)
	server.answer = func(_ int, _ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}
	sim := newSim(t, server.URL, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if _, err := sim.Text(ctx, "main", openid, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("Text = %v", err)
	}
	if chat := sim.Chat("main", openid); len(chat) != 1 || !chat[0].Push.Done {
		t.Errorf("chat = %+v", chat)
	}
}

func TestCloseEndsADelivery(t *testing.T) {
	arrived := make(chan struct{})
	server := newServer(t, callback.Safe)
	server.answer = func(_ int, _ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}
	sim := newSim(t, server.URL, nil)
	go func() { <-arrived; sim.Close() }()
	if _, err := sim.Text(t.Context(), "main", openid, "a"); !errors.Is(err, wxsim.ErrClosed) {
		t.Errorf("Text = %v", err)
	}
	if _, err := sim.Wait(t.Context(), "main", openid, 1); !errors.Is(err, wxsim.ErrClosed) {
		t.Errorf("Wait = %v", err)
	}
}

func TestFollowers(t *testing.T) {
	server := newServer(t, callback.Safe)
	sim := newSim(t, server.URL, nil)
	added, err := sim.AddUser("main", "小红")
	if err != nil || !regexp.MustCompile(`^o[A-Za-z0-9_-]{27}$`).MatchString(added) {
		t.Fatalf("AddUser = %q, %v", added, err)
	}
	following := func() bool { return sim.Users("main")[0].Following }
	if following() {
		t.Error("an added user follows")
	}
	if _, err := sim.Event(t.Context(), "main", added, "subscribe", "qrscene_7"); err != nil || !following() {
		t.Errorf("after subscribe: following %t, %v", following(), err)
	}
	if _, err := sim.Event(t.Context(), "main", added, "unsubscribe", ""); err != nil || following() {
		t.Errorf("after unsubscribe: following %t, %v", following(), err)
	}
	if _, err := sim.Text(t.Context(), "main", openid, "a"); err != nil || !sim.Users("main")[1].Following {
		t.Errorf("a stranger who writes does not follow: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	tests := map[string]func(*wxsim.Account){
		"no name":   func(a *wxsim.Account) { a.Name = "" },
		"no AppID":  func(a *wxsim.Account) { a.AppID = "" },
		"no token":  func(a *wxsim.Account) { a.Token = "" },
		"a bad key": func(a *wxsim.Account) { a.AESKey = "short" },
		"no key":    func(a *wxsim.Account) { a.AESKey, a.Mode = "", callback.Safe },
		"a mode":    func(a *wxsim.Account) { a.Mode = "raw" },
		"a URL":     func(a *wxsim.Account) { a.URL = "localhost:8080" },
	}
	for name, change := range tests {
		account := testAccount()
		change(&account)
		if _, err := wxsim.New(wxsim.Options{Accounts: []wxsim.Account{account}}); err == nil {
			t.Errorf("New accepts %s", name)
		}
	}
	if _, err := wxsim.New(wxsim.Options{Accounts: []wxsim.Account{testAccount(), testAccount()}}); err == nil {
		t.Error("New accepts an account twice")
	}
}
