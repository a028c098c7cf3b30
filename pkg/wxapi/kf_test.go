package wxapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
)

func TestAgentCalls(t *testing.T) {
	runCalls(t, []call{
		{
			"add", func(ctx context.Context, c *wxapi.Client) (any, error) {
				return noAnswer(c.AddAgent(ctx, "test1@test", "客服<1>"))
			},
			"POST", "/customservice/kfaccount/add", `{"kf_account":"test1@test","nickname":"客服<1>"}`, ok, nil,
		},
		{
			"update", func(ctx context.Context, c *wxapi.Client) (any, error) {
				return noAnswer(c.UpdateAgent(ctx, "test1@test", "客服1"))
			},
			"POST", "/customservice/kfaccount/update", `{"kf_account":"test1@test","nickname":"客服1"}`, ok, nil,
		},
		{
			"delete", func(ctx context.Context, c *wxapi.Client) (any, error) {
				return noAnswer(c.DeleteAgent(ctx, "test1@test"))
			},
			"POST", "/customservice/kfaccount/del?kf_account=test1%40test", `{"kf_account":"test1@test"}`, ok, nil,
		},
		{
			"invite", func(ctx context.Context, c *wxapi.Client) (any, error) {
				return noAnswer(c.InviteAgent(ctx, "test1@test", "test_kfwx"))
			},
			"POST", "/customservice/kfaccount/inviteworker", `{"kf_account":"test1@test","invite_wx":"test_kfwx"}`, ok, nil,
		},
		{
			"list", func(ctx context.Context, c *wxapi.Client) (any, error) { return c.Agents(ctx) },
			"GET", "/cgi-bin/customservice/getkflist", "",
			`{"kf_list":[{"kf_account":"test1@test","kf_headimgurl":"http://mmbiz.qpic.cn/a/0","kf_id":"1001","kf_nick":"ntest1","kf_wx":"kfwx1"},
			  {"kf_account":"test3@test","kf_headimgurl":"","kf_id":1003,"kf_nick":"ntest3","invite_wx":"kfwx3","invite_expire_time":123456789,"invite_status":"waiting","kf_openid":"o1"}]}`,
			[]wxapi.Agent{
				{Account: "test1@test", Avatar: "http://mmbiz.qpic.cn/a/0", ID: "1001", Nick: "ntest1", WeChat: "kfwx1"},
				{Account: "test3@test", ID: "1003", Nick: "ntest3", Invited: "kfwx3", InviteExpires: 123456789, InviteStatus: "waiting", OpenID: "o1"},
			},
		},
		{
			"online", func(ctx context.Context, c *wxapi.Client) (any, error) { return c.OnlineAgents(ctx) },
			"GET", "/cgi-bin/customservice/getonlinekflist", "",
			`{"kf_online_list":[{"kf_account":"test1@test","status":1,"kf_id":"1001","accepted_case":1},{"kf_account":"test2@test","status":0,"kf_id":1002,"accepted_case":2,"kf_openid":"o2"}]}`,
			[]wxapi.OnlineAgent{
				{Account: "test1@test", Status: 1, ID: "1001", Open: 1},
				{Account: "test2@test", ID: "1002", Open: 2, OpenID: "o2"},
			},
		},
	})
}

func TestProgramCalls(t *testing.T) {
	runCalls(t, []call{
		{
			"set admin", func(ctx context.Context, c *wxapi.Client) (any, error) { return noAnswer(c.SetAgentAdmin(ctx, "o1")) },
			"GET", "/customservice/kfaccount/setadmin?kf_openid=o1", "", ok, nil,
		},
		{
			"cancel admin", func(ctx context.Context, c *wxapi.Client) (any, error) {
				return noAnswer(c.CancelAgentAdmin(ctx, "o1"))
			},
			"GET", "/customservice/kfaccount/canceladmin?kf_openid=o1", "", ok, nil,
		},
		{
			"delete", func(ctx context.Context, c *wxapi.Client) (any, error) {
				return noAnswer(c.DeleteProgramAgent(ctx, "o1"))
			},
			"POST", "/customservice/kfaccount/del?kf_openid=o1", `{"kf_openid":"o1"}`, ok, nil,
		},
		{
			"bound", func(ctx context.Context, c *wxapi.Client) (any, error) { return c.BoundCorp(ctx) },
			"POST", "/customservice/work/get", `{}`, `{"errcode":0,"entityName":"公司","corpid":"ww1","bindTime":1694611289}`, "ww1",
		},
		{
			"bind", func(ctx context.Context, c *wxapi.Client) (any, error) { return noAnswer(c.BindCorp(ctx, "ww1")) },
			"POST", "/customservice/work/bind", `{"corpid":"ww1"}`, ok, nil,
		},
		{
			"unbind", func(ctx context.Context, c *wxapi.Client) (any, error) { return noAnswer(c.UnbindCorp(ctx, "ww1")) },
			"POST", "/customservice/work/unbind", `{"corpid":"ww1"}`, ok, nil,
		},
	})
}

func TestSessionCalls(t *testing.T) {
	type waiting struct {
		Count int
		Users []wxapi.WaitingUser
	}
	runCalls(t, []call{
		{
			"open", func(ctx context.Context, c *wxapi.Client) (any, error) {
				return noAnswer(c.OpenSession(ctx, "test1@test", "OPENID"))
			},
			"POST", "/customservice/kfsession/create", `{"kf_account":"test1@test","openid":"OPENID"}`, ok, nil,
		},
		{
			"close", func(ctx context.Context, c *wxapi.Client) (any, error) {
				return noAnswer(c.CloseSession(ctx, "test1@test", "OPENID"))
			},
			"POST", "/customservice/kfsession/close", `{"kf_account":"test1@test","openid":"OPENID"}`, ok, nil,
		},
		{
			"of a user", func(ctx context.Context, c *wxapi.Client) (any, error) { return c.Session(ctx, "OPENID") },
			"GET", "/customservice/kfsession/getsession?openid=OPENID", "", `{"createtime":123456789,"kf_account":"test1@test"}`,
			wxapi.Session{Agent: "test1@test", OpenID: "OPENID", Since: 123456789},
		},
		{
			"of nobody", func(ctx context.Context, c *wxapi.Client) (any, error) { return c.Session(ctx, "OPENID") },
			"GET", "/customservice/kfsession/getsession?openid=OPENID", "", `{"createtime":"","kf_account":"","errcode":0}`,
			wxapi.Session{OpenID: "OPENID"},
		},
		{
			"of an agent", func(ctx context.Context, c *wxapi.Client) (any, error) { return c.Sessions(ctx, "test1@test") },
			"GET", "/customservice/kfsession/getsessionlist?kf_account=test1%40test", "",
			`{"sessionlist":[{"createtime":123456789,"openid":"OPENID"},{"createtime":123456789,"openid":"OPENID2"}]}`,
			[]wxapi.Session{
				{Agent: "test1@test", OpenID: "OPENID", Since: 123456789},
				{Agent: "test1@test", OpenID: "OPENID2", Since: 123456789},
			},
		},
		{
			"waiting", func(ctx context.Context, c *wxapi.Client) (any, error) {
				n, users, err := c.WaitingUsers(ctx)
				return waiting{n, users}, err
			},
			"GET", "/customservice/kfsession/getwaitcase", "",
			`{"count":150,"waitcaselist":[{"latest_time":123456789,"openid":"OPENID"}]}`,
			waiting{150, []wxapi.WaitingUser{{OpenID: "OPENID", Wrote: 123456789}}},
		},
	})
}

// asked is one call for records.
type asked struct {
	Start, End int64
	After      int64 `json:"msgid"`
	Number     int
}

// recorder has records of a moment each, under ids that a float cannot hold.
func recorder(t *testing.T, total int) (url string, calls func() []asked) {
	t.Helper()
	const first = int64(3498765432109876543)
	var all []asked
	url = desk(t, func(w http.ResponseWriter, r *http.Request) {
		var a struct {
			Start  int64 `json:"starttime"`
			End    int64 `json:"endtime"`
			After  int64 `json:"msgid"`
			Number int   `json:"number"`
		}
		_ = json.NewDecoder(r.Body).Decode(&a)
		all = append(all, asked(a))
		from := 0
		if a.After > 1 {
			from = int(a.After - first)
		}
		upTo := min(from+a.Number, total)
		var list []string
		for i := from; i < upTo; i++ {
			list = append(list, fmt.Sprintf(`{"openid":"o","opercode":2003,"text":" 你好，有什么需要帮助？ ","time":%d,"worker":"kf1@test"}`, i))
		}
		_, _ = fmt.Fprintf(w, `{"recordlist":[%s],"number":%d,"msgid":%d}`, strings.Join(list, ","), upTo-from, first+int64(upTo))
	})
	return url, func() []asked { return all }
}

func TestRecordsComeInPages(t *testing.T) {
	for _, total := range []int{0, 1, 1000, 2450} {
		url, calls := recorder(t, total)
		from := time.Unix(1464710400, 0)
		got := 0
		for r, err := range newClient(url, newStore(), new(bustest.Logbook)).Records(patience(t), from, from.Add(time.Hour)) {
			want := wxapi.Record{OpenID: "o", Who: wxapi.UserSaid, Text: " 你好，有什么需要帮助？ ", Time: wxapi.Seconds(got), Agent: "kf1@test"}
			if diff := cmp.Diff(want, r); err != nil || diff != "" {
				t.Fatalf("%v (-want +got):\n%s", err, diff)
			}
			got++
		}
		if got != total {
			t.Errorf("%d records, want %d", got, total)
		}
		if n := len(calls()); n != total/1000+1 {
			t.Errorf("%d calls for %d records", n, total)
		}
	}
}

func TestLongTimesAreAskedDayByDay(t *testing.T) {
	url, calls := recorder(t, 0)
	c := newClient(url, newStore(), new(bustest.Logbook))
	const start = 1464710400
	from := time.Unix(start, 0)
	for range c.Records(patience(t), from, from.Add(50*time.Hour)) {
		t.Error("a record")
	}
	for range c.Records(patience(t), from, from) {
		t.Error("a record")
	}
	want := []asked{
		{start, start + 86399, 1, 1000},
		{start + 86400, start + 2*86400 - 1, 1, 1000},
		{start + 2*86400, start + 50*3600, 1, 1000},
	}
	if diff := cmp.Diff(want, calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestRecordsEndEarly(t *testing.T) {
	url, calls := recorder(t, 5000)
	from := time.Unix(1464710400, 0)
	for range newClient(url, newStore(), new(bustest.Logbook)).Records(patience(t), from, from.Add(time.Hour)) {
		break
	}
	if n := len(calls()); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	refused := desk(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"errcode":65417,"errmsg":"time span too long"}`)
	})
	var errs []error
	for _, err := range newClient(refused, newStore(), new(bustest.Logbook)).Records(patience(t), from, from.Add(48*time.Hour)) {
		errs = append(errs, err)
	}
	if len(errs) != 1 || wxapi.CodeOf(errs[0]) != 65417 {
		t.Errorf("errors = %v, want 65417 once", errs)
	}
}

func TestAgentAvatarIsAFormWithOneFile(t *testing.T) {
	var got formSeen
	url := desk(t, func(w http.ResponseWriter, r *http.Request) {
		got = readForm(t, r)
		_, _ = io.WriteString(w, ok)
	})
	c := newClient(url, newStore(), new(bustest.Logbook))
	if err := c.SetAgentAvatar(patience(t), "test1@test", file("a.jpg", jpgData)); err != nil {
		t.Fatal(err)
	}
	want := formSeen{
		path: "/customservice/kfaccount/uploadheadimg", query: "kf_account=test1%40test",
		parts: []partSeen{{"media", "a.jpg", "image/jpeg", jpgData}}, lengthKnown: true,
	}
	if diff := cmp.Diff(want, got, exported); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
	err := c.SetAgentAvatar(patience(t), "test1@test", file("a.png", pngData))
	if wxapi.CodeOf(err) != 40005 || wxapi.Classify(err) != wxapi.Permanent {
		t.Errorf("SetAgentAvatar of a PNG = %v, want 40005", err)
	}
}
