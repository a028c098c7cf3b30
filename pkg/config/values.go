package config

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

// Secret is a value that must not be seen: it prints as *** in every way that
// package fmt, log/slog and encoding/json know. [Secret.Reveal] is the only way
// to its text. Keep it in exported fields: of another, package fmt prints what
// is in it without asking it.
type Secret string

// Decode implements envconfig.Decoder. Blanks around a secret are not part of
// it: files that secrets are mounted from often end with a line break.
func (s *Secret) Decode(text string) error {
	*s = Secret(strings.TrimSpace(text))
	return nil
}

// Reveal returns the text, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// Format writes *** for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// String returns ***, or nothing when the secret is empty.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// MarshalText returns what String does. Package slog and encoding/json use it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// List returns the parts of a comma list, blanks around them removed.
func (s Secret) List() []string {
	if s == "" {
		return nil
	}
	parts := strings.Split(string(s), ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// File is the path of a file that can be read when the program starts. Empty
// means none.
type File string

// Decode implements envconfig.Decoder.
func (f *File) Decode(path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", path)
	}
	*f = File(path)
	return nil
}

// Addr is a host:port to listen on. The host may be empty, for all interfaces.
type Addr string

// Decode implements envconfig.Decoder.
func (a *Addr) Decode(text string) error {
	if text == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("want host:port or :port, not %q", text)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return fmt.Errorf("port %q is not a number from 0 to 65535", port)
	}
	*a = Addr(text)
	return nil
}

// Bytes is a size: a number, alone or with one of the units B, KiB, MiB, GiB,
// kB, MB, GB. It is never zero or negative.
type Bytes int64

var units = []struct {
	name string
	size int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}}

// Decode implements envconfig.Decoder.
func (b *Bytes) Decode(text string) error {
	number, unit := strings.TrimSpace(text), int64(1)
	for _, u := range units {
		if n, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = strings.TrimSpace(n), u.size
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return errors.New("want a size such as 1MiB")
	}
	*b = Bytes(n * unit)
	return nil
}
