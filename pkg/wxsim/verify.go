package wxsim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/wxbus/wxbus/pkg/callback"
)

// Verify makes the handshake that WeChat's console makes when its user saves
// the server URL: a signed GET whose echostr must come back byte for byte. The
// error says what came instead.
func (p *Platform) Verify(ctx context.Context, account string) error {
	p.mu.Lock()
	a, err := p.account(account)
	p.mu.Unlock()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, p.options.Timeout)
	defer cancel()
	timestamp, nonce, echo := strconv.FormatInt(p.options.Now().Unix(), 10), randomDigits(10), randomDigits(19)
	target, err := p.target(a, url.Values{
		"signature": {callback.Signature(a.Token, timestamp, nonce)},
		"timestamp": {timestamp}, "nonce": {nonce}, "echostr": {echo},
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return err
	}
	status := 0
	answer, err := p.answer(request, &status)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %v: %w", p.options.Timeout, err)
	case err != nil:
		return err
	case status != http.StatusOK:
		return fmt.Errorf("the server answered HTTP %d", status)
	case string(answer) != echo:
		return fmt.Errorf("the server answered %.50q, not the echostr", answer)
	}
	return nil
}
