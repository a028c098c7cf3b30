package wechat

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Value is a field of a push as it stands in its Body, or the absence of one,
// which is the zero Value. Its methods take what WeChat sends: numbers as
// text, numbers that are empty or blank, a list of one entry without a list
// around it. What cannot be read that way is the zero value and never an
// error; [Value.Text] still has what was sent. Names are matched exactly, so
// MsgId is not MsgID. A Value may be read from several goroutines.
type Value struct{ json []byte }

// Value returns the field that path leads to, from the root of the push. No
// path is the push itself. An undecodable push has no fields.
func (m *Message) Value(path ...string) Value {
	if m == nil || !m.hasMsgType && !m.hasInfoType && !json.Valid(m.Body) {
		return Value{}
	}
	return Value{bytes.TrimSpace(m.Body)}.Get(path...)
}

// Get descends into v, one name for each level. In a list it looks into every
// entry: repeated containers are one container.
func (v Value) Get(path ...string) Value {
	for _, name := range path {
		v = v.member(name)
	}
	return v
}

func (v Value) member(name string) Value {
	if v.isObject() {
		return Value{memberOf(v.json, name)}
	}
	var found [][]byte
	eachEntry(v.json, func(entry []byte) {
		if value := memberOf(entry, name); value != nil {
			found = append(found, value)
		}
	})
	switch len(found) {
	case 0:
		return Value{}
	case 1:
		return Value{found[0]}
	}
	list := append([]byte{'['}, bytes.Join(found, []byte{','})...)
	return Value{append(list, ']')}
}

// Exists reports whether the push has the field, be it empty. A null of JSON
// counts as absent.
func (v Value) Exists() bool { return len(v.json) > 0 }

// List returns the entries of a list, in order: those of an array, and those
// under item of a wrapper such as {"item":[…]}. Lists in the list and repeated
// wrappers become one list; a lone object, text or number is its only entry.
// Entries that are blank or null are left out.
func (v Value) List() []Value {
	var list []Value
	add := func(entry []byte) {
		if value := (Value{entry}); !value.isBlank() {
			list = append(list, value)
		}
	}
	eachEntry(v.json, func(entry []byte) {
		if items, isWrapper := lookup(entry, "item"); isWrapper {
			eachEntry(items, add)
		} else {
			add(entry)
		}
	})
	return list
}

// Text returns a text, number, true or false as it was sent, with its blanks.
// A list is the text of its only entry; an object, or a list of several, is "".
func (v Value) Text() string {
	only := v.only()
	if text := string(only); text == "true" || text == "false" {
		return text
	}
	return scalarText(only)
}

// Int returns a whole number of at most 64 bits, exactly; anything else is 0.
func (v Value) Int() int64 {
	text := strings.Trim(v.Text(), blanks)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	const exact = 1 << 53 // up to here, 1.0 and 1e3 are whole numbers without doubt
	f := v.Float()
	if f != math.Trunc(f) || math.Abs(f) > exact {
		return 0
	}
	return int64(f)
}

// Float returns a decimal number; anything else, infinity too, is 0.
func (v Value) Float() float64 {
	text := strings.Trim(v.Text(), blanks)
	if strings.Trim(text, "0123456789+-.eE") != "" {
		return 0 // hexadecimal, inf and nan are Go's and not WeChat's
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return f
}

// Bool reports whether the value is 1 or true, in upper or lower case, as a
// number, a text or a truth value of JSON.
func (v Value) Bool() bool {
	text := strings.Trim(v.Text(), blanks)
	return text == "1" || strings.EqualFold(text, "true")
}

// Time returns the moment that Unix seconds name, in UTC. It is the zero Time
// when they are absent, 0 or out of range.
func (v Value) Time() time.Time {
	t, _ := (&Message{CreateTime: v.Int()}).Time()
	return t
}

// only returns the value of v, or the only entry of a list; of several, none.
func (v Value) only() []byte {
	var only []byte
	entries := 0
	eachEntry(v.json, func(entry []byte) { only, entries = entry, entries+1 })
	if entries != 1 {
		return nil
	}
	return only
}

// isBlank reports whether there is nothing in v: no field, no entry, no text.
func (v Value) isBlank() bool {
	blank := true
	eachEntry(v.json, func(entry []byte) {
		blank = blank && entry[0] == '"' && strings.Trim(scalarText(entry), blanks) == ""
	})
	return blank
}

// isObject reports whether v has named fields.
func (v Value) isObject() bool { return len(v.json) > 0 && v.json[0] == '{' }

// memberOf returns the value of the first member called name, and nil when
// there is none or it is null.
func memberOf(object []byte, name string) []byte {
	value, _ := lookup(object, name)
	if string(value) == "null" {
		return nil
	}
	return value
}

// lookup is memberJSON without a copy of every key on the way.
func lookup(object []byte, name string) (value []byte, found bool) {
	eachMember(object, func(key, v []byte) bool {
		if bytes.IndexByte(key, '\\') >= 0 {
			found = scalarText(key) == name
		} else {
			found = string(key[1:len(key)-1]) == name
		}
		if found {
			value = v
		}
		return !found
	})
	return value, found
}

// eachEntry visits what stands in an array and in the arrays within it, or
// else the value itself, but no null. It does not recurse, so depth is cheap.
func eachEntry(value []byte, visit func(entry []byte)) {
	for at := 0; at < len(value); {
		switch b := value[at]; {
		case isBlank(b), b == '[', b == ']', b == ',':
			at++
		default:
			end := max(valueEnd(value, at), at+1) // on it goes, whatever Body holds
			if entry := value[at:end]; string(entry) != "null" {
				visit(entry)
			}
			at = end
		}
	}
}
