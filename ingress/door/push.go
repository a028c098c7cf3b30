package door

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// push takes one push of WeChat and answers success once it is stored.
func (s *Server) push(c echo.Context) error {
	arrived := time.Now()
	name, account, err := s.account(c)
	if err != nil {
		return err
	}
	body, err := s.body(c)
	if err != nil {
		return err
	}
	message, err := account.Open(query(c), body)
	if err != nil {
		return err
	}
	envelope := pack(name, message, arrived)
	ctx := otel.GetTextMapPropagator().Extract(c.Request().Context(), propagation.HeaderCarrier(c.Request().Header))
	duplicate, err := s.publisher.publish(ctx, envelope, arrived)
	if err != nil {
		return err
	}
	s.published(envelope, duplicate, time.Since(arrived))
	return c.String(http.StatusOK, "success")
}

// body reads the body of a request, of at most MAX_BODY.
func (s *Server) body(c echo.Context) ([]byte, error) {
	request, limit := c.Request(), int64(s.cfg.MaxBody)
	if request.ContentLength > limit {
		return nil, errBodyTooLarge
	}
	reader := http.MaxBytesReader(c.Response(), request.Body, limit)
	body := make([]byte, 0, max(512, request.ContentLength+1))
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
func pack(account string, message []byte, arrived time.Time) *route.Envelope {
	m, err := wechat.Decode(message)
	if err != nil {
		return route.PackUndecodable(account, message, arrived)
	}
	return route.Pack(account, m, message, arrived)
}

func (s *Server) published(e *route.Envelope, duplicate bool, took time.Duration) {
	result := "stored"
	if duplicate {
		result = "duplicate"
	} else if e.Kind == wechat.Undecodable {
		result = "undecodable"
	}
	pushes.WithLabelValues(e.Account, result).Inc()
	pushTime.WithLabelValues(e.Account).Observe(took.Seconds())
	s.log.Info("published", "account", e.Account, "kind", string(e.Kind), "id", e.ID,
		"result", result, "took", took.Round(time.Microsecond))
}
