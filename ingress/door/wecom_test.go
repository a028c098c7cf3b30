package door_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/callback"
)

const corpID = "ww0123456789abcdef"

func withWeCom(c *door.Config) {
	c.Accounts["corp"] = door.Account{AppID: corpID, Token: token, AESKey: aesKey, Kind: "wecom"}
}

// corporate is a push as WeCom sends it: msg_signature is its only signature.
func corporate(t *testing.T, message, receiver string) push {
	t.Helper()
	p := sealed(t, message, receiver)
	p.body = strings.Replace(p.body, "<Encrypt>", "<AgentID>1000002</AgentID><Encrypt>", 1)
	return p.with("signature", "").with("encrypt_type", "").with("openid", "")
}

func TestWeComPushIsProvenByItsBody(t *testing.T) {
	r := serve(t, bustest.Start(t), withWeCom).ready()
	r.check(t, []pushTest{
		{"genuine", "/wechat/corp", corporate(t, text, corpID), success, 1},
		{"again", "/wechat/corp", corporate(t, text, corpID), success, 0},
		{"without a size", "/wechat/corp", corporate(t, textNo(1), corpID), success, 1},
		{"for another corporation", "/wechat/corp", corporate(t, textNo(2), "ww9"), refused, 0},
		{"no msg_signature", "/wechat/corp", corporate(t, textNo(2), corpID).with("msg_signature", ""), refused, 0},
		{"wrong msg_signature", "/wechat/corp", corporate(t, textNo(2), corpID).with("msg_signature", strings.Repeat("0", 40)), refused, 0},
		{"plain, signed as an Official Account's", "/wechat/corp", signed(textNo(2)), refused, 0},
		{"to an Official Account", "/wechat/main", corporate(t, textNo(2), appID), refused, 0},
	})
}

func TestWeComGetsWhatIsSealedInEchostr(t *testing.T) {
	r := serve(t, bustest.Start(t), withWeCom)
	key, err := callback.ParseKey(aesKey)
	if err != nil {
		t.Fatal(err)
	}
	echostr := key.Seal([]byte("1616140317555161061"), corpID)
	asked := func(echostr string) push {
		p := signed("").with("signature", "").with("openid", "")
		return p.with("msg_signature", callback.Signature(token, "1720000001", "1122334455", echostr)).with("echostr", echostr)
	}
	for _, tt := range []struct {
		name string
		push push
		want answer
	}{
		{"genuine", asked(echostr), answer{http.StatusOK, "1616140317555161061"}},
		{"plus that became a blank", asked(echostr).with("echostr", strings.ReplaceAll(echostr, "+", " ")), answer{http.StatusOK, "1616140317555161061"}},
		{"not sealed", asked("1616140317555161061"), refused},
		{"for another corporation", asked(key.Seal([]byte("1"), "ww9")), refused},
		{"of another echostr", asked(echostr).with("echostr", key.Seal([]byte("1"), corpID)), refused},
		{"no msg_signature", asked(echostr).with("msg_signature", ""), refused},
		{"no echostr", asked(echostr).with("echostr", ""), refused},
		{"as an Official Account", signed("").with("echostr", "1"), refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.t = t
			got, _ := r.do(http.MethodGet, "/wechat/corp", tt.push.query, nil)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Nobody can tell a slow stranger from WeCom before the body is there; but he
// waits in a place of WeCom's.
func TestSlowWeComPushHoldsNoSlotOfOthers(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) { withWeCom(c); c.MaxInFlight = 1 }).ready()
	waiting := dial(t, r)
	query := corporate(t, text, corpID).query.Encode()
	waiting.say(bare("POST /wechat/corp?"+query+" HTTP/1.1", "", "Host: door", "Expect: 100-continue", "Content-Length: 999"))
	if got, _ := waiting.hear(http.MethodPost); got != goOn {
		t.Fatalf("answer = %+v, want %+v", got, goOn)
	}
	if got, _ := slow(t, r, "/wechat/corp?"+query).hear(http.MethodPost); got.Status != http.StatusServiceUnavailable {
		t.Errorf("answer to one more of WeCom = %+v, want 503", got)
	}
	if got := r.post("/wechat/main", sealed(t, text, appID)); got != success {
		t.Errorf("answer to a push of another account = %+v", got)
	}
}
