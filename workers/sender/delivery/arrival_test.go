package delivery_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

func TestEveryMsgTypeArrives(t *testing.T) {
	tests := []struct{ msgType, content string }{
		{"text", `{"content":"你好 <a href=\"https://a.example/?a=1&b=2\">看</a>"}`},
		{"image", `{"media_id":"M1"}`},
		{"voice", `{"media_id":"M1"}`},
		{"video", `{"media_id":"M1","thumb_media_id":"T1","title":"题"}`},
		{"music", `{"musicurl":"https://a.example/a.mp3","thumb_media_id":"T1"}`},
		{"news", `{"articles":[{"title":"题","description":"d","url":"https://a.example","picurl":""}]}`},
		{"mpnews", `{"media_id":"M1"}`},
		{"mpnewsarticle", `{"article_id":"A1"}`},
		{"msgmenu", `{"head_content":"满意吗","list":[{"id":"1","content":"是"},{"id":"2","content":"否"}]}`},
		{"wxcard", `{"card_id":"p1"}`},
		{"miniprogrampage", `{"title":"t","appid":"wx1","pagepath":"pages/a?x=1&y=2","thumb_media_id":"T1"}`},
		{"link", `{"title":"t","description":"d","url":"https://a.example","thumb_url":""}`},
	}
	r := newRig(t)
	r.start()
	for i, tt := range tests {
		r.publish("main", openID, fmt.Sprintf(`{"touser":%q,"msgtype":%q,%q:%s}`, openID, tt.msgType, tt.msgType, tt.content))
		got := r.received("main", openID, i+1)[i]
		if got.MsgType != tt.msgType || string(got.Content) != tt.content {
			t.Errorf("got %s %s, want %s %s", got.MsgType, got.Content, tt.msgType, tt.content)
		}
	}
	r.settled(0)
	if got := r.sim.Counts(); got.Tokens != 1 || got.Sends != len(tests) {
		t.Errorf("calls: %+v, want 1 for a token and %d of custom/send", got, len(tests))
	}
}

func TestPartsArriveInOrder(t *testing.T) {
	r := newRig(t)
	r.start()
	r.publish("main", openID, texts(openID, "1", "2", "3", "4", "5"))
	if diff := cmp.Diff([]string{"1", "2", "3", "4", "5"}, r.reads("main", openID, 5)); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	r.settled(0)
}

var longText = strings.Repeat("你好，世界。", 200) // 3600 bytes

func TestLongTextArrivesInPieces(t *testing.T) {
	r := newRig(t)
	r.start()
	r.publish("main", openID, text(openID, longText))
	if got := strings.Join(r.reads("main", openID, 2), ""); got != longText {
		t.Errorf("the pieces are not the text: %q", got)
	}
	r.settled(0)
}

// A sender that finds many replies to a user keeps their order.
func TestRepliesToOneUserArriveInOrder(t *testing.T) {
	r := newRig(t)
	var want []string
	for i := range 30 {
		want = append(want, fmt.Sprint(i))
		r.publish("main", openID, text(openID, want[i]))
	}
	r.start()
	if diff := cmp.Diff(want, r.reads("main", openID, 30)); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}

// With SENDER_ORDER=user replicas keep it among them, also when a call fails.
func TestReplicasKeepTheOrderOfAUser(t *testing.T) {
	const users, replies = 6, 10
	r := newRig(t)
	ordered := func(c *delivery.Config) { c.Order = worker.OrderUser }
	r.start(ordered)
	r.start(ordered)
	r.sim.Weather().Fail(-1, 3)
	var want []string
	for i := range replies {
		want = append(want, fmt.Sprint(i))
		for n := range users {
			user := fmt.Sprintf("oUser%d", n)
			r.meet("main", user)
			r.publish("main", user, text(user, want[i]))
		}
	}
	for n := range users {
		if diff := cmp.Diff(want, r.reads("main", fmt.Sprintf("oUser%d", n), replies)); diff != "" {
			t.Errorf("texts (-want +got):\n%s", diff)
		}
	}
}

// The account is that of the subject.
func TestAccountIsTheSubjects(t *testing.T) {
	r := newRig(t)
	r.start()
	r.publish("shop", openID, text(openID, "店"))
	r.publish("main", openID, text(openID, "主"))
	got := [][]string{r.reads("main", openID, 1), r.reads("shop", openID, 1)}
	if diff := cmp.Diff([][]string{{"主"}, {"店"}}, got); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}

// Two replicas share the work and send nothing twice, with one token.
func TestReplicasSendEachReplyOnce(t *testing.T) {
	const users = 40
	r := newRig(t)
	r.start()
	r.start()
	for i := range users {
		user := fmt.Sprintf("oUser%d", i)
		r.meet("main", user)
		r.publish("main", user, texts(user, "1", "2"))
	}
	for i := range users {
		if diff := cmp.Diff([]string{"1", "2"}, r.reads("main", fmt.Sprintf("oUser%d", i), 2)); diff != "" {
			t.Errorf("texts (-want +got):\n%s", diff)
		}
	}
	r.settled(0)
	if got := r.sim.Counts(); got.Sends != 2*users || got.Sent != 2*users || got.Tokens != 1 {
		t.Errorf("calls: %+v, want %d of custom/send and one for a token", got, 2*users)
	}
}
