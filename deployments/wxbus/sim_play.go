package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

func playCommand() *cobra.Command {
	var address string
	var quiet bool
	command := &cobra.Command{
		Use: "play FILE...", Short: "have conversations again that were written down, and check the answers",
		Long: "Plays scenarios through a simulator that runs: that of `wxbus up` or of `wxbus sim`. Exit status 1 says that an\n" +
			"answer was not as expected or did not come, 2 that a file is no scenario. The page saves chats as scenarios.",
		Example: "  wxbus sim play welcome.yaml orders.yaml",
		Args:    someFiles,
		RunE: func(c *cobra.Command, files []string) error {
			say := func(line string) { _, _ = fmt.Fprintln(c.OutOrStdout(), line) }
			if quiet {
				say = func(string) {}
			}
			return play(files, address, say)
		},
	}
	command.Flags().StringVar(&address, "sim", "http://"+simAddr, "where the simulator serves its page")
	command.Flags().BoolVar(&quiet, "quiet", false, "print nothing but what is not as expected")
	return command
}

// play reads all files before it plays the first one.
func play(files []string, address string, say func(string)) error {
	scenarios := make([]*wxsim.Scenario, len(files))
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err == nil {
			scenarios[i], err = wxsim.ReadScenario(data)
		}
		if err != nil {
			return fmt.Errorf("%w: %s: %w", errUsage, file, err)
		}
		scenarios[i].Files = os.DirFS(filepath.Dir(file))
	}
	ctx, stop := process.UntilSignal(context.Background())
	defer stop()
	for i, s := range scenarios {
		say(files[i])
		if err := s.Play(ctx, address, func(line string) { say("  " + line) }); err != nil {
			return fmt.Errorf("%s: %w", files[i], err)
		}
	}
	return nil
}
