package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wxbus/wxbus/pkg/config"
)

const (
	reconnectWait   = 250 * time.Millisecond
	reconnectJitter = 250 * time.Millisecond
	drainTimeout    = 5 * time.Second
	apiTimeout      = 5 * time.Second
)

// InboxPrefix and the program's name begin the subjects that answers come to,
// so that a program's credential can be kept from listening to the answers for
// others: it needs <InboxPrefix><name>.> alone.
const InboxPrefix = "_INBOX."

// Bus is a connection to NATS with the streams of wxbus on it. It reconnects
// for ever. It is safe for concurrent use.
type Bus struct {
	cfg config.NATS
	log *slog.Logger
	nc  *nats.Conn
	js  jetstream.JetStream

	outbox   *outbox
	receipts *receipts
	life     context.Context // done when the connection is closed for good
	end      context.CancelFunc
	stall    time.Duration // how long a durable may have messages and send none
	hush     hush

	prepared   chan struct{} // closed once streams and buckets are there
	prepare    sync.Once
	missing    atomic.Pointer[error] // why they were not, when Prepare looked last
	partitions int                   // set before prepared is closed
	opened     sync.Map              // buckets by name
}

// Connect opens a connection under the program's name. It returns at once: a
// server that is away is tried again until it answers. The error is one of the
// settings, such as a certificate that cannot be used.
func Connect(name string, cfg config.NATS, log *slog.Logger) (*Bus, error) {
	b := &Bus{cfg: cfg, log: log, stall: stallAfter, prepared: make(chan struct{})}
	b.life, b.end = context.WithCancel(context.Background())
	var err error
	if b.nc, err = nats.Connect(cfg.URL, b.options(name)...); err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	if b.js, err = jetstream.New(b.nc); err == nil {
		b.outbox, err = openOutbox(b.nc)
	}
	if err == nil {
		b.receipts, err = openReceipts(b.nc)
	}
	if err != nil {
		b.nc.Close()
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	return b, nil
}

func (b *Bus) options(name string) []nats.Option {
	options := []nats.Option{
		nats.Name("wxbus " + name),
		nats.CustomInboxPrefix(InboxPrefix + name),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(), // credentials are rotated while programs run
		nats.ReconnectWait(reconnectWait),
		nats.ReconnectJitter(reconnectJitter, reconnectJitter),
		nats.ReconnectBufSize(-1), // a publish while away fails at once and is tried again
		nats.DrainTimeout(drainTimeout),
		nats.ConnectHandler(func(*nats.Conn) { b.log.Info("connected to NATS") }),
		nats.ReconnectHandler(func(*nats.Conn) { b.log.Info("reconnected to NATS") }),
		nats.DisconnectErrHandler(b.disconnected),
		nats.ReconnectErrHandler(b.refused),
		nats.ClosedHandler(func(*nats.Conn) { b.end() }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { b.reported(err) }),
	}
	if b.cfg.Creds != "" {
		options = append(options, nats.UserCredentials(string(b.cfg.Creds)))
	}
	if b.cfg.CA != "" {
		options = append(options, nats.RootCAs(string(b.cfg.CA)))
	}
	if b.cfg.Cert != "" {
		options = append(options, nats.ClientCert(string(b.cfg.Cert), string(b.cfg.Key)))
	}
	return options
}

func (b *Bus) disconnected(_ *nats.Conn, err error) {
	if err != nil {
		b.log.Warn("connection to NATS lost", "err", err)
	}
}

// reported says what the server complains of, such as credentials: that is the
// same with each try to connect, several times a second.
func (b *Bus) reported(err error) {
	b.log.Log(context.Background(), b.hush.level(err.Error(), slog.LevelError), "NATS reports", "err", err)
}

// refused says why there is no connection. That a server is away has been said;
// a certificate that is not taken does not pass by itself.
func (b *Bus) refused(_ *nats.Conn, err error) {
	level := slog.LevelDebug
	if _, away := errors.AsType[net.Error](err); !away && !errors.Is(err, nats.ErrNoServers) && !errors.Is(err, io.EOF) {
		level = b.hush.level(err.Error(), slog.LevelWarn)
	}
	b.log.Log(context.Background(), level, "NATS does not take the connection", "err", err)
}

// Close sends what is still buffered and closes the connection.
func (b *Bus) Close() {
	if b.nc.IsConnected() {
		_ = b.nc.FlushTimeout(drainTimeout)
	}
	b.outbox.close()
	b.receipts.close()
	b.nc.Close()
}

var (
	errNotConnected = errors.New("no connection to NATS")
	errNotPrepared  = errors.New("streams are not ready")
)

// Ready returns nil when [Bus.Prepare] is through and JetStream answers for the
// stream of pushes, else what is missing.
func (b *Bus) Ready(ctx context.Context) error {
	if !b.nc.IsConnected() {
		return cmp.Or(b.Err(), errNotConnected)
	}
	select {
	case <-b.prepared:
	default:
		if missing := b.missing.Load(); missing != nil {
			return *missing
		}
		return errNotPrepared
	}
	if _, err := b.js.Stream(ctx, StreamIn); err != nil {
		return fmt.Errorf("stream %s: %w", StreamIn, err)
	}
	return nil
}

// ReadyFor is [Bus.Ready] and that the durable exists.
func (b *Bus) ReadyFor(ctx context.Context, d Durable) error {
	if err := b.Ready(ctx); err != nil {
		return err
	}
	if _, err := b.js.Consumer(ctx, d.Stream, d.Name); err != nil {
		return fmt.Errorf("durable %s on %s: %w", d.Name, d.Stream, err)
	}
	return nil
}

// Partitions waits for [Bus.Prepare] and returns into how many partitions the
// streams are divided.
func (b *Bus) Partitions(ctx context.Context) (int, error) {
	select {
	case <-b.prepared:
		return b.partitions, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// PartitionsUntil is [Bus.Partitions] that gives up at a time.
func (b *Bus) PartitionsUntil(ctx context.Context, end time.Time) (int, error) {
	select {
	case <-b.prepared:
		return b.partitions, nil
	default:
	}
	ctx, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	return b.Partitions(ctx)
}

// pause waits for d, or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
