package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/dead"
	"github.com/wxbus/wxbus/pkg/process"
)

func deadCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "dead", Short: "list, show, put back or drop dead letters on NATS_URL",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.AddCommand(deadListCommand(), deadShowCommand(), deadRetryCommand(), deadDropCommand())
	return command
}

// withLetters runs an operator's work on the dead letters until it ends or a
// signal comes.
func withLetters(c *cobra.Command, work func(ctx context.Context, letters *dead.Letters) error) error {
	return withBus(c, func(ctx context.Context, b *bus.Bus) error { return work(ctx, dead.On(b)) })
}

func withBus(c *cobra.Command, work func(ctx context.Context, b *bus.Bus) error) error {
	ctx, stop := process.UntilSignal(context.Background())
	defer stop()
	b, err := connect(ctx, c.Name())
	if err != nil {
		return err
	}
	defer b.Close()
	return work(ctx, b)
}

func sequencesOf(args []string) ([]uint64, error) {
	sequences := make([]uint64, len(args))
	for i, arg := range args {
		n, err := strconv.ParseUint(arg, 10, 64)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("%w: %q is not the number of a dead letter, as wxbus dead list shows it", errUsage, arg)
		}
		sequences[i] = n
	}
	return sequences, nil
}

// choice is which letters a command that changes something is for: those of the
// arguments, those of the filter, or all.
type choice struct {
	filter deadFilter
	all    bool
	dryRun bool
	speed  speed
	json   bool
}

func (o *choice) flags(command *cobra.Command) {
	o.speed = newSpeed()
	o.filter.flags(command)
	flags := command.Flags()
	flags.BoolVar(&o.all, "all", false, "all dead letters there are")
	flags.BoolVar(&o.dryRun, "dry-run", false, "list those that are meant and do nothing")
	flags.Var(&o.speed, "rate", "how many a second or a minute, such as 10/m; 0 is as fast as it goes")
	flags.BoolVar(&o.json, "json", false, "print a JSON object for each, a line each")
}

var errChoice = errors.New("say which: numbers of dead letters, filters, or --all")

// check refuses what could mean two things.
func (o *choice) check(args []string) error {
	ways := 0
	for _, chosen := range []bool{len(args) > 0, !o.filter.isZero(), o.all} {
		if chosen {
			ways++
		}
	}
	if ways != 1 {
		return fmt.Errorf("%w: %w", errUsage, errChoice)
	}
	return nil
}

// chosen returns the letters that are meant.
func (o *choice) chosen(ctx context.Context, letters *dead.Letters, sequences []uint64) (found []*dead.Letter, err error) {
	for _, sequence := range sequences {
		l, err := letters.Show(ctx, sequence)
		if err != nil {
			return nil, err
		}
		found = append(found, l)
	}
	if len(sequences) > 0 {
		return found, nil
	}
	return o.filter.letters(ctx, letters, 0)
}

// sequences returns the numbers of those letters.
func (o *choice) sequences(ctx context.Context, letters *dead.Letters, given []uint64) (found []uint64, err error) {
	if len(given) > 0 {
		return given, nil
	}
	for l, err := range letters.List(ctx, o.filter.filter()) {
		if err != nil {
			return nil, err
		}
		found = append(found, l.Sequence)
	}
	return found, nil
}

// run does something to the letters that are meant.
func (o *choice) run(c *cobra.Command, args []string, done string, do func(context.Context, *dead.Letters, uint64) (string, error)) error {
	given, err := sequencesOf(args)
	if err == nil {
		err = o.check(args)
	}
	if err != nil {
		return err
	}
	return withLetters(c, func(ctx context.Context, letters *dead.Letters) error {
		if o.dryRun {
			found, err := o.chosen(ctx, letters, given)
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintf(c.ErrOrStderr(), "would be %s: %d\n", done, len(found))
			return printLetters(c.OutOrStdout(), found, o.json)
		}
		sequences, err := o.sequences(ctx, letters, given)
		if err != nil {
			return err
		}
		work := newBatch(c, done, o.speed.limit, o.json)
		if len(given) == 0 {
			work.gone = dead.ErrGone
		}
		work.do = func(ctx context.Context, sequence uint64) (string, error) { return do(ctx, letters, sequence) }
		return work.run(ctx, sequences)
	})
}

func deadRetryCommand() *cobra.Command {
	var o choice
	command := &cobra.Command{
		Use: "retry [SEQ ...]", Short: "have the messages of dead letters handled once more, and take the letters away",
		Long: "Puts messages back for the worker that gave them up, and for no other; replies go back to the sender.\n" +
			"A letter is taken away once its message is stored. Interrupted and run again, it goes on with those\n" +
			"that are left. What became of the last one before a kill is not stored twice within five minutes, a\n" +
			"reply within an hour.",
		Example: "  wxbus dead retry 17 18\n  wxbus dead retry --worker greeter --reason \"attempts used up\" --newer 2h\n  wxbus dead retry --all --dry-run",
		RunE: func(c *cobra.Command, args []string) error {
			return o.run(c, args, "put back", func(ctx context.Context, letters *dead.Letters, sequence uint64) (string, error) {
				return letters.Retry(ctx, sequence)
			})
		},
	}
	o.flags(command)
	return command
}

func deadDropCommand() *cobra.Command {
	var o choice
	command := &cobra.Command{
		Use: "drop [SEQ ...]", Short: "take dead letters away for good",
		Example: "  wxbus dead drop 17 18\n  wxbus dead drop --worker sender --reason 45015 --older 7d",
		RunE: func(c *cobra.Command, args []string) error {
			return o.run(c, args, "dropped", func(ctx context.Context, letters *dead.Letters, sequence uint64) (string, error) {
				return "", letters.Drop(ctx, sequence)
			})
		},
	}
	o.flags(command)
	return command
}
