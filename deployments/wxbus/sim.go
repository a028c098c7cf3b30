package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/deployments/wxbus/up"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

// sim is what the flags of `sim` say.
type sim struct {
	accountFlags

	secret  string
	addr    string
	data    string
	menu    string
	noQuota bool
}

const (
	simAddr = "127.0.0.1:8090"
	simData = ".wxbus/sim"
)

func simCommand() *cobra.Command {
	s := new(sim)
	command := &cobra.Command{
		Use: "sim", Short: "stand where WeChat stands: a chat page and WeChat's API, in front of any server",
		Long: "Serves the chat page and WeChat's API, and pushes what is done in the page to a server at --url, be it\n" +
			"wxbus or any other. The account is that of WECHAT_<ACCOUNT>_APPID, _TOKEN, _AES_KEY, _SECRET and _MODE,\n" +
			"or of the flags. Without any of them one is made up, kept in --data, and printed for the server.",
		Example: "  wxbus sim --url http://127.0.0.1:3000/wx --appid wx1 --token weixin --secret s --mode plain",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return s.run(c.OutOrStdout()) },
	}
	flags := command.Flags()
	flags.SortFlags = false
	s.add(command)
	flags.StringVar(&s.secret, "secret", "", "AppSecret, instead of the setting")
	flags.StringVar(&s.addr, "addr", simAddr, "where the page and the API are served")
	flags.StringVar(&s.data, "data", simData, "folder that keeps chats and the account that is made up; empty keeps no chats")
	flags.StringVar(&s.menu, "menu", "", "JSON file with the account's menu, as menu/create takes it")
	flags.BoolVar(&s.noQuota, "no-quota", false, "let the server send as many answers as it likes, which WeChat does not")
	command.AddCommand(loadCommand(), playCommand())
	return command
}

func (s *sim) run(out io.Writer) error {
	var cfg config.Process
	account, err := s.whole()
	if err == nil {
		err = config.Load(&cfg)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	process.Main("sim", cfg, func(ctx context.Context, host *process.Host) error {
		return s.serve(ctx, account, host, out)
	})
	return nil
}

// whole returns the account with its secret and menu; one that nothing is said
// of is made up.
func (s *sim) whole() (a wxsim.Account, err error) {
	prefix := config.AccountPrefix(s.account)
	if s.appID == "" && os.Getenv(prefix+"_APPID") == "" {
		if err := up.MakeAccounts(s.data, []string{s.account}); err != nil {
			return a, err
		}
	}
	if err := os.Setenv("WECHAT_ACCOUNTS", cmp.Or(os.Getenv("WECHAT_ACCOUNTS"), s.account)); err != nil {
		return a, err
	}
	if a, err = s.complete(); err != nil {
		return a, err
	}
	a.Secret = cmp.Or(s.secret, os.Getenv(prefix+"_SECRET"))
	if s.menu != "" {
		a.Menu, err = os.ReadFile(s.menu)
	}
	return a, err
}

func (s *sim) serve(ctx context.Context, account wxsim.Account, host *process.Host, out io.Writer) error {
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	options := wxsim.Options{
		Accounts: []wxsim.Account{account}, NoQuota: s.noQuota, Log: host.Log, URL: "http://" + listener.Addr().String(),
	}
	if s.data != "" {
		options.File = s.data + "/simulator.json"
	}
	platform, err := wxsim.New(options)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	host.Health.Add("simulator", func(context.Context) error { return nil })
	web := &http.Server{Handler: platform.Handler(), ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { platform.Close(); _ = web.Close() })()
	_, _ = io.WriteString(out, s.greeting(account, listener.Addr().String()))
	if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	platform.Close()
	return nil
}

// greeting says what the server needs. What was made up is no secret of
// anybody: it opens this simulator alone.
func (s *sim) greeting(a wxsim.Account, addr string) string {
	var text strings.Builder
	line := func(what, value string) { _, _ = fmt.Fprintf(&text, "  %-15s %s\n", what, value) }
	text.WriteString("\nthe simulator is up\n")
	line("chat page", "http://"+addr+"/")
	line("pushes to", a.URL)
	line("WeChat's API", "http://"+addr+"   in place of https://api.weixin.qq.com; for wxbus WECHAT_API_URL")
	line("AppID", a.AppID)
	line("credentials", "as set, or as in "+s.data+"/accounts.json")
	text.WriteString("  Ctrl-C stops; the next start goes on.\n\n")
	return text.String()
}
