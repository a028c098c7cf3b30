package wechat_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// FuzzAgainstEncodingJSON wants the members that encoding/json reads, but
// CreateTime as a number, MsgId as a string and each routing field once.
func FuzzAgainstEncodingJSON(f *testing.F) {
	addPushes(f, "json")
	for _, push := range []string{
		"\ufeff { \"MsgType\" : 1e3 , \"MsgId\":-0, \"a\":[ {\"b\":null} ,\"\\ud83d\\u003c\xff\"],\"a\":true }\r\n",
		`{"InfoType":"\u0061","CreateTime":"\u0035","CreateTime":6,"MsgId":"7","MsgId":8,"\u0045vent":[]}`,
		`{"MsgType":null,"MsgType":"text"}`, `{"MsgType":"","CreateTime":"1.5","MsgId":[1]}`, `[{}]`, `{}{}`,
	} {
		f.Add([]byte(push))
	}
	f.Fuzz(func(t *testing.T, push []byte) {
		members, ok := readJSON(bytes.TrimPrefix(push, []byte("\ufeff")))
		m, err := wechat.Decode(push)
		if !ok || !isPush(members) {
			if err == nil && !wechat.LooksLikeXML(push) || err != nil && !errors.Is(err, wechat.ErrMalformed) {
				t.Fatalf("error is %v, want ErrMalformed", err)
			}
			return
		}
		if err != nil {
			t.Fatalf("encoding/json reads what we refuse: %v", err)
		}
		got, _ := readJSON(m.Body)
		if diff := cmp.Diff(asBody(members), got); diff != "" {
			t.Fatalf("members of Body (-encoding/json +got):\n%s", diff)
		}
	})
}

// member is a name and the tokens of its value.
type member struct {
	Name  string
	Value []json.Token
}

// readJSON returns the members of a JSON object, and false when data is none.
func readJSON(data []byte) ([]member, bool) {
	if !json.Valid(data) {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		return nil, false
	}
	var members []member
	for decoder.More() {
		var value json.RawMessage
		name, err := decoder.Token()
		if err != nil || decoder.Decode(&value) != nil {
			return nil, false
		}
		members = append(members, member{Name: name.(string), Value: tokens(value)})
	}
	return members, true
}

// tokens returns what a JSON value is made of, with numbers as they are written.
func tokens(value []byte) []json.Token {
	var all []json.Token
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return all
		}
		all = append(all, token)
	}
}

// isPush reports whether the first MsgType or InfoType is a text or a number.
func isPush(members []member) bool {
	return slices.ContainsFunc([]string{"MsgType", "InfoType"}, func(name string) bool {
		first := slices.IndexFunc(members, func(m member) bool { return m.Name == name })
		if first < 0 {
			return false
		}
		switch members[first].Value[0].(type) {
		case string, json.Number:
			return true
		}
		return false
	})
}

// asBody returns the members as Body shall have them.
func asBody(members []member) []member {
	var body []member
	for _, m := range members {
		known := func(before member) bool { return before.Name == m.Name }
		if slices.Contains(routingFields, m.Name) && slices.ContainsFunc(body, known) {
			continue
		}
		switch value := m.Value[0].(type) {
		case string:
			if number, err := strconv.ParseInt(value, 10, 64); err == nil && m.Name == "CreateTime" {
				m.Value = []json.Token{json.Number(strconv.FormatInt(number, 10))}
			}
		case json.Number:
			if m.Name == "MsgId" {
				m.Value = []json.Token{value.String()}
			}
		}
		body = append(body, m)
	}
	return body
}
