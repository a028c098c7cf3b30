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
// it is read without a map: of a parameter that comes twice, the first counts.
func query(c echo.Context) callback.Query {
	var values [len(parameters)]string
	var seen [len(parameters)]bool
	for rest := c.Request().URL.RawQuery; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		name, value, _ := strings.Cut(pair, "=")
		if i := slices.Index(parameters[:], unescape(name)); i >= 0 && !seen[i] {
			values[i], seen[i] = unescape(value), true
		}
	}
	return callback.Query{
		Signature: values[0], Timestamp: values[1], Nonce: values[2], MsgSignature: values[3], EncryptType: values[4],
	}
}

// unescape decodes a part of a query. What cannot be decoded is signed by nobody.
func unescape(text string) string {
	if strings.IndexByte(text, '%') < 0 && strings.IndexByte(text, '+') < 0 {
		return text
	}
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return ""
	}
	return plain
}
