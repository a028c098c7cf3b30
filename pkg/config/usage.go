package config

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"text/tabwriter"
)

// Row is one line of a program's table of settings.
type Row struct {
	Name, Type, Default string
	Required            bool
	Desc                string
}

// Rows lists the settings of spec, a pointer to a struct, in its order.
func Rows(spec any) []Row { return structRows("", reflect.ValueOf(spec).Elem()) }

func structRows(prefix string, v reflect.Value) (rows []Row) {
	for field, value := range settings(v) {
		if s, ok := reflect.TypeAssert[section](value.Addr()); ok {
			rows = append(rows, s.rows()...)
		} else if field.Type.Kind() == reflect.Struct {
			rows = append(rows, structRows(prefix, value)...)
		} else {
			rows = append(rows, Row{
				Name: variable(prefix, field), Type: typeName(field.Type),
				Default:  field.Tag.Get("default"),
				Required: field.Tag.Get("required") == "true",
				Desc:     field.Tag.Get("desc"),
			})
		}
	}
	return rows
}

func typeName(t reflect.Type) string {
	switch t.String() {
	case "int", "int64":
		return "Number"
	case "bool":
		return "true or false"
	case "string":
		return "Text"
	case "time.Duration", "config.Secret", "config.File":
		return t.Name()
	case "config.Addr":
		return "Address"
	case "config.Bytes":
		return "Size"
	}
	if t.Kind() == reflect.Slice { // whatever it holds, it is written with commas
		return "List"
	}
	return "Word" // one of those that the meaning names
}

// Usage prints a table of settings.
func Usage(w io.Writer, rows []Row) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "VARIABLE\tTYPE\tDEFAULT\tMEANING")
	for _, row := range rows {
		value := row.Default
		if row.Required {
			value = "(required)"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", row.Name, row.Type, value, row.Desc)
	}
	_, _ = fmt.Fprintln(table, "OTEL_*\tText\t\tas OpenTelemetry defines them; traces are exported when an OTLP endpoint is set")
	_ = table.Flush()
}

// ReadyFlag is the argument with which a program only asks whether the one that
// runs with the same settings is ready: process.Main does so.
const ReadyFlag = "-ready"

// MustLoad is [Load] for the main function of a program. With -h it prints the
// table of settings and exits with 0; [ReadyFlag] is left to process.Main. On
// faults, or arguments it does not know, it prints every one of them and the
// table, and exits with 2.
func MustLoad(spec any) {
	code := Start(os.Args[1:], spec, os.Stdout, os.Stderr)
	if code >= 0 {
		os.Exit(code)
	}
}

// Start is [MustLoad] without the exit: it returns the status to exit with, or
// -1 when spec is loaded and the program may go on.
func Start(args []string, spec any, stdout, stderr io.Writer) int {
	if len(args) == 1 && (args[0] == "-h" || args[0] == "--help" || args[0] == "-help") {
		Usage(stdout, Rows(spec))
		return 0
	}
	if len(args) > 0 && !slices.Equal(args, []string{ReadyFlag}) {
		_, _ = fmt.Fprintf(stderr, "unknown argument %q: everything is set through the environment\n\n", args[0])
		Usage(stderr, Rows(spec))
		return 2
	}
	if err := Load(spec); err != nil {
		Complain(stderr, Rows(spec), err)
		return 2
	}
	return -1
}

// Complain prints the faults that [Load] found, and the table of settings.
func Complain(w io.Writer, rows []Row, faults error) {
	_, _ = fmt.Fprintf(w, "settings:\n%v\n\n", faults)
	Usage(w, rows)
}
