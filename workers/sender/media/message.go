package media

import (
	"encoding/json"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Object is a JSON object whose values are not looked into.
type Object = wechat.Object

// slot is a place in a message for the media_id of an upload.
type slot struct {
	id     string // the field that WeChat knows
	prefix string // of the fields that name a file instead
	kind   kind
}

var thumbSlot = slot{"thumb_media_id", "thumb_", thumb}

// slots are the places by msgtype.
var slots = map[string][]slot{
	"image":           {{"media_id", "", image}},
	"voice":           {{"media_id", "", voice}},
	"video":           {{"media_id", "", video}, thumbSlot},
	"music":           {thumbSlot},
	"miniprogrampage": {thumbSlot},
}

// Fills reports whether the content of a message, the object under the name of
// its msgtype, names a file that gives the field id its value.
func Fills(msgType, id string, content Object) bool {
	for _, s := range slots[msgType] {
		if s.id == id && len(s.named(content)) > 0 {
			return true
		}
	}
	return false
}

// nameMax is the longest path or web address, in bytes.
const nameMax = 4096

// named returns which of the fields that name a file are set.
func (s slot) named(content Object) (names []string) {
	for _, name := range []string{fieldFile, fieldURL, fieldData} {
		if isSet(content[s.prefix+name]) {
			names = append(names, name)
		}
	}
	return names
}

// The fields that name a file; those of a thumb have its prefix.
const (
	fieldFile = "file"
	fieldURL  = "url"
	fieldData = "data"
	fieldName = "filename" // beside data
)

// source reads how the slot is filled: with what field, and its text. All is
// empty when the content has no file for it.
func (s slot) source(content Object) (field, text string, err error) {
	names := s.named(content)
	if len(names) == 0 {
		return "", "", nil
	}
	if len(names) > 1 || isSet(content[s.id]) {
		return "", "", bad("give one of " + s.id + ", " + s.prefix + fieldFile + ", " + s.prefix + fieldURL + " and " + s.prefix + fieldData)
	}
	field = s.prefix + names[0]
	if json.Unmarshal(content[field], &text) != nil {
		return "", "", bad(field + " is not a text")
	}
	if names[0] != fieldData && len(text) > nameMax {
		return "", "", bad(field + " is too long")
	}
	return names[0], text, nil
}

// fill puts a media_id in the place of what named the file.
func (s slot) fill(content Object, mediaID string) error {
	for _, name := range []string{fieldFile, fieldURL, fieldData, fieldName} {
		delete(content, s.prefix+name)
	}
	value, err := wechat.Marshal(mediaID)
	content[s.id] = value
	return err
}

func isSet(value json.RawMessage) bool {
	switch string(value) {
	case "", `""`, "null":
		return false
	}
	return true
}
