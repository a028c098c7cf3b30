package door

import (
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wxbus/wxbus/pkg/callback"
)

// The parameters that matter.
var parameters = [...]string{"signature", "timestamp", "nonce", "msg_signature", "encrypt_type"}

// query returns what WeChat signs of a request's query. Every push has one, so
// it is read without a map, and to the same result as by package net/url: of a
// parameter that comes twice the first counts, and one that cannot be decoded
// is none.
func query(c echo.Context) callback.Query {
	var values [len(parameters)]string
	var seen [len(parameters)]bool
	for rest := c.Request().URL.RawQuery; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		if i, value, ok := parameter(pair); ok && !seen[i] {
			values[i], seen[i] = value, true
		}
	}
	return callback.Query{
		Signature: values[0], Timestamp: values[1], Nonce: values[2], MsgSignature: values[3], EncryptType: values[4],
	}
}

// parameter decodes a pair of name and value, if it is one that matters.
func parameter(pair string) (i int, value string, ok bool) {
	if strings.IndexByte(pair, ';') >= 0 { // once separated pairs too
		return 0, "", false
	}
	name, value, _ := strings.Cut(pair, "=")
	if name, ok = unescape(name); !ok {
		return 0, "", false
	}
	if i = slices.Index(parameters[:], name); i < 0 {
		return 0, "", false
	}
	value, ok = unescape(value)
	return i, value, ok
}

func unescape(text string) (plain string, ok bool) {
	if strings.IndexByte(text, '%') < 0 && strings.IndexByte(text, '+') < 0 {
		return text, true
	}
	plain, err := url.QueryUnescape(text)
	return plain, err == nil
}
