package wechat

import (
	"bytes"
	"encoding/json"
)

// Object is a JSON object whose values are not looked into.
type Object = map[string]json.RawMessage

// ReadObject returns the members of a JSON object, and reports whether data is
// one. Of members with the same name the last one counts, as with encoding/json.
// The values are parts of data, which must not be changed from then on.
func ReadObject(data []byte) (Object, bool) {
	data = bytes.Trim(data, blanks)
	if !bytes.HasPrefix(data, []byte("{")) || !json.Valid(data) {
		return nil, false
	}
	o := make(Object, 8) //nolint:mnd // most have fewer
	eachMember(data, func(key, value []byte) bool {
		o[scalarText(key)] = value
		return true
	})
	return o, true
}

// StringIn returns the text of a valid JSON string, "" for any other value.
func StringIn(value json.RawMessage) string {
	if len(value) == 0 || value[0] != '"' {
		return ""
	}
	return scalarText(value)
}
