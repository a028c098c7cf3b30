package wechat_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// The examples are those of WeChat's pages.
func TestEveryKindIsWrittenAsWeChatTakesIt(t *testing.T) {
	id, thumb := wechat.Media{ID: "M1"}, wechat.Media{ID: "T1"}
	for _, tt := range []struct {
		name  string
		reply wechat.Reply
		want  string
	}{
		{
			"text of an agent",
			wechat.TextReply("您的订单已发货\n<a href=\"https://example.com/o/1?a=1&b=2\">查看</a>").From("test1@examplecorp"),
			`{"touser":"o","msgtype":"text","text":{"content":"您的订单已发货\n<a href=\"https://example.com/o/1?a=1&b=2\">查看</a>"},"customservice":{"kf_account":"test1@examplecorp"}}`,
		},
		{
			"text of a machine", wechat.TextReply("a").ByAI(),
			`{"touser":"o","msgtype":"text","text":{"content":"a"},"aimsgcontext":{"is_ai_msg":1}}`,
		},
		{"image", wechat.ImageReply("M1"), `{"touser":"o","msgtype":"image","image":{"media_id":"M1"}}`},
		{"image of an id", wechat.ImageOf(id), `{"touser":"o","msgtype":"image","image":{"media_id":"M1"}}`},
		{"voice", wechat.VoiceReply("M1"), `{"touser":"o","msgtype":"voice","voice":{"media_id":"M1"}}`},
		{
			"video", wechat.VideoReply(wechat.VideoContent{Media: id, Thumb: thumb, Title: "t", Description: "d"}),
			`{"touser":"o","msgtype":"video","video":{"media_id":"M1","thumb_media_id":"T1","title":"t","description":"d"}}`,
		},
		{
			"music",
			wechat.MusicReply(wechat.MusicContent{URL: "https://e/a.mp3", HQURL: "https://e/hq.mp3", Thumb: thumb, Title: "t", Description: "d"}),
			`{"touser":"o","msgtype":"music","music":{"title":"t","description":"d","musicurl":"https://e/a.mp3","hqmusicurl":"https://e/hq.mp3","thumb_media_id":"T1"}}`,
		},
		{
			"news", wechat.NewsReply(wechat.Article{Title: "t", Description: "d", URL: "https://e", PicURL: "https://e/p.jpg"}),
			`{"touser":"o","msgtype":"news","news":{"articles":[{"title":"t","description":"d","url":"https://e","picurl":"https://e/p.jpg"}]}}`,
		},
		{"mpnews", wechat.MPNewsReply("M1"), `{"touser":"o","msgtype":"mpnews","mpnews":{"media_id":"M1"}}`},
		{"mpnewsarticle", wechat.MPNewsArticleReply("A1"), `{"touser":"o","msgtype":"mpnewsarticle","mpnewsarticle":{"article_id":"A1"}}`},
		{
			"msgmenu",
			wechat.MenuReply("这次的回答有帮助吗？", []wechat.MenuItem{{ID: "h1", Content: "有帮助"}, {ID: "h2", Content: "没帮助"}}, "点一下即可"),
			`{"touser":"o","msgtype":"msgmenu","msgmenu":{"head_content":"这次的回答有帮助吗？","list":[{"id":"h1","content":"有帮助"},{"id":"h2","content":"没帮助"}],"tail_content":"点一下即可"}}`,
		},
		{"wxcard", wechat.CardReply("p123"), `{"touser":"o","msgtype":"wxcard","wxcard":{"card_id":"p123"}}`},
		{
			"miniprogrampage",
			wechat.MiniProgramReply(wechat.MiniProgramContent{Title: "t", AppID: "wx0123456789abcdef", PagePath: "pages/index?x=1&y=2", Thumb: thumb}),
			`{"touser":"o","msgtype":"miniprogrampage","miniprogrampage":{"title":"t","appid":"wx0123456789abcdef","pagepath":"pages/index?x=1&y=2","thumb_media_id":"T1"}}`,
		},
		{
			"link", wechat.LinkReply(wechat.LinkContent{Title: "t", Description: "d", URL: "https://e", ThumbURL: "https://e/p.jpg"}),
			`{"touser":"o","msgtype":"link","link":{"title":"t","description":"d","url":"https://e","thumb_url":"https://e/p.jpg"}}`,
		},
		{
			"of a sub-merchant",
			wechat.Reply{MsgType: "text", Content: map[string]string{"content": "a"}, BusinessID: 1},
			`{"touser":"o","msgtype":"text","text":{"content":"a"},"businessid":1}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.reply.ToUser = "o"
			wantJSON(t, tt.want, tt.reply)
		})
	}
}

// The sender replaces what is no media_id by one.
func TestFilesTravelUnderNamesOfTheirOwn(t *testing.T) {
	data := []byte("<&>\xff")
	for _, tt := range []struct {
		name  string
		reply wechat.Reply
		want  string
	}{
		{"image file", wechat.ImageFile("a&b.png"), `{"msgtype":"image","image":{"file":"a&b.png"}}`},
		{"image URL", wechat.ImageURL("https://e/?a=1&b=2"), `{"msgtype":"image","image":{"url":"https://e/?a=1&b=2"}}`},
		{"image bytes", wechat.ImageBytes(data), `{"msgtype":"image","image":{"data":"PCY+/w=="}}`},
		{
			"named bytes", wechat.ImageOf(wechat.Media{Data: data, Name: "a.png"}),
			`{"msgtype":"image","image":{"data":"PCY+/w==","filename":"a.png"}}`,
		},
		{"voice file", wechat.VoiceFile("a.mp3"), `{"msgtype":"voice","voice":{"file":"a.mp3"}}`},
		{"voice URL", wechat.VoiceURL("https://e/a"), `{"msgtype":"voice","voice":{"url":"https://e/a"}}`},
		{"voice bytes", wechat.VoiceBytes(data), `{"msgtype":"voice","voice":{"data":"PCY+/w=="}}`},
		{
			"video", wechat.VideoReply(wechat.VideoContent{Media: wechat.Media{File: "a.mp4"}, Thumb: wechat.Media{URL: "https://e/t.jpg"}}),
			`{"msgtype":"video","video":{"file":"a.mp4","thumb_url":"https://e/t.jpg"}}`,
		},
		{
			"music", wechat.MusicReply(wechat.MusicContent{URL: "https://e/a.mp3", Thumb: wechat.Media{Data: data, Name: "t.jpg"}}),
			`{"msgtype":"music","music":{"musicurl":"https://e/a.mp3","thumb_data":"PCY+/w==","thumb_filename":"t.jpg"}}`,
		},
		{
			"mini program", wechat.MiniProgramReply(wechat.MiniProgramContent{PagePath: "p", Thumb: wechat.Media{File: "t.jpg"}}),
			`{"msgtype":"miniprogrampage","miniprogrampage":{"pagepath":"p","thumb_file":"t.jpg"}}`,
		},
		{
			"the id counts before all", wechat.ImageOf(wechat.Media{ID: "M", Data: data, File: "f", URL: "u"}),
			`{"msgtype":"image","image":{"media_id":"M"}}`,
		},
		{"nothing", wechat.ImageOf(wechat.Media{}), `{"msgtype":"image","image":{}}`},
	} {
		t.Run(tt.name, func(t *testing.T) { wantJSON(t, tt.want, tt.reply) })
	}
}

func TestOverflowStandsBesideTheMessage(t *testing.T) {
	wantJSON(t, `{"msgtype":"text","text":{"content":"a"},"overflow":"drop"}`, wechat.TextReply("a").OnOverflow(wechat.Drop))
	plain := wechat.Replies{wechat.TextReply("a"), wechat.ImageReply("M")}
	merged := plain.OnOverflow(wechat.Merge)
	wantJSON(t, `[{"msgtype":"text","text":{"content":"a"},"overflow":"merge"},
		{"msgtype":"image","image":{"media_id":"M"},"overflow":"merge"}]`, merged)
	if plain[0].Overflow != "" {
		t.Error("OnOverflow changed the replies that it was called on")
	}
}

// wantJSON compares members, and that no character is escaped.
func wantJSON(t *testing.T, want string, value any) {
	t.Helper()
	data, err := wechat.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var got, wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if raw := string(wechat.AppendRaw(nil, data)); raw != string(data) {
		t.Errorf("%s has escapes that WeChat refuses", data)
	}
}
