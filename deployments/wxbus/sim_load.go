package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/pkg/wxsim"
)

// load is what the flags of `sim load` say.
type load struct {
	wxsim.Load
	accountFlags

	json bool
}

const defaultDuration = 10 * time.Second

func loadCommand() *cobra.Command {
	var l load
	command := &cobra.Command{
		Use: "load", Short: "push as much as the ingress takes, and measure",
		Long: "Pushes messages to an ingress as WeChat does, each with a MsgId of its own, signed and encrypted\n" +
			"afresh, and says how many it took and how long each was under way. They are stored and handled as\n" +
			"any other. The account is that of WECHAT_<ACCOUNT>_APPID, _TOKEN, _AES_KEY and _MODE, or of the flags.",
		Example: "  wxbus sim load --connections 256 --duration 30s\n  wxbus sim load --rate 200 --kind mix --json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return l.run(c) },
	}
	flags := command.Flags()
	flags.SortFlags = false
	l.add(command)
	flags.IntVar(&l.Connections, "connections", 64, "connections, each with one push under way")
	flags.DurationVar(&l.Duration, "duration", 0, "how long to push (default 10s without --count)")
	flags.IntVar(&l.Count, "count", 0, "how many messages to push (default as many as there is time for)")
	flags.Float64Var(&l.Rate, "rate", 0, "pushes per second, whether they are answered or not (default as fast as they are answered)")
	flags.StringVar(&l.Kind, "kind", wxsim.LoadTexts, "text, event or mix")
	flags.IntVar(&l.Size, "size", 300, "bytes of a text message")
	flags.BoolVar(&l.JSON, "json-push", false, "push JSON instead of XML")
	flags.IntVar(&l.Users, "users", 1000, "how many users write")
	flags.IntVar(&l.Tries, "tries", 1, "deliveries of a push that is not answered; WeChat makes 3")
	flags.BoolVar(&l.json, "json", false, "print the result as JSON, times in nanoseconds")
	return command
}

func (l *load) run(c *cobra.Command) error {
	if l.Count == 0 && l.Duration == 0 {
		l.Duration = defaultDuration
	}
	account, err := l.complete()
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	l.Account = account
	report, err := l.Run(c.Context())
	if errors.Is(err, wxsim.ErrLoad) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if report.Pushes > 0 {
		err = errors.Join(l.print(c.OutOrStdout(), report), err)
	}
	if failed := report.Pushes - report.Accepted; err == nil && failed > 0 {
		return fmt.Errorf("%d of %d pushes were not accepted", failed, report.Pushes)
	}
	return err
}

func (l *load) print(w io.Writer, report wxsim.LoadReport) error {
	if l.json {
		return json.NewEncoder(w).Encode(report)
	}
	_, err := fmt.Fprint(w, report)
	return err
}
