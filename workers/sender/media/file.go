package media

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
)

// openFile opens a file below dir. The way to it cannot lead out of dir,
// neither by .. nor by symbolic links; see [os.Root]. The folder is opened each
// time: what is mounted there may be replaced while the sender runs.
func openFile(dir string, k kind, name string) (*content, error) {
	if dir == "" {
		return nil, bad("files are refused: SENDER_MEDIA_DIR is not set")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("SENDER_MEDIA_DIR: %w", err)
	}
	defer func() { _ = root.Close() }()
	info, err := root.Stat(filepath.FromSlash(name)) // to open a pipe would wait for its writer
	if err == nil && !info.Mode().IsRegular() {
		return nil, bad("not a regular file")
	}
	if err != nil {
		return nil, fileFault(err)
	}
	if info.Size() > k.max {
		return nil, k.tooLarge()
	}
	file, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, fileFault(err)
	}
	return fileContent(file, k, path.Base(filepath.ToSlash(name)), func() { _ = file.Close() })
}

// fileFault tells what cannot be opened from what may be opened later.
func fileFault(err error) error {
	if where, ok := errors.AsType[*fs.PathError](err); ok {
		err = where.Err // without the name
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return bad("no such file in SENDER_MEDIA_DIR")
	case errors.Is(err, fs.ErrPermission):
		return bad("the sender may not read it")
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.EIO):
		return fmt.Errorf("open the file: %w", err)
	}
	return bad(err.Error()) // the way leads out of the folder, or is none
}

// fileContent checks an open file. free is called when it is not needed any
// more, at once when it is bad.
func fileContent(file *os.File, k kind, name string, free func()) (c *content, err error) {
	defer func() {
		if err != nil {
			free()
		}
	}()
	c = &content{ReadSeeker: file, file: file, free: free}
	if c.found, err = file.Stat(); err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	return c, c.check(k, name)
}
