// Package docker_test holds compose.yaml against its own specification and the
// settings that the programs read.
package docker_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

func load(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"compose.yaml"}, cli.WithEnvFiles("simulator.env"), cli.WithDotEnv, cli.WithProfiles([]string{"simulator"}))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// Every program is checked for being ready, is locked down, and is given time to
// end.
func TestComposeServices(t *testing.T) {
	project := load(t)
	for _, want := range []string{"nats", "apply", "ingress", "sender", "autoreply", "simulator"} {
		s, err := project.GetService(want)
		if err != nil {
			t.Fatal(err)
		}
		if want == "nats" {
			if len(s.Volumes) == 0 || s.HealthCheck == nil {
				t.Error("nats keeps nothing, or nobody asks whether it is well")
			}
			continue
		}
		if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") {
			t.Errorf("%s may do more than it needs", want)
		}
		if want == "apply" {
			continue
		}
		if s.HealthCheck == nil || s.Environment["ADMIN_ADDR"] == nil {
			t.Errorf("%s: nobody asks whether it is ready", want)
		}
		if s.StopGracePeriod == nil || s.StopGracePeriod.String() != "35s" {
			t.Errorf("%s is given %v to end", want, s.StopGracePeriod)
		}
	}
}

// The AppSecret is the sender's, but for the simulator, which stands for WeChat.
func TestComposeSecrets(t *testing.T) {
	for name, s := range load(t).Services {
		for variable := range s.Environment {
			if strings.HasSuffix(variable, "_SECRET") && name != "sender" && name != "simulator" {
				t.Errorf("%s is given %s", name, variable)
			}
		}
	}
}

// A push is stored when it is synced, and every variable is one of the README's
// tables of settings.
func TestComposeSettings(t *testing.T) {
	project := load(t)
	if conf := project.Configs["nats"].Content; !strings.Contains(conf, "sync_interval: always") {
		t.Errorf("nats.conf: %s", conf)
	}
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z_<>]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		known = append(known, strings.ReplaceAll(row[1], "<ACCOUNT>", "MAIN"))
	}
	for name, s := range project.Services {
		for variable := range s.Environment {
			if !slices.Contains(known, variable) {
				t.Errorf("%s: nobody reads %s", name, variable)
			}
		}
	}
}
