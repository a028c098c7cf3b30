package wechat

import (
	"fmt"
	"reflect"
)

// Typed is a view: a struct whose fields [View] fills from a push. Kind, on a
// value and not on a pointer, names the messages it is a view of; it is called
// on the zero value, so that a kind can be found from a type. A pattern such
// as [AnyEvent] makes a view of many kinds.
type Typed interface{ Kind() Kind }

// View returns m as a struct with WeChat's fields in Go's types:
//
//	click, err := wechat.View[wechat.ClickEvent](m)
//
// Every field is found under its own name, or where its wechat tag says:
// "tax_no" is another name, "SendPicsInfo>PicList" is a path, and of
// "AppId|AppID|appid" the first that is not blank counts; "-" is left alone.
// Fields are strings, integers, floats, bools, [time.Time] (Unix seconds),
// [Value] (as it came), structs, and slices of these; embedded structs share
// the level of the one they stand in. What is absent, empty or malformed is
// the zero value, as with [Value].
//
// A message of another kind is an error, and so is a T that is no such struct.
// View may be called from several goroutines.
func View[T Typed](m *Message) (*T, error) {
	steps, err := planOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	view := new(T)
	switch kind := (*view).Kind(); {
	case m == nil:
		return nil, fmt.Errorf("view of %s: no message", kind)
	case !kind.Covers(m.Kind()):
		return nil, fmt.Errorf("view of %s: the message is of kind %s", kind, m.Kind())
	}
	steps.fill(reflect.ValueOf(view).Elem(), m.Value())
	if v, has := any(view).(interface{ take(m *Message) }); has {
		v.take(m)
	}
	return view, nil
}
