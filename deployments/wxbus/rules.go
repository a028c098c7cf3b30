package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/workers/autoreply/rules"
)

func rulesCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "rules", Short: "look at the rules of autoreply",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.AddCommand(&cobra.Command{
		Use: "check FILE...", Short: "say what is wrong with files of rules, each fault with its line",
		Long:    "Checks files of rules as autoreply does when it starts. Exit status 1 says that there is a fault.",
		Example: "  wxbus rules check my.yaml",
		Args:    someFiles,
		RunE:    checkRules,
	})
	return command
}

func checkRules(c *cobra.Command, files []string) error {
	faulty := 0
	for _, file := range files {
		loaded, err := rules.Load(file)
		if err != nil {
			faulty++
			_, _ = fmt.Fprintln(c.OutOrStdout(), err)
			continue
		}
		_, _ = fmt.Fprintf(c.OutOrStdout(), "%s: %d rules, no fault\n", file, loaded.Len())
	}
	if faulty > 0 {
		return fmt.Errorf("%d of %d files have a fault", faulty, len(files))
	}
	return nil
}

// someFiles wants the names of files.
func someFiles(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("%w: name a file, or several", errUsage)
	}
	return nil
}
