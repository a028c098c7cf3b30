package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/pkg/dead"
)

// showing is what the flags of `dead show` say.
type showing struct{ json, raw bool }

func deadShowCommand() *cobra.Command {
	var s showing
	command := &cobra.Command{
		Use: "show SEQ ...", Short: "show dead letters with their headers and bodies",
		Example: "  wxbus dead show 17\n  wxbus dead show --json 17 18\n  wxbus dead show --raw 17 > body.json",
		RunE:    s.run,
	}
	command.Flags().BoolVar(&s.json, "json", false, "print a JSON object for each, a line each")
	command.Flags().BoolVar(&s.raw, "raw", false, "print the body alone, byte for byte")
	return command
}

func (s *showing) run(c *cobra.Command, args []string) error {
	sequences, err := sequencesOf(args)
	switch {
	case err != nil:
		return err
	case len(sequences) == 0:
		return fmt.Errorf("%w: want numbers of dead letters, as wxbus dead list shows them", errUsage)
	case s.json && s.raw:
		return fmt.Errorf("%w: --json or --raw, not both", errUsage)
	}
	return withLetters(c, func(ctx context.Context, letters *dead.Letters) error {
		for _, sequence := range sequences {
			l, err := letters.Show(ctx, sequence)
			if err == nil {
				err = s.print(c.OutOrStdout(), l)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *showing) print(w io.Writer, l *dead.Letter) error {
	switch {
	case s.json:
		return showJSON(w, l)
	case s.raw:
		_, err := w.Write(l.Body)
		return err
	}
	return showText(w, l)
}

// showJSON prints the body as JSON where it is, else in base64.
func showJSON(w io.Writer, l *dead.Letter) error {
	whole := struct {
		*dead.Letter

		Headers map[string][]string `json:"headers"`
		Body    json.RawMessage     `json:"body,omitempty"`
		Bytes   []byte              `json:"body_base64,omitempty"`
	}{Letter: l, Headers: l.Header}
	if json.Valid(l.Body) {
		whole.Body = l.Body
	} else {
		whole.Bytes = l.Body
	}
	line := json.NewEncoder(w)
	line.SetEscapeHTML(false)
	return line.Encode(whole)
}

// showText is for a person: nothing that somebody has sent does anything to the
// terminal.
func showText(w io.Writer, l *dead.Letter) error {
	var text strings.Builder
	fmt.Fprintf(&text, "dead letter %d of %s, %s\n", l.Sequence, l.Worker, clock(l.Time))
	fmt.Fprintf(&text, "  %s\n", printable(strings.TrimSuffix(l.Reason+": "+l.Detail, ": ")))
	for _, name := range slices.Sorted(maps.Keys(l.Header)) {
		for _, value := range l.Header[name] {
			fmt.Fprintf(&text, "  %s: %s\n", printable(name), printable(value))
		}
	}
	fmt.Fprintf(&text, "%s\n", readable(l.Body))
	_, err := io.WriteString(w, text.String())
	return err
}

func readable(body []byte) string {
	var indented bytes.Buffer
	if json.Indent(&indented, body, "", "  ") != nil {
		return strconv.Quote(string(body))
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		if printable(string(r)) == "" {
			return '\uFFFD'
		}
		return r
	}, indented.String())
}
