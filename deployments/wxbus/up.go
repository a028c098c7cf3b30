package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/deployments/wxbus/up"
	"github.com/wxbus/wxbus/pkg/process"
)

// upFlags are short ways to say what settings can say, too.
type upFlags struct {
	reset    bool
	port     int
	accounts []string
}

func upCommand() *cobra.Command {
	f := new(upFlags)
	command := &cobra.Command{
		Use: "up", Short: "run everything in one process: NATS, ingress, sender, autoreply and, without an account, WeChat",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return f.run() },
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.reset, "reset", false, "begin anew: remove chats, messages and credentials of WXBUS_DATA first")
	flags.IntVar(&f.port, "port", 0, "port of the chat page, in place of SIM_ADDR")
	flags.StringSliceVar(&f.accounts, "account", nil, "names of the accounts, in place of WECHAT_ACCOUNTS")
	command.SetHelpFunc(func(c *cobra.Command, _ []string) {
		_, _ = fmt.Fprintf(c.OutOrStdout(), "wxbus up: %s\n\n%s\n%s", c.Short, c.Flags().FlagUsages(), up.Usage())
	})
	return command
}

func (f *upFlags) run() error {
	if err := f.set(); err != nil {
		return err
	}
	if f.reset {
		if err := up.Reset(); err != nil {
			return err
		}
	}
	cfg, err := up.Load()
	if errors.Is(err, up.ErrData) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w: %s", errUsage, up.Faults(err))
	}
	process.Main("up", cfg.Door.Process, func(ctx context.Context, host *process.Host) error {
		return up.Run(ctx, cfg, host, os.Stdout)
	})
	return nil
}

// set puts what the flags say where settings are looked for.
func (f *upFlags) set() error {
	if f.port < 0 || f.port > 65535 {
		return fmt.Errorf("%w: --port: %d is not a port", errUsage, f.port)
	}
	var errs []error
	if f.port > 0 {
		errs = append(errs, os.Setenv("SIM_ADDR", net.JoinHostPort("127.0.0.1", strconv.Itoa(f.port))))
	}
	if len(f.accounts) > 0 {
		errs = append(errs, os.Setenv("WECHAT_ACCOUNTS", strings.Join(f.accounts, ",")))
	}
	return errors.Join(errs...)
}
