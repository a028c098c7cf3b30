package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/wxsim"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// serving are the settings of `sim serve`: an account's are those of both
// programs that know it.
type serving struct {
	config.Process
	Addr    config.Addr `envconfig:"SIM_ADDR" default:"127.0.0.1:8090" desc:"where the simulator serves its chat page and WeChat's API"`
	Pushed  config.Accounts[door.Account]
	Calling config.Accounts[delivery.Account]

	ingress string // its address, with http:// or https://
	file    string
	noQuota bool
}

func serveCommand() *cobra.Command {
	var s serving
	command := &cobra.Command{
		Use: "serve", Short: "serve the chat page and WeChat's API beside an ingress and a sender",
		Long: "Stands where WeChat stands for an ingress and a sender that run elsewhere, such as in a test cluster:\n" +
			"it pushes to the ingress what is written on its chat page, and takes the sender's calls on SIM_ADDR,\n" +
			"where WECHAT_API_URL points. It finds the accounts in the same variables as both of them. Anybody who\n" +
			"reaches the page can write as any user: it is for tests.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := config.Load(&s); err != nil {
				return fmt.Errorf("%w: settings:\n%w", errUsage, err)
			}
			process.Main("simulator", s.Process, s.run)
			return nil
		},
	}
	command.Flags().StringVar(&s.ingress, "ingress", "http://127.0.0.1:8080", "where the ingress is")
	command.Flags().StringVar(&s.file, "file", "", "file that keeps users and chats across restarts (default nothing is kept)")
	command.Flags().BoolVar(&s.noQuota, "no-quota", false, "let the sender send as much as it likes")
	return command
}

// readyCommand is [config.ReadyFlag] for a program that has commands.
func readyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "ready", Short: "ask the process whose admin port is ADMIN_ADDR whether it is ready",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if process.AskReady(os.Getenv("ADMIN_ADDR"), c.OutOrStdout()) != 0 {
				return errors.New("not ready")
			}
			return nil
		},
	}
}

func (s *serving) run(ctx context.Context, host *process.Host) error {
	platform, err := wxsim.New(wxsim.Options{Accounts: s.accounts(), File: s.file, NoQuota: s.noQuota, Log: host.Log})
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	defer platform.Close()
	listener, err := net.Listen("tcp", string(s.Addr))
	if err != nil {
		return fmt.Errorf("SIM_ADDR: %w", err)
	}
	host.Health.Add("simulator", func(context.Context) error { return nil })
	host.Log.Info("serving", "addr", listener.Addr().String(), "ingress", s.ingress)
	web := &http.Server{Handler: platform.Handler(), ReadHeaderTimeout: 5 * time.Second}
	closed := context.AfterFunc(ctx, func() { _ = web.Close() })
	defer closed()
	if err := web.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}

func (s *serving) accounts() (accounts []wxsim.Account) {
	for _, name := range s.Pushed.Names() {
		settings := s.Pushed[name]
		accounts = append(accounts, wxsim.Account{
			Name: name, AppID: settings.AppID, Token: first(settings.Token), AESKey: first(settings.AESKey),
			Mode: wxsim.Mode(settings.Mode), Secret: s.Calling[name].Secret.Reveal(),
			URL: strings.TrimRight(s.ingress, "/") + "/wechat/" + name,
		})
	}
	return accounts
}
