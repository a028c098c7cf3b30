package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/replay"
	"github.com/wxbus/wxbus/pkg/wechat"
)

// replaying is what the flags of `replay` say.
type replaying struct {
	replay.Replay

	since, from, to moment
	filters         []string
	dryRun, json    bool
	speed           speed
}

func replayCommand() *cobra.Command {
	r := replaying{speed: newSpeed()}
	command := &cobra.Command{
		Use: "replay", Short: "have a worker handle stored pushes once more, without replies unless --live",
		Long: "Has one worker, and no other, handle pushes once more that WECHAT_IN holds, of the last 72 hours:\n" +
			"after a fault in it was mended, or to try a new version. A worker in Go publishes none of its replies,\n" +
			"and logs and counts them, unless --live; then they are sent, also to users who had an answer before.\n" +
			"Only pushes of kinds that the worker listens to are replayed.",
		Example: "  wxbus replay --worker autoreply --since 2h --dry-run\n" +
			"  wxbus replay --worker autoreply --since 2h --filter kind=text --filter account=main\n" +
			"  wxbus replay --worker greeter --from \"2026-11-26 09:00\" --to \"2026-11-26 10:30\" --live --rate 10/s",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := r.complete(); err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			return withBus(c, func(ctx context.Context, b *bus.Bus) error { return r.run(ctx, c, b) })
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.StringVar(&r.Worker, "worker", "", "who handles them (required)")
	flags.Var(&r.since, "since", "pushes stored since: how long ago, such as 90m or 2d, or a time")
	flags.Var(&r.from, "from", "the same, with --to")
	flags.Var(&r.to, "to", "pushes stored before (default now)")
	flags.StringArrayVar(&r.filters, "filter", nil,
		"only some: kind=text, kind=event.>, account=main or user=<OpenID>; several kinds are any of them")
	flags.BoolVar(&r.Live, "live", false, "have the replies sent")
	flags.StringVar(&r.ID, "id", "", "name of the replay (default a new one): run again under the same name, a push is\n"+
		"not replayed twice within five minutes, nor answered twice within an hour")
	flags.BoolVar(&r.dryRun, "dry-run", false, "list the pushes that are meant and do nothing")
	flags.Var(&r.speed, "rate", "how many a second or a minute, such as 10/m; 0 is as fast as it goes")
	flags.BoolVar(&r.json, "json", false, "print a JSON object for each, a line each")
	return command
}

// complete makes a replay of the flags.
func (r *replaying) complete() error {
	switch {
	case r.Worker == "":
		return errors.New("--worker is missing")
	case r.since.IsZero() == r.from.IsZero():
		return errors.New("want --since or --from")
	}
	r.Since, r.Until = r.since.Time, r.to.Time
	if r.since.IsZero() {
		r.Since = r.from.Time
	}
	if !r.Until.IsZero() && !r.Since.Before(r.Until) {
		return errors.New("--to is not after --from")
	}
	if r.ID == "" {
		r.ID = replay.NewID()
	}
	for _, filter := range r.filters {
		name, value, _ := strings.Cut(filter, "=")
		if err := r.narrow(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (r *replaying) narrow(name, value string) error {
	field := map[string]*string{"account": &r.Account, "user": &r.User}[name]
	switch {
	case value != "" && name == "kind":
		r.Kinds = append(r.Kinds, wechat.Kind(value))
	case value != "" && field != nil && *field == "":
		*field = value
	default:
		return errors.New("--filter: want kind=…, account=… or user=…, the latter two once")
	}
	return nil
}

func (r *replaying) run(ctx context.Context, c *cobra.Command, b *bus.Bus) error {
	if r.dryRun {
		return r.list(ctx, c, b)
	}
	var sequences []uint64
	for push, err := range r.Pushes(ctx, b) {
		if err != nil {
			return err
		}
		sequences = append(sequences, push.Sequence)
	}
	replies := "are suppressed; --live sends them"
	if r.Live {
		replies = "are sent"
	}
	_, _ = fmt.Fprintf(c.ErrOrStderr(), "replay %s: %d pushes for %s; replies %s\n", r.ID, len(sequences), r.Worker, replies)
	work := newBatch(c, "replayed", r.speed.limit, r.json)
	work.gone = bus.ErrNoRecord
	work.do = func(ctx context.Context, sequence uint64) (string, error) { return r.Put(ctx, b, sequence) }
	return work.run(ctx, sequences)
}

// list prints the pushes that are meant.
func (r *replaying) list(ctx context.Context, c *cobra.Command, b *bus.Bus) error {
	out := c.OutOrStdout()
	lines := json.NewEncoder(out)
	pushes := newTable(io.Discard)
	if !r.json {
		pushes = newTable(out, "SEQ", "TIME", "ACCOUNT", "USER", "KIND")
	}
	found := 0
	for p, err := range r.Pushes(ctx, b) {
		if err != nil {
			return err
		}
		if found++; r.json {
			_ = lines.Encode(p)
		}
		pushes.row(p.Sequence, clock(p.Time), p.Account, shortened(p.User), p.Kind)
	}
	_, _ = fmt.Fprintf(c.ErrOrStderr(), "would be replayed: %d\n", found)
	return pushes.Flush()
}
