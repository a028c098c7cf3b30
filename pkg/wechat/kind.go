package wechat

import "strings"

// Kind is what a message is, as its subject names it: "text", "image",
// "event.subscribe", "event.click", "info.authorized". The names come from the
// message; there is no list of allowed ones, so a kind that WeChat invents
// tomorrow has a name tomorrow.
type Kind string

// Kinds that handlers ask for most. Any other is written as a Kind of its
// name, such as Kind("event.templatesendjobfinish"), or taken from its view,
// as TemplateSendJobFinishEvent{}.Kind().
const (
	KindText            Kind = "text"
	KindImage           Kind = "image"
	KindVoice           Kind = "voice"
	KindVideo           Kind = "video"
	KindShortVideo      Kind = "shortvideo"
	KindLocation        Kind = "location"
	KindLink            Kind = "link"
	KindMiniProgramPage Kind = "miniprogrampage"

	EventSubscribe   Kind = "event.subscribe"
	EventUnsubscribe Kind = "event.unsubscribe"
	EventScan        Kind = "event.scan"
	EventLocation    Kind = "event.location"
	EventClick       Kind = "event.click"
	EventView        Kind = "event.view"

	// AnyEvent and AnyKind are patterns for handlers: every event, everything.
	AnyEvent Kind = "event.>"
	AnyKind  Kind = ">"

	// Undecodable is the kind of a genuine push that cannot be decoded.
	Undecodable Kind = "undecodable"
)

// Kind returns what m is. MsgType counts before InfoType; a MsgType that is
// the word of another branch (event, info, undecodable) without being it gets
// a trailing underscore.
func (m *Message) Kind() Kind {
	if !m.hasMsgType {
		return Kind("info." + name(m.InfoType))
	}
	switch msgType := name(m.MsgType); {
	case msgType == "event" && m.hasEvent:
		return Kind("event." + name(m.Event))
	case msgType == "event", msgType == "info", msgType == "undecodable":
		return Kind(msgType + "_")
	default:
		return Kind(msgType)
	}
}

// Covers reports whether k is other, or a pattern that other falls under.
func (k Kind) Covers(other Kind) bool {
	if prefix, isPattern := strings.CutSuffix(string(k), ">"); isPattern {
		return strings.HasPrefix(string(other), prefix)
	}
	return k == other
}

// name makes one token of a subject from a name that WeChat sent: ASCII
// letters in lower case, every run of other characters than [a-z0-9_-] as one
// underscore, at most 64 characters, never empty.
func name(sent string) string {
	if isName(sent) {
		return sent
	}
	token := make([]byte, 0, maxName)
	inRun := false
	for i := 0; i < len(sent) && len(token) < maxName; i++ {
		b := sent[i]
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		legal := inName(b)
		switch {
		case legal:
			token = append(token, b)
		case !inRun:
			token = append(token, '_')
		}
		inRun = !legal
	}
	if len(token) == 0 {
		return "_"
	}
	return string(token)
}

// maxName is the length of the longest token, in bytes.
const maxName = 64

// isName reports whether a name is a token as it is; most are.
func isName(sent string) bool {
	for i := range len(sent) {
		if !inName(sent[i]) {
			return false
		}
	}
	return 0 < len(sent) && len(sent) <= maxName
}

func inName(b byte) bool {
	return 'a' <= b && b <= 'z' || '0' <= b && b <= '9' || b == '_' || b == '-'
}
