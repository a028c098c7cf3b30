// Command wxbus is for the person who runs wxbus: `wxbus up` runs everything on
// one machine, the other commands are an operator's.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// errUsage says that settings or arguments are wrong: exit status 2.
var errUsage = errors.New("usage")

func main() {
	root := &cobra.Command{
		Use: "wxbus", Short: "wxbus routes the messages of WeChat Official Accounts over NATS JetStream",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w: %w", errUsage, err) })
	root.AddCommand(upCommand(), applyCommand(), deadCommand(), replayCommand(), permissionsCommand(), readyCommand(), simCommand(), rulesCommand())
	if err := root.Execute(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		if errors.Is(err, errUsage) || isUnknownCommand(err) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}
