package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/config"
)

// TestMain is also the program of the tests that need one which exits: with
// CONFIG_TEST_PROGRAM set, it loads settings as a main function does.
func TestMain(m *testing.M) {
	if os.Getenv("CONFIG_TEST_PROGRAM") != "" {
		var cfg program
		config.MustLoad(&cfg)
		os.Exit(7)
	}
	os.Exit(m.Run())
}

// program are the settings of a program as there are several.
type program struct {
	config.Common
	Accounts config.Accounts[account]
	Addr     config.Addr `envconfig:"HTTP_ADDR" default:":8080" desc:"where it listens"`
}

// account are the settings of one account.
type account struct {
	AppID string        `envconfig:"APPID" required:"true" desc:"AppID"`
	Token config.Secret `envconfig:"TOKEN" required:"true" desc:"Token"`
	Key   config.Secret `envconfig:"AES_KEY" desc:"EncodingAESKey"`
}

var ours = regexp.MustCompile(`^(TEST|WECHAT|NATS|HTTP|LOG|ADMIN|SHUTDOWN|AUTO|STREAM)_|^(APPID|TOKEN|AES_KEY)$`)

// setenv has the environment hold vars, and no other setting of ours.
func setenv(t *testing.T, vars map[string]string) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); ours.MatchString(name) {
			t.Setenv(name, value) // restores it after the test
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, value := range vars {
		t.Setenv(name, value)
	}
}

// faults loads spec and returns what is wrong, one fault a line.
func faults(spec any) []string {
	err := config.Load(spec)
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// write makes a file of the test's and returns its path.
func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
