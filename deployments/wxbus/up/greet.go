package up

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/wxbus/wxbus/pkg/process"
)

const readyPoll = 20 * time.Millisecond

// greet waits until everything is ready and says where to look.
func greet(ctx context.Context, out io.Writer, cfg *Config, nats *server.Server, pushes net.Addr, health *process.Health) {
	for health.Ready(ctx) != nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(readyPoll):
		}
	}
	var text strings.Builder
	line := func(what, where string) { _, _ = fmt.Fprintf(&text, "  %-13s %s\n", what, where) }
	text.WriteString("\nwxbus is up\n")
	if cfg.simulated {
		line("chat page", "http://"+reachable(string(cfg.SimAddr))+"/")
	}
	for _, name := range cfg.Door.Accounts.Names() {
		line("server URL", cfg.Door.ServerURL(reachable(pushes.String()), name))
	}
	line("NATS", nats.ClientURL()+"   subjects wechat.in.>  wechat.out.>  wechat.dead.>")
	if whole, err := filepath.Abs(cfg.Data); err == nil {
		line("data", whole)
	}
	text.WriteString("  Ctrl-C stops; the next start goes on.\n\n")
	_, _ = io.WriteString(out, text.String())
}
