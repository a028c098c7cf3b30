package wxsim_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

const everyButton = `{"button":[
 {"name":"点击","sub_button":[{"type":"click","name":"帮助","key":"help"},{"type":"view","name":"网页","url":"https://example.com/a"},
  {"type":"miniprogram","name":"小程序","appid":"wx1","pagepath":"pages/a","url":"https://example.com/"},{"type":"article_id","name":"图文","article_id":"A1"}]},
 {"name":"扫码","sub_button":[{"type":"scancode_push","name":"扫码推事件","key":"s1"},{"type":"scancode_waitmsg","name":"扫码带提示","key":"s2"}]},
 {"name":"发","sub_button":[{"type":"pic_sysphoto","name":"拍照","key":"p1"},{"type":"pic_photo_or_album","name":"相册","key":"p2"},
  {"type":"pic_weixin","name":"微信相册","key":"p3"},{"type":"location_select","name":"位置","key":"l1"}]}]}`

func TestPress(t *testing.T) {
	server := newServer(t, callback.Safe)
	sim := newSim(t, server.URL, func(o *wxsim.Options) {
		o.Accounts[0].Menu = []byte(everyButton)
		o.URL = "https://sim.example"
	})
	for _, tt := range []struct {
		button string
		in     wxsim.Input
		want   [][]string // what each push contains
	}{
		{"帮助", wxsim.Input{}, [][]string{{"[CLICK]", "[help]"}}},
		{"网页", wxsim.Input{}, [][]string{{"[VIEW]", "[https://example.com/a]", "<MenuId>"}}},
		{"小程序", wxsim.Input{}, [][]string{{"[view_miniprogram]", "[pages/a]"}}},
		{"图文", wxsim.Input{}, nil},
		{"扫码推事件", wxsim.Input{Scan: "42"}, [][]string{{"[scancode_push]", "[s1]", "<ScanType>", "<ScanResult><![CDATA[42]]>"}}},
		{"扫码带提示", wxsim.Input{}, [][]string{{"[scancode_waitmsg]", "<ScanResult><![CDATA[https://"}}},
		{"拍照", wxsim.Input{}, [][]string{{"[pic_sysphoto]", "<Count>1<", "<PicMd5Sum>"}, {"[image]", "[https://sim.example/sim/media/wxsim-"}}},
		{"相册", wxsim.Input{}, [][]string{{"[pic_photo_or_album]", "[p2]"}, {"[image]", "<MediaId>"}}},
		{"微信相册", wxsim.Input{}, [][]string{{"[pic_weixin]"}, {"[image]"}}},
		{
			"位置",
			wxsim.Input{Place: wxsim.Place{Latitude: 1.5, Longitude: 2, Label: "海上"}},
			[][]string{{"[location_select]", "<Location_X>1.500000<", "[ 海上]", "<Poiname>"}, {"[location]", "[海上]"}},
		},
	} {
		pushes, err := sim.Press(patience(t), "main", openid, tt.button, tt.in)
		if err != nil || len(pushes) != len(tt.want) {
			t.Fatalf("%s: %d pushes, %v; want %d", tt.button, len(pushes), err, len(tt.want))
		}
		for i, push := range pushes {
			for _, want := range tt.want[i] {
				if !strings.Contains(push.XML, want) {
					t.Errorf("%s: push %d lacks %s: %s", tt.button, i, want, push.XML)
				}
			}
		}
	}
	if chat := sim.Sent("main", openid); len(chat) != 1 || chat[0].MsgType != "mpnewsarticle" {
		t.Errorf("the phone shows %+v, want the article", chat)
	}
	if _, err := sim.Press(patience(t), "main", openid, "点击", wxsim.Input{}); !errors.Is(err, wxsim.ErrButton) {
		t.Errorf("a button with others below it: %v", err)
	}
}

func TestMenuOfAnAccountIsChecked(t *testing.T) {
	account := testAccount()
	account.Menu = []byte(`{"button":[{"type":"click","name":"无键"}]}`)
	_, err := wxsim.New(wxsim.Options{Accounts: []wxsim.Account{account}})
	if err == nil || !strings.Contains(err.Error(), "40019 invalid button key size") {
		t.Errorf("error %v", err)
	}
}

func TestScan(t *testing.T) {
	server := newServer(t, callback.Safe)
	sim := newSim(t, server.URL, nil)
	a := newAPI(t, sim)
	a.call("POST", "/cgi-bin/qrcode/create?access_token="+a.stable(false).Token,
		`{"action_name":"QR_LIMIT_STR_SCENE","action_info":{"scene":{"scene_str":"table8"}}}`)
	stranger, err := sim.AddUser("main", "")
	if err != nil {
		t.Fatal(err)
	}
	first, err := sim.Scan(patience(t), "main", stranger, "table8")
	if err != nil || !strings.Contains(first.XML, "[subscribe]") || !strings.Contains(first.XML, "[qrscene_table8]") {
		t.Errorf("a stranger: %s, %v", first.XML, err)
	}
	second, err := sim.Scan(patience(t), "main", stranger, "table8")
	if err != nil || !strings.Contains(second.XML, "[SCAN]") || !strings.Contains(second.XML, sim.QRCodes("main")[0].Ticket) {
		t.Errorf("a follower: %s, %v", second.XML, err)
	}
}

func TestRename(t *testing.T) {
	a := newAPI(t, newSim(t, "", nil))
	id, err := a.sim.AddUser("main", "")
	if err != nil {
		t.Fatal(err)
	}
	if status, text := a.page("/sim/rename", `{"account":"main","openid":"`+id+`","name":" 小红 "}`); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
	if got := a.sim.Users("main")[0].Name; got != "小红" {
		t.Errorf("name %q", got)
	}
	for _, body := range []string{`{"account":"main","openid":"x","name":"a"}`, `{"account":"main","openid":"` + id + `","name":" "}`} {
		if status, _ := a.page("/sim/rename", body); status != http.StatusBadRequest {
			t.Errorf("%s: HTTP %d", body, status)
		}
	}
}
