package wxsim

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	dialTimeout = 5 * time.Second
	longIdle    = 30 * time.Second       // after it a server may have closed a connection
	redialWait  = 100 * time.Millisecond // while the server is away
)

// pusher makes one delivery after the other on a connection of its own.
type pusher struct {
	*flood

	conn     net.Conn // nil while there is none
	in       *bufio.Reader
	used     time.Time // when the last push began
	deadline time.Time // of the connection
	message  []byte
	request  []byte
	tally    LoadReport
}

// connect opens all connections.
func (f *flood) connect(ctx context.Context) ([]*pusher, error) {
	pushers := make([]*pusher, f.Connections)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16) //nolint:mnd // a server's queue of new connections is short
	for i := range pushers {
		pushers[i] = &pusher{flood: f, in: bufio.NewReader(nil)}
		group.Go(func() error { return pushers[i].dial(ctx) })
	}
	if err := group.Wait(); err != nil {
		for _, p := range pushers {
			p.hangUp()
		}
		return nil, fmt.Errorf("no connection to %s: %w; check that the ingress runs and that the URL is its own", f.server.Host, err)
	}
	return pushers, nil
}

func (p *pusher) dial(ctx context.Context) error {
	p.used, p.deadline = time.Now(), time.Time{}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	port, dial := "80", new(net.Dialer).DialContext
	if p.server.Scheme == "https" {
		port, dial = "443", new(tls.Dialer).DialContext
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(p.server.Hostname(), cmp.Or(p.server.Port(), port)))
	if err != nil {
		return err
	}
	p.conn = conn
	p.in.Reset(conn)
	return nil
}

func (p *pusher) hangUp() {
	if p.conn != nil {
		_ = p.conn.Close()
		p.conn = nil
	}
}

// run pushes until there is nothing more to push.
func (p *pusher) run(ctx context.Context) error {
	defer p.hangUp()
	for {
		number, from, ok := p.pace.take(ctx)
		if !ok {
			return nil
		}
		if err := p.push(ctx, number, from); err != nil {
			return err
		}
	}
}

// push delivers one push until it is accepted or the tries are used up. The
// error is of a server that takes no genuine push at all.
func (p *pusher) push(ctx context.Context, number int64, from time.Time) error {
	user, message := number%int64(p.Users), p.messages[number%int64(len(p.messages))]
	p.message = message.appendTo(p.message[:0], user, time.Now().Unix(), p.firstID+number)
	p.tally.Pushes++
	for try, result := 1, tryAgain; try <= p.Tries && result == tryAgain; try++ {
		now := time.Now()
		p.request = p.appendRequest(p.request[:0], p.message, user, now.Unix())
		status, answer, err := p.deliver(ctx, now)
		if err := p.hopeless(status); err != nil {
			return err
		}
		var failure string
		failure, result = p.judge(status, answer, err)
		p.tally.count(failure)
		if result == accepted {
			p.latencies.add(time.Since(from))
		}
	}
	return nil
}

// deliver sends the request and returns the answer to it. After an error the
// connection is closed.
func (p *pusher) deliver(ctx context.Context, now time.Time) (status int, answer []byte, err error) {
	if now.Sub(p.used) > longIdle {
		p.hangUp()
	}
	if p.conn == nil {
		if err := p.dial(ctx); err != nil {
			_ = pause(ctx, redialWait, 2)
			return 0, nil, err
		}
	}
	p.used = now
	if p.deadline.Sub(now) < p.Timeout { // moved now and then: it is a timer
		p.deadline = now.Add(p.Timeout + p.Timeout/10)
		_ = p.conn.SetDeadline(p.deadline)
	}
	if _, err = p.conn.Write(p.request); err == nil {
		status, answer, err = p.answer()
	}
	if err != nil {
		p.hangUp()
	}
	return status, answer, err
}

// answer reads one answer. The usual one is recognised at sight.
func (p *pusher) answer() (status int, body []byte, err error) {
	if _, err := p.in.Peek(1); err != nil {
		return 0, nil, err
	}
	if seen, _ := p.in.Peek(p.in.Buffered()); isUsual(seen) {
		_, _ = p.in.Discard(len(seen))
		return http.StatusOK, usualBody, nil
	}
	response, err := http.ReadResponse(p.in, nil)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	if response.Close {
		p.hangUp()
	}
	return response.StatusCode, body, err
}

var (
	usualStart  = []byte("HTTP/1.1 200 OK\r\n")
	usualLength = []byte("\r\nContent-Length: 7\r\n")
	usualEnd    = []byte("\r\n\r\nsuccess")
	usualBody   = []byte("success")
	goodbye     = []byte("\r\nConnection: close")
)

// isUsual reports whether all that was received is one answer of "success".
func isUsual(received []byte) bool {
	return bytes.HasPrefix(received, usualStart) && bytes.HasSuffix(received, usualEnd) &&
		bytes.Contains(received, usualLength) && !bytes.Contains(received, goodbye)
}

// judge says what WeChat makes of an answer, and names a failure.
func (p *pusher) judge(status int, answer []byte, err error) (failure string, result verdict) {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "no answer within " + p.Timeout.String(), tryAgain
	case err != nil && p.deadline.IsZero():
		return "no connection", tryAgain
	case err != nil:
		return "connection lost", tryAgain
	case status != http.StatusOK:
		return "HTTP " + strconv.Itoa(status), tryAgain
	case len(answer) == 0 || bytes.Equal(answer, usualBody):
		return "", accepted
	}
	return `neither "success" nor empty`, refused
}

// hopeless explains an answer that every further push would get, too.
func (p *pusher) hopeless(status int) error {
	about := ""
	switch status {
	case http.StatusForbidden:
		about = "check that AppID, Token and EncodingAESKey are those in its settings, and that it takes pushes in " + string(p.Account.Mode) + " mode"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		about = "check the path of the URL; it ends in the account's name"
	case http.StatusRequestEntityTooLarge:
		about = "check its limit for the size of a push"
	default:
		return nil
	}
	return fmt.Errorf("%s refuses a genuine push with HTTP %d: %s", p.server.Host, status, about)
}
