package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/pkg/dead"
)

// deadFilter are the flags that say which letters are meant.
type deadFilter struct {
	dead.Filter

	older, newer moment
}

func (f *deadFilter) flags(command *cobra.Command) {
	flags := command.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.Worker, "worker", "", "those of a worker, such as sender")
	flags.StringVar(&f.Reason, "reason", "", "those with a reason that begins so, such as 45015")
	flags.StringVar(&f.Account, "account", "", "those of an account")
	flags.StringVar(&f.User, "user", "", "those of a user, by OpenID")
	flags.Var(&f.older, "older", "those that died before: how long ago, such as 90m or 3d, or a time")
	flags.Var(&f.newer, "newer", "those that died since")
}

func (f *deadFilter) filter() dead.Filter {
	filter := f.Filter
	filter.Since, filter.Until = f.newer.Time, f.older.Time
	return filter
}

func (f *deadFilter) isZero() bool { return f.filter().IsZero() }

// letters returns the newest most letters that are meant, or all, oldest first.
func (f *deadFilter) letters(ctx context.Context, letters *dead.Letters, most int) (found []*dead.Letter, err error) {
	for l, err := range letters.List(ctx, f.filter()) {
		if err != nil {
			return nil, err
		}
		if most > 0 && len(found) >= 2*most { // keep no more in memory than are shown, or twice that
			found = append(found[:0], found[len(found)-most+1:]...)
		}
		found = append(found, l)
	}
	if most > 0 && len(found) > most {
		found = found[len(found)-most:]
	}
	return found, nil
}

func deadListCommand() *cobra.Command {
	var filter deadFilter
	var limit int
	var asJSON bool
	command := &cobra.Command{
		Use: "list", Short: "list dead letters, newest last",
		Example: "  wxbus dead list --worker sender --newer 2h\n  wxbus dead list --user oia2TjjewbmiOUlr6X-1crbLOvLw --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if limit < 0 {
				return fmt.Errorf("%w: --limit: want 0 or more", errUsage)
			}
			return withLetters(c, func(ctx context.Context, letters *dead.Letters) error {
				found, err := filter.letters(ctx, letters, limit)
				if err != nil {
					return err
				}
				if limit > 0 && len(found) == limit {
					_, _ = fmt.Fprintf(c.ErrOrStderr(), "the newest %d; --limit 0 shows all\n", limit)
				}
				return printLetters(c.OutOrStdout(), found, asJSON)
			})
		},
	}
	filter.flags(command)
	command.Flags().IntVar(&limit, "limit", 100, "show the newest of them only; 0 shows all")
	command.Flags().BoolVar(&asJSON, "json", false, "print a JSON object for each, a line each")
	return command
}

func printLetters(w io.Writer, letters []*dead.Letter, asJSON bool) error {
	if asJSON {
		lines := json.NewEncoder(w)
		lines.SetEscapeHTML(false)
		for _, l := range letters {
			if err := lines.Encode(l); err != nil {
				return err
			}
		}
		return nil
	}
	if len(letters) == 0 {
		_, err := fmt.Fprintln(w, "no dead letters")
		return err
	}
	table := newTable(w, "SEQ", "TIME", "WORKER", "REASON", "ATTEMPTS", "ACCOUNT", "USER", "SUBJECT")
	for _, l := range letters {
		table.row(l.Sequence, clock(l.Time), l.Worker, cut(l.Reason), l.Attempts, l.Account, shortened(l.User), l.Subject)
	}
	return table.Flush()
}

// table is columns for a person.
type table struct{ *tabwriter.Writer }

func newTable(w io.Writer, titles ...any) table {
	t := table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.row(titles...)
	return t
}

func (t table) row(cells ...any) {
	for i, cell := range cells {
		text := printable(fmt.Sprint(cell))
		if text == "" {
			text = "-"
		}
		if i < len(cells)-1 {
			text += "\t"
		}
		_, _ = io.WriteString(t, text)
	}
	_, _ = io.WriteString(t, "\n")
}

func clock(at time.Time) string { return at.Local().Format(time.DateTime) }

// cut shortens a reason to what fits beside the rest.
func cut(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// shortened is enough of an OpenID to tell users apart.
func shortened(user string) string {
	if len(user) > 14 {
		return strings.ToValidUTF8(user[:6]+"…"+user[len(user)-6:], "")
	}
	return user
}

// printable leaves out what would do something to a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
}
