package config_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/config"
)

// all has a setting of every sort.
type all struct {
	Word    string        `envconfig:"TEST_WORD" required:"true"`
	Level   slog.Level    `envconfig:"TEST_LEVEL" default:"info"`
	Number  int           `envconfig:"TEST_NUMBER" default:"16"`
	Switch  bool          `envconfig:"TEST_SWITCH" default:"true"`
	Wait    time.Duration `envconfig:"TEST_WAIT" default:"4.5s"`
	Size    config.Bytes  `envconfig:"TEST_SIZE" default:"1MiB"`
	Listen  config.Addr   `envconfig:"TEST_LISTEN" default:":8080"`
	Maybe   config.Addr   `envconfig:"TEST_MAYBE"`
	Text    string        `envconfig:"TEST_TEXT"`
	Quoted  string        `envconfig:"TEST_QUOTED" default:"a \"b\" c"`
	Private config.Secret `envconfig:"TEST_PRIVATE"`
}

func TestDefaultsStandForWhatIsNotSet(t *testing.T) {
	setenv(t, map[string]string{"TEST_WORD": "w"})
	var got all
	if err := config.Load(&got); err != nil {
		t.Fatal(err)
	}
	want := all{
		Word: "w", Number: 16, Switch: true, Wait: 4500 * time.Millisecond, Size: 1 << 20,
		Listen: ":8080", Quoted: `a "b" c`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsSetWinsOverDefaults(t *testing.T) {
	setenv(t, map[string]string{
		"TEST_WORD": "w", "TEST_LEVEL": "debug", "TEST_NUMBER": "3", "TEST_SWITCH": "false", "TEST_WAIT": "1m",
		"TEST_SIZE": "2kB", "TEST_LISTEN": "127.0.0.1:0", "TEST_MAYBE": ":1", "TEST_TEXT": "a, b = c\n", "TEST_QUOTED": "",
		"TEST_PRIVATE": "p",
	})
	var got all
	want := []string{"TEST_QUOTED: is set but empty"}
	if diff := cmp.Diff(want, faults(&got)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(all{
		Word: "w", Level: slog.LevelDebug, Number: 3, Wait: time.Minute,
		Size: 2000, Listen: "127.0.0.1:0", Maybe: ":1", Text: "a, b = c\n", Private: "p",
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFaultIsNamedAtOnce(t *testing.T) {
	setenv(t, map[string]string{
		"TEST_LEVEL": "loud", "TEST_NUMBER": "many", "TEST_SWITCH": "perhaps", "TEST_WAIT": "5",
		"TEST_SIZE": "0", "TEST_LISTEN": "", "TEST_MAYBE": "8080", "TEST_TEXT": "",
	})
	want := []string{
		"TEST_WORD: is missing",
		`TEST_LEVEL: slog: level string "loud": unknown name`,
		`TEST_NUMBER: strconv.ParseInt: parsing "many": invalid syntax`,
		`TEST_SWITCH: strconv.ParseBool: parsing "perhaps": invalid syntax`,
		`TEST_WAIT: time: missing unit in duration "5"`,
		"TEST_SIZE: want a size such as 1MiB",
		"TEST_LISTEN: is set but empty",
		`TEST_MAYBE: want host:port or :port, not "8080"`,
	}
	if diff := cmp.Diff(want, faults(new(all))); diff != "" {
		t.Error(diff)
	}
}

func TestEmptyIsAFaultWhereAValueIsNeeded(t *testing.T) {
	var spec struct {
		Needed  string        `envconfig:"TEST_NEEDED" required:"true"`
		Default string        `envconfig:"TEST_DEFAULT" default:"d"`
		Free    string        `envconfig:"TEST_FREE"`
		Number  int           `envconfig:"TEST_NUMBER"`
		Wait    time.Duration `envconfig:"TEST_WAIT"`
	}
	setenv(t, map[string]string{"TEST_NEEDED": "", "TEST_DEFAULT": "", "TEST_FREE": "", "TEST_NUMBER": "", "TEST_WAIT": ""})
	want := []string{
		"TEST_NEEDED: is set but empty",
		"TEST_DEFAULT: is set but empty",
		`TEST_NUMBER: strconv.ParseInt: parsing "": invalid syntax`,
		`TEST_WAIT: time: invalid duration ""`,
	}
	if diff := cmp.Diff(want, faults(&spec)); diff != "" {
		t.Error(diff)
	}
}

func TestUnexportedAndIgnoredFieldsAreNoSettings(t *testing.T) {
	spec := struct {
		Named   string `envconfig:"TEST_NAMED"`
		Made    *int   `ignored:"true"`
		hidden  string
		private struct{ Inner string }
		ByName  string
	}{hidden: "mine"}
	setenv(t, map[string]string{
		"TEST_NAMED": "a", "MADE": "1", "HIDDEN": "x", "PRIVATE": "x", "INNER": "x", "BYNAME": "b",
	})
	if err := config.Load(&spec); err != nil {
		t.Fatal(err)
	}
	got := []string{spec.Named, spec.ByName, spec.hidden, spec.private.Inner}
	if diff := cmp.Diff([]string{"a", "b", "mine", ""}, got); diff != "" || spec.Made != nil {
		t.Error(diff, spec.Made)
	}
	var names []string
	for _, row := range config.Rows(&spec) {
		names = append(names, row.Name)
	}
	if diff := cmp.Diff([]string{"TEST_NAMED", "BYNAME"}, names); diff != "" {
		t.Error(diff)
	}
}

// Pair is a group whose settings must fit together.
type Pair struct {
	Low  int `envconfig:"TEST_LOW" default:"1"`
	High int `envconfig:"TEST_HIGH" default:"9"`
}

func (p *Pair) Validate() error {
	var faults []error
	if p.Low < 0 {
		faults = append(faults, errors.New("TEST_LOW: is negative"))
	}
	if p.High < p.Low {
		faults = append(faults, errors.New("TEST_HIGH: is below TEST_LOW"))
	}
	if p.High > 99 {
		faults = append(faults, errors.New("TEST_HIGH: is above 99"))
	}
	return errors.Join(faults...)
}

func TestGroupsAreChecked(t *testing.T) {
	tests := []struct {
		name, low, high string
		want            []string
	}{
		{"fits", "1", "2", nil},
		{"several faults", "-1", "100", []string{"TEST_LOW: is negative", "TEST_HIGH: is above 99"}},
		{"does not fit together", "5", "2", []string{"TEST_HIGH: is below TEST_LOW"}},
		{
			"malformed beside another fault", "x", "100",
			[]string{`TEST_LOW: strconv.ParseInt: parsing "x": invalid syntax`, "TEST_HIGH: is above 99"},
		},
		{"empty, so that nothing is said of what it decides", "", "-1", []string{"TEST_LOW: is set but empty"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			setenv(t, map[string]string{"TEST_LOW": tt.low, "TEST_HIGH": tt.high})
			var spec struct{ Group struct{ Pair Pair } }
			if diff := cmp.Diff(tt.want, faults(&spec)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Groups that programs share may be there twice when one process runs several.
func TestAFaultIsNamedOnce(t *testing.T) {
	setenv(t, map[string]string{"TEST_LOW": "-1", "NATS_URL": "http://a,http://b", "SHUTDOWN_TIMEOUT": "x"})
	var spec struct {
		A struct {
			Pair // promotes Validate, as a program that embeds one group does
			config.Common
		}
		B struct{ config.Common }
		C Pair
	}
	want := []string{
		"TEST_LOW: is negative",
		"NATS_URL: want nats://host:port, tls://, ws:// or wss://, or a comma list of them",
		`SHUTDOWN_TIMEOUT: time: invalid duration "x"`,
	}
	if diff := cmp.Diff(want, faults(&spec)); diff != "" {
		t.Error(diff)
	}
}
