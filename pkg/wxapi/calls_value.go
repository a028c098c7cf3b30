package wxapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// ID is an id that WeChat writes as a number, which may exceed what a float
// holds, or as a text. It is compared as text, as the fields of pushes are.
type ID string

// UnmarshalJSON takes a number or a text.
func (id *ID) UnmarshalJSON(data []byte) error {
	text, err := scalar(data)
	*id = ID(text)
	return err
}

// Seconds is a moment as WeChat writes it, in seconds since 1970. 0 is none.
type Seconds int64

// Time returns the moment, and the zero Time for none.
func (s Seconds) Time() time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(int64(s), 0)
}

// UnmarshalJSON takes a number, or a text that holds one; an empty text is 0.
func (s *Seconds) UnmarshalJSON(data []byte) error {
	text, err := scalar(data)
	if err != nil || text == "" {
		*s = 0
		return err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a time in seconds", text)
	}
	*s = Seconds(n)
	return nil
}

// scalar returns a JSON text, or a number as it is written. null is empty.
func scalar(data []byte) (string, error) {
	switch data = bytes.TrimSpace(data); {
	case string(data) == "null":
		return "", nil
	case len(data) > 0 && data[0] == '"':
		var text string
		err := json.Unmarshal(data, &text)
		return text, err
	}
	var number json.Number
	err := json.Unmarshal(data, &number)
	return number.String(), err
}
