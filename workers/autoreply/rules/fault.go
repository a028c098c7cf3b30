package rules

import (
	"errors"
	"fmt"
	"slices"
)

// faults are what is wrong with a file.
type faults []fault

type fault struct {
	line   int
	reason string
}

func (f *faults) add(line int, format string, args ...any) {
	*f = append(*f, fault{line, fmt.Sprintf(format, args...)})
}

// err joins the faults in the order of their lines, or is nil without any.
func (f faults) err(prefix string) error {
	slices.SortStableFunc(f, func(a, b fault) int { return a.line - b.line })
	errs := make([]error, len(f))
	for i, fault := range f {
		errs[i] = fmt.Errorf("%sline %d: %s", prefix, fault.line, fault.reason)
	}
	return errors.Join(errs...)
}
