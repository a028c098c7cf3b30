package door

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"github.com/wxbus/wxbus/ingress/spool"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// desk is what a push is worked on with. It is used again when the push is
// stored: what one push needed is enough for most others.
type desk struct {
	body, plain []byte
	message     wechat.Message
	headers     route.Headers
}

var desks = sync.Pool{New: func() any { return new(desk) }}

// clear gives the desk to the next push. A large one is left to the collector.
func (d *desk) clear() {
	const usual = 16 << 10
	if max(cap(d.body), cap(d.plain), cap(d.message.Body)) <= usual {
		desks.Put(d)
	}
}

// push takes one push of WeChat and answers success once it is stored.
func (s *Server) push(c echo.Context, from call) (err error) {
	arrived := time.Now()
	if c.Request().ContentLength > 0 {
		defer hush(c.Request().Context())()
	}
	d := desks.Get().(*desk)
	if d.body, err = s.body(c, d.body[:0]); err != nil {
		return err
	}
	message, err := from.account.OpenInto(&d.plain, from.query, d.body)
	if err != nil {
		return err
	}
	envelope := d.pack(from.name, message, arrived)
	ctx := otel.GetTextMapPropagator().Extract(c.Request().Context(), propagation.HeaderCarrier(c.Request().Header))
	outcome, err := s.publisher.publish(ctx, envelope, d.headers.Of(envelope), arrived)
	if err != nil {
		return err // it may be published on: the desk is not free
	}
	s.published(envelope, outcome, time.Since(arrived))
	if outcome != spool.Spooled {
		d.clear()
	}
	return answerSuccess(c)
}

// answerSuccess writes success. net/http tells by itself that it is plain text,
// in less time than it copies a header that says so.
func answerSuccess(c echo.Context) error {
	_, err := c.Response().Write(success)
	return err
}

var success = []byte("success")

// body reads the body of a request, of at most MAX_BODY, into buf. It takes
// memory for what comes, not for what was promised.
func (s *Server) body(c echo.Context, buf []byte) ([]byte, error) {
	request, limit := c.Request(), int64(s.cfg.MaxBody)
	if request.ContentLength > limit {
		return nil, errBodyTooLarge
	}
	reader := http.MaxBytesReader(c.Response(), request.Body, limit)
	const usual = 4 << 10
	body := slices.Grow(buf, int(min(usual, max(bytes.MinRead, request.ContentLength+1))))
	for {
		n, err := reader.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		var tooLarge *http.MaxBytesError
		switch {
		case errors.Is(err, io.EOF):
			return body, nil
		case errors.As(err, &tooLarge):
			return nil, errBodyTooLarge
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, errSlowBody
		case err != nil:
			return nil, fmt.Errorf("%w: %w", errBody, err)
		}
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
	}
}

// pack decodes a genuine push; one that cannot be decoded is kept as it is.
func (d *desk) pack(account string, message []byte, arrived time.Time) *route.Envelope {
	if err := d.message.Decode(message); err != nil {
		return route.PackUndecodable(account, message, arrived)
	}
	return route.Pack(account, &d.message, message, arrived)
}

func (s *Server) published(e *route.Envelope, outcome spool.Outcome, took time.Duration) {
	result := string(outcome)
	if outcome == spool.Stored && e.Kind == wechat.Undecodable {
		result = "undecodable"
	}
	s.metrics[e.Account].published(result, took)
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.log.Debug("published", "account", e.Account, "kind", string(e.Kind), "id", e.ID,
			"result", result, "took", took.Round(time.Microsecond))
	}
}
