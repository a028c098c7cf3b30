package config_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/config"
)

func TestAddr(t *testing.T) {
	tests := []struct{ text, fault string }{
		{"", ""},
		{":8080", ""},
		{":0", ""},
		{":65535", ""},
		{"127.0.0.1:8090", ""},
		{"localhost:80", ""},
		{"[::1]:80", ""},
		{"[fe80::1%eth0]:80", ""},
		{"8080", `want host:port or :port, not "8080"`},
		{"localhost", `want host:port or :port, not "localhost"`},
		{"::1:80", `want host:port or :port, not "::1:80"`},
		{"http://localhost:80", `want host:port or :port, not "http://localhost:80"`},
		{":", `port "" is not a number from 0 to 65535`},
		{"localhost:", `port "" is not a number from 0 to 65535`},
		{":http", `port "http" is not a number from 0 to 65535`},
		{":65536", `port "65536" is not a number from 0 to 65535`},
		{":-1", `port "-1" is not a number from 0 to 65535`},
		{":+1", `port "+1" is not a number from 0 to 65535`},
		{":80 ", `port "80 " is not a number from 0 to 65535`},
	}
	for _, tt := range tests {
		var got config.Addr
		check(t, tt.text, got.Decode(tt.text), tt.fault)
		if want := config.Addr(tt.text); tt.fault == "" && got != want {
			t.Errorf("Addr of %q = %q", tt.text, got)
		}
	}
}

func TestBytes(t *testing.T) {
	const fault = "want a size such as 1MiB"
	tests := []struct {
		text  string
		want  config.Bytes
		fault string
	}{
		{"1", 1, ""},
		{"4096", 4096, ""},
		{"7B", 7, ""},
		{"1KiB", 1 << 10, ""},
		{"1MiB", 1 << 20, ""},
		{"3GiB", 3 << 30, ""},
		{"1kB", 1000, ""},
		{"2MB", 2_000_000, ""},
		{"1GB", 1_000_000_000, ""},
		{" 1 MiB ", 1 << 20, ""},
		{"4294967296GiB", 1 << 62, ""},
		{"4294967297GiB", 0, fault},
		{"9223372036854775807GiB", 0, fault},
		{"99999999999999999999", 0, fault},
		{"", 0, fault},
		{" ", 0, fault},
		{"0", 0, fault},
		{"0MiB", 0, fault},
		{"-1", 0, fault},
		{"-1MiB", 0, fault},
		{"MiB", 0, fault},
		{"1.5MiB", 0, fault},
		{"1mib", 0, fault},
		{"1KB", 0, fault},
		{"1M", 0, fault},
		{"1MiBB", 0, fault},
		{"0x10", 0, fault},
		{"1_000", 0, fault},
		{"1MiB1", 0, fault},
	}
	for _, tt := range tests {
		var got config.Bytes
		check(t, tt.text, got.Decode(tt.text), tt.fault)
		if got != tt.want {
			t.Errorf("Bytes of %q = %d, want %d", tt.text, got, tt.want)
		}
	}
}

func TestFile(t *testing.T) {
	readable, empty, folder := write(t, "rules.yaml", []byte("a")), write(t, "empty", nil), t.TempDir()
	absent := filepath.Join(folder, "absent")
	tests := []struct{ path, fault string }{
		{"", ""},
		{readable, ""},
		{empty, ""},
		{folder, folder + " is not a file"},
		{absent, "open " + absent + ": "},
		{filepath.Join(readable, "below"), "open "},
	}
	for _, tt := range tests {
		var got config.File
		err := got.Decode(tt.path)
		if fault := fmt.Sprint(err); (err != nil) != (tt.fault != "") || err != nil && !strings.HasPrefix(fault, tt.fault) {
			t.Errorf("File of %q: %v, want %s", tt.path, err, tt.fault)
		}
		if err == nil && got != config.File(tt.path) || err != nil && got != "" {
			t.Errorf("File of %q = %q", tt.path, got)
		}
	}
}

func TestLogFormat(t *testing.T) {
	const fault = "want text or json"
	for text, want := range map[string]string{"": "", "text": "", "json": "", "JSON": fault, "xml": fault, " ": fault, "text ": fault} {
		var got config.LogFormat
		check(t, text, got.Decode(text), want)
		if want == "" && got != config.LogFormat(text) {
			t.Errorf("LogFormat of %q = %q", text, got)
		}
	}
}

// check compares the fault of a value with the one wanted, "" for none.
func check(t *testing.T, text string, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("%q: fault %q, want %q", text, got, want)
	}
}
