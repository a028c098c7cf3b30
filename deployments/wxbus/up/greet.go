package up

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/process"
)

const readyPoll = 10 * time.Millisecond

// greeting says where everything is, in one block.
type greeting struct {
	cfg   *Config
	nats  string // URL
	doors *doors
}

// greet waits until everything is ready and says where to look.
func greet(ctx context.Context, out io.Writer, g greeting, health *process.Health) {
	for health.Ready(ctx) != nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(readyPoll):
		}
	}
	_, _ = io.WriteString(out, g.text(isTerminal(out)))
}

// text is the block. Secrets stand in it only for who reads it on a terminal:
// anywhere else it may be kept.
func (g greeting) text(secrets bool) string {
	var text strings.Builder
	line := func(what, where string) { _, _ = fmt.Fprintf(&text, "  %-13s %s\n", what, where) }
	text.WriteString("\nwxbus is up\n")
	if g.cfg.simulated {
		line("chat page", "http://"+reachable(g.doors.page.Addr().String())+"/")
	}
	for _, name := range g.cfg.Door.Accounts.Names() {
		line("server URL", g.cfg.Door.ServerURL(reachable(g.doors.pushes.Addr().String()), name))
	}
	line("NATS", g.nats+"   subjects wechat.in.>  wechat.out.>  wechat.dead.>")
	if whole, err := filepath.Abs(g.cfg.Data); err == nil {
		line("data", whole)
	}
	line("rules", g.cfg.rulesFile())
	for _, moved := range g.moved() {
		line("note", moved)
	}
	if !g.cfg.simulated {
		g.console(&text, secrets)
	}
	text.WriteString("  Ctrl-C stops; the next start goes on.\n\n")
	return text.String()
}

// moved is what is not where it usually is.
func (g greeting) moved() []string {
	_, usual, _ := net.SplitHostPort(natsDefault)
	if g.cfg.NATSAddr != "" || strings.HasSuffix(g.nats, ":"+usual) {
		return g.doors.moved
	}
	return append(g.doors.moved, fmt.Sprintf("port %s is taken: NATS_ADDR=%s sets another one for NATS; other commands need NATS_URL=%s", usual, natsDefault, g.nats))
}

// console writes what is to be pasted into WeChat's console, 设置与开发 ›
// 开发接口管理 › 服务器配置.
func (g greeting) console(text *strings.Builder, secrets bool) {
	modes := map[string]string{"plain": "明文模式", "compat": "兼容模式", "safe": "安全模式"}
	for _, name := range g.cfg.Door.Accounts.Names() {
		a := g.cfg.Door.Accounts[name]
		path := g.cfg.Door.ServerURL("", name)
		path = path[strings.Index(path, "//")+2:]
		_, _ = fmt.Fprintf(text, "\n  for WeChat's console (公众平台 › 设置与开发 › 开发接口管理 › 服务器配置), account %s:\n", name)
		line := func(what, value string) { _, _ = fmt.Fprintf(text, "    %-30s %s\n", what, value) }
		line("服务器地址 (URL)", "https://YOUR.DOMAIN"+path)
		line("令牌 (Token)", shown(a.Token.List(), "TOKEN", secrets))
		line("消息加解密密钥 (EncodingAESKey)", shown(a.AESKey.List(), "AES_KEY", secrets))
		line("消息加解密方式", modes[g.cfg.mode(name)])
	}
	text.WriteString("    YOUR.DOMAIN passes on to the server URL above; README: Put it on the web\n\n")
}

// shown is the newest value of a secret, or where it is.
func shown(values []string, setting string, secrets bool) string {
	switch {
	case len(values) == 0:
		return "(none: 明文模式)"
	case secrets:
		return values[0]
	}
	return "as in the setting " + setting
}

// mode returns how an account's pushes are protected.
func (c *Config) mode(name string) string {
	a := c.Door.Accounts[name]
	switch {
	case a.Mode != "":
		return a.Mode
	case len(a.AESKey.List()) > 0:
		return "safe"
	}
	return "plain"
}

// rulesFile is where autoreply has its rules from.
func (c *Config) rulesFile() string {
	if c.Rules == "" {
		return "the example; AUTOREPLY_RULES=my.yaml sets your own"
	}
	return string(c.Rules) + "   read again when it changes"
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
