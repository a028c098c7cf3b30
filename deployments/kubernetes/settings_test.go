package kubernetes_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/workers/autoreply/rules"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// programs are the settings that the programs read, by the name of the workload.
var programs = map[string]func() any{
	"ingress":     func() any { return new(door.Config) },
	"sender":      func() any { return new(delivery.Config) },
	"autoreply":   func() any { return new(rules.Config) },
	"greeter":     func() any { return new(worker.Config) },
	"wxbus-apply": func() any { return &struct{ config.Common }{} },
}

// secrets are what the Secrets of an account hold, which no manifest does.
var secrets = map[string]map[string]string{
	"wechat-main-push": {"APPID": "wx0000000000000001", "TOKEN": "weixin", "AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"},
	"wechat-main-send": {"APPID": "wx0000000000000001", "SECRET": "0123456789abcdef0123456789abcdef"},
}

// environment is what a workload's container finds in its environment.
func environment(t *testing.T, objects []object, w workload) map[string]string {
	t.Helper()
	c, env := w.spec.Containers[0], map[string]string{}
	for _, from := range c.EnvFrom {
		var values map[string]string
		switch {
		case from.ConfigMapRef != nil:
			values = find[*corev1.ConfigMap](t, objects, from.ConfigMapRef.Name).Data
		case from.SecretRef != nil:
			values = secret(objects, from.SecretRef.Name)
		}
		if len(values) == 0 {
			t.Errorf("%s: nothing in %v", w.name, from)
		}
		for key, value := range values {
			env[from.Prefix+key] = value
		}
	}
	for _, e := range c.Env {
		env[e.Name] = e.Value
	}
	return env
}

func secret(objects []object, name string) map[string]string {
	for _, o := range objects {
		if s, ok := o.Object.(*corev1.Secret); ok && s.Name == name {
			values := map[string]string{}
			for key, value := range s.Data {
				values[key] = string(value)
			}
			return values
		}
	}
	return secrets[name]
}

// known are the variables that a program reads, with an account main.
func known(spec any) (names []string) {
	for _, row := range config.Rows(spec) {
		names = append(names, strings.ReplaceAll(row.Name, "<ACCOUNT>", "MAIN"))
	}
	return names
}

// Every variable that a program is given, it reads; what all are given, some do.
func TestNoSettingIsMisspelt(t *testing.T) {
	everybody := []string{"GOMEMLIMIT", "AUTOREPLY_RULES"}
	for _, spec := range programs {
		everybody = append(everybody, known(spec())...)
	}
	eachOverlay(t, func(t *testing.T, objects []object) {
		for _, w := range workloads(objects) {
			spec, ours := programs[w.name]
			if !ours {
				continue
			}
			shared := map[string]string{}
			for _, from := range w.spec.Containers[0].EnvFrom {
				if from.ConfigMapRef != nil && strings.HasPrefix(from.ConfigMapRef.Name, "wxbus-settings") {
					shared = find[*corev1.ConfigMap](t, objects, from.ConfigMapRef.Name).Data
				}
			}
			for name := range environment(t, objects, w) {
				_, forAll := shared[name]
				if !slices.Contains(everybody, name) || !forAll && name != "GOMEMLIMIT" && !slices.Contains(append(known(spec()), "AUTOREPLY_RULES"), name) {
					t.Errorf("%s is given %s, which it does not read", w.name, name)
				}
			}
		}
	})
}

// files are settings that name what is mounted, which is not there in a test.
var files = []string{"NATS_CA", "NATS_CERT", "NATS_KEY"}

// Every program starts with the values that it is given.
func TestProgramsTakeTheirSettings(t *testing.T) {
	eachOverlay(t, func(t *testing.T, objects []object) {
		for _, w := range workloads(objects) {
			spec, ours := programs[w.name]
			if !ours {
				continue
			}
			t.Run(w.name, func(t *testing.T) {
				env := environment(t, objects, w)
				maps.DeleteFunc(env, func(name, _ string) bool { return slices.Contains(files, name) })
				if _, answers := env["AUTOREPLY_RULES"]; answers {
					env["AUTOREPLY_RULES"] = mounted(t, objects, w, env["AUTOREPLY_RULES"])
				}
				for name, value := range env {
					t.Setenv(name, value)
				}
				if err := config.Load(spec()); err != nil {
					t.Error(err)
				}
				if env["AUTO_PROVISION"] != "false" && w.name != "wxbus-apply" {
					t.Error("it would make streams by itself")
				}
			})
		}
	})
}

// mounted returns a file with what the container finds at a path.
func mounted(t *testing.T, objects []object, w workload, path string) string {
	t.Helper()
	for _, mount := range w.spec.Containers[0].VolumeMounts {
		if mount.MountPath != filepath.Dir(path) {
			continue
		}
		for _, volume := range w.spec.Volumes {
			if volume.Name == mount.Name && volume.ConfigMap != nil {
				file := filepath.Join(t.TempDir(), filepath.Base(path))
				text := find[*corev1.ConfigMap](t, objects, volume.ConfigMap.Name).Data[filepath.Base(path)]
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				return file
			}
		}
	}
	t.Fatalf("%s: nothing is mounted for %s", w.name, path)
	return ""
}

// Files that settings name are mounted.
func TestNamedFilesAreMounted(t *testing.T) {
	eachOverlay(t, func(t *testing.T, objects []object) {
		for _, w := range workloads(objects) {
			env := environment(t, objects, w)
			for _, name := range files {
				if env[name] == "" {
					continue
				}
				if !slices.ContainsFunc(w.spec.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == filepath.Dir(env[name]) }) {
					t.Errorf("%s: %s is not mounted", w.name, env[name])
				}
			}
		}
	})
}

// The rules that are shipped are the example, which has tests of its own.
func TestRulesAreTheExample(t *testing.T) {
	shipped, err := os.ReadFile("base/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../../workers/autoreply/rules/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(example), string(shipped)); diff != "" {
		t.Errorf("copy workers/autoreply/rules/example.yaml (-example +shipped):\n%s", diff)
	}
}
