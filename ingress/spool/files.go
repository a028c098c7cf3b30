package spool

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

const (
	fileMode   = 0o600 // what users write is nobody else's
	folderMode = 0o700
)

// setAside keeps bytes of a segment that cannot be published.
func setAside(dir string, seg *segment, p piece) (name string, err error) {
	name = fmt.Sprintf("%s-%d.bad", strings.TrimSuffix(seg.name, ".spool"), p.start)
	return name, writeFile(dir, name, p.data)
}

// writeFile replaces a file in one step, and makes sure that it stays.
func writeFile(dir, name string, data []byte) error {
	path := filepath.Join(dir, name)
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, fileMode)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncFolder(dir)
}

// syncFolder makes sure that files that were made or removed stay so.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

const progressName = "progress"

// saveProgress notes up to where a segment is drained.
func saveProgress(dir string, seg *segment, drained int64) error {
	text := fmt.Sprintf("%s %d", seg.name, drained)
	return writeFile(dir, progressName, fmt.Appendf(nil, "%s %08x\n", text, checksumText(text)))
}

// readProgress tells its segment up to where it is drained. Without a progress
// that can be read, all is drained again, which looks it up in the stream.
func readProgress(dir string, segments []*segment) error {
	data, err := os.ReadFile(filepath.Join(dir, progressName))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	parts := strings.Fields(string(data))
	if len(parts) != 3 || fmt.Sprintf("%08x", checksumText(parts[0]+" "+parts[1])) != parts[2] {
		return nil
	}
	drained, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return nil //nolint:nilerr // it is as good as none
	}
	at := slices.IndexFunc(segments, func(seg *segment) bool { return seg.name == parts[0] })
	if at >= 0 && drained <= segments[at].size {
		segments[at].drained = drained
	}
	return nil
}

func checksumText(text string) uint32 { return crc32.Checksum([]byte(text), castagnoli) }
