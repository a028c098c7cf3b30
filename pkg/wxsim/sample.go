package wxsim

import (
	"bytes"
	"context"
	"regexp"
	"strconv"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Sample delivers a push that was written down before, such as one of
// [wechat.Samples], as if a user had sent it just now: his OpenID, the account,
// the time and a new MsgId stand in it, the rest as it was. JSON is pushed as
// JSON. See [Platform.Push] for what is returned.
func (p *Platform) Sample(ctx context.Context, account, openid string, push []byte) (Push, error) {
	push, err := p.readdress(account, openid, push)
	if err != nil {
		return Push{}, err
	}
	return p.Push(ctx, account, push)
}

// readdress writes who, whom and when into a push. Fields that it does not have
// are not added: WeChat has left them out for a reason.
func (p *Platform) readdress(account, openid string, push []byte) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.account(account)
	if err != nil {
		return nil, err
	}
	replace := replaceElement
	if !wechat.LooksLikeXML(push) {
		replace = replaceMember
	}
	push = replace(push, "ToUserName", a.OriginalID, true)
	push = replace(push, "FromUserName", openid, true)
	push = replace(push, "CreateTime", strconv.FormatInt(p.options.Now().Unix(), 10), false)
	return replace(push, "MsgId", p.nextMsgID(), false), nil
}

// nextMsgID increases also across restarts: 19 digits made of the time. The
// caller holds mu.
func (p *Platform) nextMsgID() string {
	p.lastMsg = max(p.lastMsg+1, p.options.Now().UnixMicro()*1000)
	return strconv.FormatInt(p.lastMsg, 10)
}

// replaceElement changes the text of the first XML element of a name.
func replaceElement(push []byte, name, text string, quoted bool) []byte {
	if quoted {
		text = cdata(text)
	}
	element := regexp.MustCompile(`(?s)<` + name + `>.*?</` + name + `>`)
	return replaceFirst(push, element, []byte("<"+name+">"+text+"</"+name+">"))
}

// replaceMember changes the value of the first JSON member of a name.
func replaceMember(push []byte, name, text string, quoted bool) []byte {
	member := regexp.MustCompile(`"` + name + `"\s*:\s*("(?:[^"\\]|\\.)*"|[0-9]+)`)
	at := member.FindSubmatchIndex(push)
	if at == nil {
		return push
	}
	if quoted || push[at[2]] == '"' { // some write every number as a text
		text = strconv.Quote(text)
	}
	return replaceFirst(push, member, []byte(`"`+name+`":`+text))
}

func replaceFirst(text []byte, what *regexp.Regexp, by []byte) []byte {
	at := what.FindIndex(text)
	if at == nil {
		return text
	}
	return bytes.Join([][]byte{text[:at[0]], by, text[at[1]:]}, nil)
}
