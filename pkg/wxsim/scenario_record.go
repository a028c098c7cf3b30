package wxsim

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Record returns a user's chat as a scenario: what he did, and what was
// answered as what is expected. Pictures and voices become those of the house.
func (p *Platform) Record(account, openid string) *Scenario {
	s := &Scenario{Account: account}
	for _, m := range p.Chat(account, openid) {
		switch {
		case m.From == FromUser:
			if step, ok := recorded(m); ok {
				s.Steps = append(s.Steps, ScenarioStep{Step: step})
			}
		case m.From == FromAccount && len(s.Steps) > 0 && m.Body != nil:
			last := &s.Steps[len(s.Steps)-1]
			last.Expect = append(last.Expect, expected(m))
		}
	}
	return s
}

// Marshal writes a scenario as [ReadScenario] reads it.
func (s *Scenario) Marshal() ([]byte, error) {
	return yaml.MarshalWithOptions(s, yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true))
}

// expected is an answer as it is asked for next time: its text, or its type.
func expected(m Message) Expectation {
	if text := strings.TrimSpace(m.Text()); text != "" {
		return Expectation{Contains: text}
	}
	return Expectation{Type: m.MsgType}
}

// recorded is a push as the step that makes it again.
func recorded(m Message) (Step, bool) {
	push, err := wechat.Decode(m.Content)
	if err != nil || m.Push == nil {
		return Step{}, false
	}
	switch kind := push.Kind(); kind {
	case wechat.KindText:
		if id := push.Field(afterMsgID); id != "" {
			return Step{Tap: id}, true
		}
		return Step{Text: push.Field("Content")}, push.Field("Content") != ""
	case wechat.KindImage:
		return Step{Image: Example}, true
	case wechat.KindVoice:
		return Step{Voice: Example}, true
	case wechat.KindLocation:
		return Step{Location: place(push)}, true
	case wechat.KindLink:
		return Step{Link: &Link{push.Field("Title"), push.Field("Description"), push.Field("Url")}}, true
	case wechat.EventUnsubscribe:
		return Step{Unfollow: true}, true
	case wechat.EventSubscribe, wechat.EventScan:
		if scene := strings.TrimPrefix(push.Field("EventKey"), "qrscene_"); scene != "" {
			return Step{Scan: scene}, true
		}
		return Step{Follow: true}, true
	case wechat.EventClick, wechat.EventView:
		return Step{Event: &KeyedEvent{push.Event, push.Field("EventKey")}}, true
	case "event.templatesendjobfinish", "event.subscribe_msg_sent_event":
		return Step{}, false // the platform sends them by itself
	}
	return Step{Push: m.Push.XML}, true
}

func place(push *wechat.Message) *Place {
	x, _ := strconv.ParseFloat(push.Field("Location_X"), 64) // 0 when it is none
	y, _ := strconv.ParseFloat(push.Field("Location_Y"), 64)
	return &Place{x, y, push.Field("Label")}
}

// serveScenario offers a chat as a file.
func (p *Platform) serveScenario(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	s := p.Record(query.Get("account"), query.Get("openid"))
	text, err := s.Marshal()
	if err != nil || len(s.Steps) == 0 {
		http.Error(w, "the user has done nothing yet", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="scenario.yaml"`)
	_, _ = w.Write([]byte("# wxbus sim play scenario.yaml\n"))
	_, _ = w.Write(text) //nolint:gosec // an attachment, and no HTML
}
