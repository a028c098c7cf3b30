package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/route"
	"github.com/wxbus/wxbus/pkg/wechat"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/workers/autoreply/rules"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// isUnknownCommand recognises cobra's complaint, which has no type.
func isUnknownCommand(err error) bool {
	return strings.HasPrefix(err.Error(), "unknown command")
}

const applyTimeout = time.Minute

func applyCommand() *cobra.Command {
	var dryRun bool
	var workers, ordered, whole []string
	var attempts map[string]int
	command := &cobra.Command{
		Use: "apply", Short: "create or update the streams, buckets and durables on NATS_URL",
		Long: "Creates or updates the streams, buckets and durables of wxbus on NATS_URL: the sender's,\n" +
			"autoreply's (for the rules in AUTOREPLY_RULES; without, one that exists stays as it is) and\n" +
			"those of --worker.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			durables, err := durablesOf(workers)
			if err == nil {
				err = errors.Join(
					mark(durables, "--ordered", ordered, func(d *bus.Durable) { d.Ordered = true }),
					mark(durables, "--all", whole, func(d *bus.Durable) { d.All = true }),
					limit(durables, attempts),
				)
			}
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			return apply(c, durables, dryRun)
		},
	}
	command.Flags().BoolVar(&dryRun, "dry-run", false, "print what would be done and do nothing")
	command.Flags().StringArrayVar(&workers, "worker", nil,
		"a worker of your own and what it handles, such as --worker greeter=text,event.subscribe")
	command.Flags().StringSliceVar(&ordered, "ordered", nil,
		"workers that run with WORKER_ORDER=user or SENDER_ORDER=user, such as --ordered sender,greeter")
	command.Flags().StringSliceVar(&whole, "all", nil,
		"workers that run with WORKER_START=all: one that has never run begins with all that is stored")
	command.Flags().StringToIntVar(&attempts, "attempts", nil,
		"for workers that do not count attempts themselves, as those in Go do: how often a message is delivered\n"+
			"before it becomes a dead letter, such as --attempts greeter=20 (default 5000)")
	return command
}

func apply(c *cobra.Command, durables []bus.Durable, dryRun bool) error {
	var cfg config.Common
	if err := config.Load(&cfg); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	b, err := bus.Connect("apply", cfg.NATS, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer b.Close()
	ctx, cancel := context.WithTimeout(c.Context(), applyTimeout)
	defer cancel()
	lines, err := b.Apply(ctx, durables, dryRun)
	for _, line := range lines {
		_, _ = fmt.Fprintln(c.OutOrStdout(), line)
	}
	if err == nil && len(lines) == 0 {
		_, _ = fmt.Fprintln(c.OutOrStdout(), "nothing to do")
	}
	return err
}

// durablesOf returns the durables of the shipped workers and of those named
// as name=kind,kind.
func durablesOf(workers []string) ([]bus.Durable, error) {
	answering, err := autoreply(os.Getenv("AUTOREPLY_RULES"))
	if err != nil {
		return nil, fmt.Errorf("AUTOREPLY_RULES: %w", err)
	}
	durables := []bus.Durable{delivery.Durable(), worker.Collector(), answering}
	for _, text := range workers {
		name, kinds, ok := strings.Cut(text, "=")
		if !ok || name == "" || kinds == "" {
			return nil, errors.New("--worker: want name=kind,kind, such as greeter=text,event.subscribe")
		}
		var list []wechat.Kind
		for kind := range strings.SplitSeq(kinds, ",") {
			list = append(list, wechat.Kind(strings.TrimSpace(kind)))
		}
		durables = append(durables, durable(name, list))
	}
	return durables, nil
}

// limit sets how often the messages of workers are delivered.
func limit(durables []bus.Durable, attempts map[string]int) error {
	for name, most := range attempts {
		i := slices.IndexFunc(durables, func(d bus.Durable) bool { return d.Name == name && d.Stream == bus.StreamIn })
		if i < 0 {
			return fmt.Errorf("--attempts: there is no worker %q; want autoreply or one of --worker", name)
		}
		if most < 1 {
			return fmt.Errorf("--attempts: %s: want 1 or more", name)
		}
		durables[i].MaxDeliver = most
	}
	return nil
}

// mark changes those durables whose workers a flag names.
func mark(durables []bus.Durable, flag string, names []string, change func(*bus.Durable)) error {
	var known []string
	for i := range durables {
		if known = append(known, durables[i].Name); slices.Contains(names, durables[i].Name) {
			change(&durables[i])
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s: there is no worker %q; want some of %s", flag, name, strings.Join(known, ", "))
		}
	}
	return nil
}

// autoreply returns the durable for the rules in a file, or for the example's.
func autoreply(file string) (bus.Durable, error) {
	if file == "" {
		d := durable(rules.Name, rules.Example().Kinds())
		d.KeepFilters = true
		return d, nil
	}
	loaded, err := rules.Load(file)
	if err != nil {
		return bus.Durable{}, err
	}
	return durable(rules.Name, loaded.Kinds()), nil
}

func durable(name string, kinds []wechat.Kind) bus.Durable {
	return bus.Durable{Name: name, Stream: bus.StreamIn, Filters: route.Filters(name, kinds)}
}
