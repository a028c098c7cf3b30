package door_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

const textJSON = `{"ToUserName":"gh_0a1b2c3d4e5f","FromUserName":"` + openID +
	`","CreateTime":1720000001,"MsgType":"text","Content":"你好","MsgId":24681357902468135}`

// last returns the newest message of the inbound stream.
func (r *rig) last() *jetstream.RawStreamMsg {
	r.t.Helper()
	stored := r.nats.Stored(bus.StreamIn)
	if len(stored) == 0 {
		r.t.Fatal("nothing is stored")
	}
	return stored[len(stored)-1]
}

// header returns the headers of a message, without the one that changes and
// those that a look at the stream adds.
func header(m *jetstream.RawStreamMsg) map[string]string {
	flat := map[string]string{}
	for name, values := range m.Header {
		flat[name] = strings.Join(values, " | ")
	}
	for _, name := range []string{"traceparent", "Nats-Sequence", "Nats-Stream", "Nats-Subject", "Nats-Time-Stamp"} {
		delete(flat, name)
	}
	return flat
}

func TestTheSameIsStoredInEveryModeAndFormat(t *testing.T) {
	want := `{"ToUserName":"gh_0a1b2c3d4e5f","FromUserName":"` + openID +
		`","CreateTime":1720000001,"MsgType":"text","Content":"你好","MsgId":"24681357902468135"}`
	for _, account := range []string{"plain", "compat", "main"} {
		for _, message := range []string{text, textJSON} {
			t.Run(account+message[:5], func(t *testing.T) {
				r := serve(t, bustest.Start(t), nil).ready()
				p := signed(message)
				if account != "plain" {
					p = sealed(t, message, appID)
				}
				if got := r.post("/wechat/"+account, p); got != success {
					t.Fatalf("answer = %+v", got)
				}
				m := r.last()
				if diff := cmp.Diff(want, string(m.Data)); diff != "" {
					t.Error(diff)
				}
				id := account + ":" + openID + ":24681357902468135"
				if diff := cmp.Diff(map[string]string{
					"ce-specversion": "1.0", "ce-id": id, "Nats-Msg-Id": id, "ce-source": "/wechat/" + account,
					"ce-type": "wechat.text", "ce-subject": openID, "ce-time": "2024-07-03T09:46:41Z",
					"ce-datacontenttype": "application/json",
				}, header(m)); diff != "" {
					t.Error(diff)
				}
				if want := "wechat.in." + account + ".4.text"; m.Subject != want {
					t.Errorf("subject = %s, want %s", m.Subject, want)
				}
				if parts := strings.Split(m.Header.Get("traceparent"), "-"); len(parts) != 4 {
					t.Errorf("traceparent = %q", m.Header.Get("traceparent"))
				}
			})
		}
	}
}

// Of a compat push only what is sealed counts.
func TestPlainCopyOfCompatModeIsNotUsed(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	p := sealed(t, text, appID)
	p.body = strings.Replace(p.body, "<Encrypt>", "<MsgType>text</MsgType><Content>forged</Content><Encrypt>", 1)
	if got := r.post("/wechat/compat", p); got != success {
		t.Fatalf("answer = %+v", got)
	}
	if body := string(r.last().Data); !strings.Contains(body, "你好") || strings.Contains(body, "forged") {
		t.Errorf("stored %s", body)
	}
}

func TestSubjectIsNamedByTheMessage(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	const event = `<xml><FromUserName>%s</FromUserName><CreateTime>%d</CreateTime><MsgType>event</MsgType><Event>%s</Event></xml>`
	for i, tt := range []struct{ push, want string }{
		{fmt.Sprintf(event, openID, 1, "subscribe"), "wechat.in.plain.4.event.subscribe"},
		{fmt.Sprintf(event, openID, 2, "CLICK"), "wechat.in.plain.4.event.click"},
		{fmt.Sprintf(event, openID, 3, "tomorrow.*.&gt; new"), "wechat.in.plain.4.event.tomorrow_new"},
		{fmt.Sprintf(event, "", 4, "subscribe"), "wechat.in.plain.5.event.subscribe"},
		{`<xml><InfoType>component_verify_ticket</InfoType></xml>`, "wechat.in.plain.5.info.component_verify_ticket"},
		{`<xml><Content>no type</Content></xml>`, "wechat.in.plain.5.undecodable"},
	} {
		if got := r.post("/wechat/plain", signed(tt.push)); got != success {
			t.Errorf("%d: answer = %+v", i, got)
		}
		if got := r.last().Subject; got != tt.want {
			t.Errorf("subject of %s = %s, want %s", tt.push, got, tt.want)
		}
	}
}

func TestUndecodableIsKeptAsItCame(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	const broken = "<xml><MsgType>text</MsgType><Content>no end"
	before := time.Now().Add(-time.Second)
	if got := r.post("/wechat/main", sealed(t, broken, appID)); got != success {
		t.Fatalf("answer = %+v", got)
	}
	m := r.last()
	sum := sha256.Sum256([]byte(broken))
	id := "main:" + hex.EncodeToString(sum[:16])
	got := header(m)
	if at, err := time.Parse(time.RFC3339, got["ce-time"]); err != nil || at.Before(before.Truncate(time.Second)) {
		t.Errorf("ce-time = %q, %v; want that of arrival", got["ce-time"], err)
	}
	delete(got, "ce-time")
	if diff := cmp.Diff(map[string]string{
		"ce-specversion": "1.0", "ce-id": id, "Nats-Msg-Id": id, "ce-source": "/wechat/main",
		"ce-type": "wechat.undecodable", "ce-datacontenttype": "application/xml",
	}, got); diff != "" {
		t.Error(diff)
	}
	if string(m.Data) != broken || m.Subject != "wechat.in.main.5.undecodable" {
		t.Errorf("stored %q on %s", m.Data, m.Subject)
	}
}

// An event has no MsgId: what differs in anything is another event, what is
// delivered again is the same one.
func TestEventsOfOneSecondAreNotMerged(t *testing.T) {
	r := serve(t, bustest.Start(t), nil).ready()
	const event = `<xml><FromUserName>u</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType><Event>%s</Event></xml>`
	for _, name := range []string{"subscribe", "LOCATION", "subscribe"} {
		if got := r.post("/wechat/main", sealed(t, fmt.Sprintf(event, name), appID)); got != success {
			t.Fatalf("answer = %+v", got)
		}
	}
	if got := len(r.nats.Stored(bus.StreamIn)); got != 2 {
		t.Errorf("stored %d events, want 2", got)
	}
}

// WeChat's three deliveries may come to three replicas, also at the same time.
func TestThreeReplicasStoreOneMessage(t *testing.T) {
	nats := bustest.Start(t)
	replicas := []*rig{serve(t, nats, nil), serve(t, nats, nil), serve(t, nats, nil)}
	replicas[0].ready()
	var group sync.WaitGroup
	for range 5 {
		for _, r := range replicas {
			p := sealed(t, text, appID)
			group.Go(func() {
				if got := r.post("/wechat/main", p); got != success {
					t.Errorf("answer = %+v", got)
				}
			})
		}
	}
	group.Wait()
	if got := len(nats.Stored(bus.StreamIn)); got != 1 {
		t.Errorf("stored %d messages, want 1", got)
	}
}

// A body of control characters grows to six times its size as JSON, and must
// still fit.
func TestNoPushOfAllowedSizeIsTooLargeForNATS(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.MaxBody = 1 << 20 }).ready()
	content := strings.Repeat("\x01", 1<<20-len(text))
	if got := r.post("/wechat/plain", signed(strings.Replace(text, "你好", content, 1))); got != success {
		t.Fatalf("answer = %+v", got)
	}
	var message struct{ Content string }
	if err := json.Unmarshal(r.last().Data, &message); err != nil || message.Content != content {
		t.Errorf("content of %d bytes, %v; want %d", len(message.Content), err, len(content))
	}
}
