package spool

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
)

// segment is a file of records.
type segment struct {
	name    string // <number>-<salt>.spool
	number  uint64
	salt    string
	own     bool  // written by this process
	drained int64 // up to where all is stored
	size    int64 // up to where all is synced
	records int   // that wait in it
}

var segmentName = regexp.MustCompile(`^([0-9]{16})-([0-9a-f]{16})\.spool$`)

func newSegment(number uint64, salt string) *segment {
	return &segment{name: fmt.Sprintf("%016d-%s.spool", number, salt), number: number, salt: salt, own: true}
}

// findSegments returns the segments in a folder, the oldest first.
func findSegments(dir string) ([]*segment, error) {
	entries, err := os.ReadDir(dir) // in the order of their names
	if err != nil {
		return nil, err
	}
	var found []*segment
	for _, entry := range entries {
		parts := segmentName.FindStringSubmatch(entry.Name())
		if parts == nil {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return nil, err
		}
		number, err := strconv.ParseUint(parts[1], 10, 64)
		if err != nil {
			return nil, err
		}
		found = append(found, &segment{name: entry.Name(), number: number, salt: parts[2], size: info.Size()})
	}
	return found, nil
}
