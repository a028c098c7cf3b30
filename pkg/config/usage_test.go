package config_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/config"
)

// names is a list as a program may have one: a type of its own.
type names []string

func TestUsageListsEverySetting(t *testing.T) {
	var spec struct {
		Group struct {
			Number int           `envconfig:"TEST_NUMBER" default:"16" desc:"how many"`
			Switch bool          `envconfig:"TEST_SWITCH" default:"true" desc:"whether"`
			Wait   time.Duration `envconfig:"TEST_WAIT" desc:"how long"`
			Names  names         `envconfig:"TEST_NAMES" desc:"who"`
		}
		Accounts config.Accounts[account]
		Text     string       `envconfig:"TEST_TEXT" required:"true" desc:"what to say"`
		Size     config.Bytes `envconfig:"TEST_SIZE" default:"1MiB" desc:"how large"`
		Made     string       `ignored:"true"`
	}
	const want = `VARIABLE                  TYPE           DEFAULT     MEANING
TEST_NUMBER               Number         16          how many
TEST_SWITCH               true or false  true        whether
TEST_WAIT                 Duration                   how long
TEST_NAMES                List                       who
WECHAT_ACCOUNTS           List           main        names of the accounts served, a comma list of [a-z0-9-]; each has variables of its own, the name in upper case with - as _
WECHAT_<ACCOUNT>_APPID    Text           (required)  AppID
WECHAT_<ACCOUNT>_TOKEN    Secret         (required)  Token
WECHAT_<ACCOUNT>_AES_KEY  Secret                     EncodingAESKey
TEST_TEXT                 Text           (required)  what to say
TEST_SIZE                 Size           1MiB        how large
OTEL_*                    Text                       as OpenTelemetry defines them; traces are exported when an OTLP endpoint is set
`
	var got bytes.Buffer
	config.Usage(&got, config.Rows(&spec))
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
}

// table is the table of program's settings.
func table() string {
	var text strings.Builder
	config.Usage(&text, config.Rows(new(program)))
	return text.String()
}

func TestStart(t *testing.T) {
	const setting, unset = "WECHAT_MAIN_TOKEN", "settings:\nWECHAT_MAIN_TOKEN: is missing\n\n"
	unknown := func(argument string) string {
		return "unknown argument \"" + argument + "\": everything is set through the environment\n\n" + table()
	}
	tests := []struct {
		name           string
		args           []string
		token          string
		code           int
		stdout, stderr string
	}{
		{"goes on", nil, "t", -1, "", ""},
		{"prints faults and the table", nil, "", 2, "", unset + table()},
		{"-h", []string{"-h"}, "t", 0, table(), ""},
		{"--help", []string{"--help"}, "t", 0, table(), ""},
		{"-help", []string{"-help"}, "t", 0, table(), ""},
		{"-h whatever is missing", []string{"-h"}, "", 0, table(), ""},
		{"unknown flag", []string{"-v"}, "t", 2, "", unknown("-v")},
		{"unknown word", []string{"help"}, "t", 2, "", unknown("help")},
		{"empty argument", []string{""}, "t", 2, "", unknown("")},
		{"unknown beside -h", []string{"x", "-h"}, "t", 2, "", unknown("x")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			vars := map[string]string{"WECHAT_MAIN_APPID": "wx1"}
			if tt.token != "" {
				vars[setting] = tt.token
			}
			setenv(t, vars)
			var stdout, stderr bytes.Buffer
			if code := config.Start(tt.args, new(program), &stdout, &stderr); code != tt.code {
				t.Errorf("status %d, want %d", code, tt.code)
			}
			if diff := cmp.Diff([]string{tt.stdout, tt.stderr}, []string{stdout.String(), stderr.String()}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStartNamesEveryFault(t *testing.T) {
	setenv(t, map[string]string{"WECHAT_ACCOUNTS": "a,b", "NATS_URL": "", "LOG_LEVEL": "loud"})
	var stdout, stderr bytes.Buffer
	if code := config.Start(nil, new(program), &stdout, &stderr); code != 2 || stdout.Len() > 0 {
		t.Errorf("status %d, stdout %q; want 2 and nothing", code, &stdout)
	}
	for _, name := range []string{
		"NATS_URL", "LOG_LEVEL", "WECHAT_A_APPID", "WECHAT_A_TOKEN", "WECHAT_B_APPID", "WECHAT_B_TOKEN",
	} {
		if !strings.Contains(stderr.String(), "\n"+name+": ") {
			t.Errorf("%s is not named in:\n%s", name, &stderr)
		}
	}
}

func TestMustLoadExits(t *testing.T) {
	tests := []struct {
		name, token, argument string
		code                  int
	}{
		{"goes on to the program", "t", "", 7},
		{"help", "", "-h", 0},
		{"fault", "", "", 2},
		{"unknown argument", "t", "-x", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			setenv(t, map[string]string{
				"CONFIG_TEST_PROGRAM": "1", "WECHAT_MAIN_APPID": "wx1", "WECHAT_MAIN_TOKEN": tt.token,
				"GORACE": "atexit_sleep_ms=0", // the race detector waits a second before an exit
			})
			command := exec.CommandContext(t.Context(), os.Args[0], strings.Fields(tt.argument)...)
			err := command.Run()
			if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
				t.Fatal(err)
			} else if ok && exit.ExitCode() != tt.code || !ok && tt.code != 0 {
				t.Errorf("status: %v, want %d", err, tt.code)
			}
		})
	}
}
