package up

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Reset removes from the data folder what wxbus has written there, and nothing
// else. It refuses while another wxbus uses the folder.
func Reset() error {
	data := cmp.Or(os.Getenv("WXBUS_DATA"), defaultData)
	unlock, err := lockData(data)
	if err != nil {
		return err
	}
	defer unlock()
	var errs []error
	for _, name := range []string{"accounts.json", "nats", "simulator.json", "simulator-media"} {
		errs = append(errs, os.RemoveAll(filepath.Join(data, name)))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w: %w", ErrData, err)
	}
	return nil
}
