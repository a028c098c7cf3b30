package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// text stores a text of a user as the ingress does.
func (o *operator) text(account, user, content string, n int) {
	o.t.Helper()
	id := fmt.Sprint(account, ":", user, ":", n)
	header := map[string][]string{"ce-id": {id}, "ce-source": {"/wechat/" + account}, "ce-type": {"wechat.text"}, "ce-subject": {user}}
	body := fmt.Sprintf(`{"FromUserName":%q,"MsgType":"text","Content":%q,"MsgId":"%d"}`, user, content, n)
	if _, err := o.bus.Publish(o.t.Context(), "wechat.in."+account+".7.text", id, header, []byte(body)); err != nil {
		o.t.Fatal(err)
	}
}

func (o *operator) replyIDs() (ids []string) {
	for _, reply := range o.nats.Stored(bus.StreamOut) {
		ids = append(ids, reply.Header.Get("Nats-Msg-Id"))
	}
	return ids
}

// The real autoreply handles what is replayed, and answers when it is to.
func TestReplayToAutoreply(t *testing.T) {
	nats := bustest.Start(t)
	o := &operator{t, nats, nats.Bus()}
	admin := bustest.FreeAddr()
	start(t, "autoreply", nil, "NATS_URL="+nats.Config().URL, "ADMIN_ADDR="+admin, "AUTOREPLY_RULES="+absolute(t, exampleRules))
	ready(t, admin)
	o.text("main", "oA", "你好", 1)
	bustest.Eventually(t, "the first answer", func() bool { return len(o.replyIDs()) == 1 })
	o.text("shop", "oB", "你好", 2)
	first := []string{"autoreply:main:oA:1:1", "autoreply:shop:oB:2:1"}
	bustest.Eventually(t, "the second answer", func() bool { return len(o.replyIDs()) == 2 })

	if a := o.succeeds("replay", "--worker", "autoreply", "--since", "1h", "--dry-run"); strings.Count(a.out, "\n") != 3 || strings.Contains(a.out, "你好") {
		t.Errorf("a dry run says %s", a.out)
	}
	if found := objects(t, o.succeeds("replay", "--worker", "autoreply", "--since", "1h", "--dry-run", "--json", "--filter", "account=shop").out); len(found) != 1 || found[0]["user"] != "oB" {
		t.Errorf("a dry run says %v", found)
	}
	a := o.succeeds("replay", "--worker", "autoreply", "--since", "1h", "--filter", "kind=text")
	if !strings.Contains(a.err, "2 pushes for autoreply; replies are suppressed") || !strings.Contains(a.err, "replayed 2 of 2") {
		t.Errorf("replay says %s", a.err)
	}
	bustest.Eventually(t, "both are handled, and not answered", func() bool {
		_, metrics := get("http://" + admin + "/metrics")
		return strings.Contains(metrics, `wxbus_worker_suppressed_total{worker="autoreply"} 2`)
	})
	if diff := cmp.Diff(first, o.replyIDs()); diff != "" {
		t.Errorf("replies: %s", diff)
	}
	for range 2 { // the same replay, interrupted and run again
		o.succeeds("replay", "--worker", "autoreply", "--from", "1h", "--live", "--filter", "user=oB", "--id", "mine")
	}
	bustest.Eventually(t, "the answer once more", func() bool { return len(o.replyIDs()) == 3 })
	if diff := cmp.Diff(append(first, "autoreply:shop:oB:2:replay:mine:1"), o.replyIDs()); diff != "" {
		t.Errorf("replies: %s", diff)
	}
	if status, _ := get("http://" + admin + "/readyz"); status != http.StatusOK {
		t.Errorf("/readyz = %d", status)
	}
	if letters := o.left(); len(letters) > 0 {
		t.Errorf("dead letters: %v", letters)
	}
}
