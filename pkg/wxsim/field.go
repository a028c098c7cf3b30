package wxsim

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// Field is one element of a push under the name WeChat gives it: a text, or
// further Fields.
type Field struct {
	Name   string  `json:"name"`
	Text   string  `json:"text"`
	Fields []Field `json:"fields,omitempty"`
}

// envelope is what every push begins with, and the MsgId of messages.
type envelope struct {
	to, from, msgType string
	createTime        int64
	msgID             string // empty for events
}

// afterMsgID is the one field that WeChat writes behind the MsgId.
const afterMsgID = "bizmsgmenuid"

// xml writes a push with its elements in WeChat's order.
func (e envelope) xml(fields []Field) (string, error) {
	var b strings.Builder
	b.WriteString("<xml>")
	all := []Field{
		{Name: "ToUserName", Text: e.to},
		{Name: "FromUserName", Text: e.from},
		{Name: "CreateTime", Text: strconv.FormatInt(e.createTime, 10)},
		{Name: "MsgType", Text: e.msgType},
	}
	var last []Field
	for _, f := range fields {
		if f.Name == afterMsgID {
			last = append(last, f)
		} else {
			all = append(all, f)
		}
	}
	if e.msgID != "" {
		all = append(all, Field{Name: "MsgId", Text: e.msgID})
	}
	for i, f := range append(all, last...) {
		if i > 0 {
			b.WriteByte('\n')
		}
		if err := f.write(&b); err != nil {
			return "", err
		}
	}
	b.WriteString("\n</xml>")
	return b.String(), nil
}

var elementName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (f Field) write(b *strings.Builder) error {
	if !elementName.MatchString(f.Name) {
		return errors.New("a field's name has letters, digits and underscores only")
	}
	b.WriteString("<" + f.Name + ">")
	for _, inner := range f.Fields {
		if err := inner.write(b); err != nil {
			return err
		}
	}
	switch {
	case len(f.Fields) > 0:
	case numeric(f.Name) && bareText.MatchString(f.Text):
		b.WriteString(f.Text)
	default:
		b.WriteString(cdata(f.Text))
	}
	b.WriteString("</" + f.Name + ">")
	return nil
}

var bareText = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// numeric reports whether WeChat writes a field without CDATA.
func numeric(name string) bool {
	switch name {
	case "CreateTime", "MsgId", afterMsgID, "Location_X", "Location_Y", "Scale",
		"Latitude", "Longitude", "Precision", "MenuId", "Count", "Idx", "FileTotalLen":
		return true
	}
	return false
}

// sections splits what would end a CDATA section, and also what would begin
// another one: some readers, wxbus among them, take that for a nested section.
var sections = strings.NewReplacer("]]>", "]]]]><![CDATA[>", "<![CDATA[", "<]]><![CDATA[![CDATA[")

func cdata(text string) string { return "<![CDATA[" + sections.Replace(text) + "]]>" }
