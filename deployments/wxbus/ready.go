package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/pkg/process"
)

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
