package media

import (
	"errors"
	"fmt"
)

// ErrBad says that a file is not one that can be sent, and will not become one
// by another try. It is wrapped with what is wrong, never with content, and of
// a web address it names nothing but the host.
var ErrBad = errors.New("bad file")

func bad(fault string) error { return fmt.Errorf("%w: %s", ErrBad, fault) }
