package door

import (
	"bytes"
	"io"

	"github.com/labstack/echo/v4"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wechat"
)

const (
	// headerSource is in what WeChat sends over the channel of cloud hosting
	// (微信云托管); one of its pages writes it with an s.
	headerSource  = "X-Wx-Source"
	headerSources = "X-Wx-Sources"

	probeAction = "CheckContainerPath"
	maxProbe    = 1 << 10
)

// vouched reports whether an unsigned push came over the channel of cloud
// hosting. The header alone proves nothing, as anybody can write it: the
// operator must also have said in ALLOW_FROM where that channel ends.
func (s *Server) vouched(c echo.Context) bool {
	header := c.Request().Header
	return len(s.peers.allowed) > 0 && (header.Get(headerSource) != "" || header.Get(headerSources) != "")
}

// vouch signs a push that came over WeChat's own channel, so that it goes the
// way of all others: a body that does not fit the mode is refused as ever.
func vouch(account *callback.Account) callback.Query {
	q := callback.Query{Timestamp: "0", Nonce: "cloudhosting"}
	q.Signature = callback.Signature(account.Tokens[0], q.Timestamp, q.Nonce)
	return q
}

// probe reads an unsigned body as far as it may be the question that cloud
// hosting asks when it is set up, and reports whether it is that. The body can
// be read again.
func (s *Server) probe(c echo.Context) bool {
	request := c.Request()
	if request.ContentLength > maxProbe || !s.strangers.take() {
		return false
	}
	defer s.strangers.free()
	start, err := io.ReadAll(io.LimitReader(request.Body, maxProbe+1))
	request.Body = io.NopCloser(io.MultiReader(bytes.NewReader(start), request.Body))
	if err != nil || len(start) > maxProbe {
		return false
	}
	action, found := wechat.Lookup(start, "action")
	return found && string(action) == probeAction
}
