package pkg_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/wxbus/wxbus/"

// rooms from bottom to top, each with those rooms that it may stand on.
var rooms = map[string][]string{
	"pkg/wechat":   {},
	"pkg/callback": {"pkg/wechat"},
	"pkg/wxapi":    {"pkg/wechat"},
	"pkg/wxsim":    {"pkg/wechat", "pkg/callback"},
	"pkg/config":   {},
	"pkg/process":  {"pkg/config"},
	"pkg/route":    {"pkg/wechat"},
	"pkg/bus":      {"pkg/route", "pkg/config"},
	"pkg/worker":   {"pkg/wechat", "pkg/config", "pkg/process", "pkg/route", "pkg/bus"},
	"pkg/dead":     {"pkg/wechat", "pkg/route", "pkg/bus", "pkg/worker"},
	"pkg/replay":   {"pkg/wechat", "pkg/route", "pkg/bus"},
	"ingress":      {"pkg/wechat", "pkg/callback", "pkg/config", "pkg/process", "pkg/route", "pkg/bus"},
	"workers":      {"pkg/wechat", "pkg/wxapi", "pkg/config", "pkg/process", "pkg/route", "pkg/bus", "pkg/worker"},
	"deployments": {
		"pkg/wechat", "pkg/config", "pkg/process", "pkg/route", "pkg/bus", "pkg/worker", "pkg/dead", "pkg/replay", "pkg/wxsim",
		"ingress", "workers",
	},
}

// owners are the rooms that alone may name a library: whoever reads a line
// that names it knows where he is.
var owners = map[string][]string{
	"github.com/labstack/echo/v4":          {"ingress", "deployments/bench/noop"},
	"github.com/nats-io/nats.go":           {"pkg/bus", "deployments/bench"},
	"github.com/nats-io/nats.go/jetstream": {"pkg/bus", "deployments/bench"},
	"github.com/nats-io/nats-server/":      {"deployments", "pkg/bus/bustest"},
	"github.com/kelseyhightower/envconfig": {"pkg/config"},
	"github.com/spf13/cobra":               {"deployments"},
	"pgregory.net/rapid":                   {},
	"github.com/goccy/go-yaml":             {"workers/autoreply", "pkg/wxsim"},
	"go.opentelemetry.io/otel/sdk/":        {"pkg/process"},
	"go.opentelemetry.io/otel/exporters/":  {},
	"crypto/aes":                           {"pkg/callback"},
	"crypto/sha1":                          {"pkg/callback"},
	"os/signal":                            {"pkg/process"},
	"net/http/httptrace":                   {"pkg/wxapi"},
	"github.com/prometheus/client_golang/": {"ingress", "workers", "pkg/bus", "pkg/worker", "pkg/wxapi", "pkg/process"},
	"encoding/xml":                         {},
	"github.com/stretchr/testify":          {},
}

func TestImportsPointOneWay(t *testing.T) {
	eachImport(t, func(file, folder, imported string) {
		inner, ours := strings.CutPrefix(imported, module)
		if !ours || inRoom(folder, room(inner)) {
			return
		}
		if strings.HasSuffix(inner, "test") && !strings.HasSuffix(folder, "test") {
			t.Errorf("%s imports %s, which is for tests alone", file, inner)
		} else if !slices.Contains(rooms[room(folder)], room(inner)) {
			t.Errorf("%s imports %s: %s does not stand on it", file, inner, room(folder))
		}
	})
}

// One worker must not lean on another: each is a program that is deployed alone.
func TestWorkersDoNotImportEachOther(t *testing.T) {
	eachImport(t, func(file, folder, imported string) {
		inner := strings.TrimPrefix(imported, module)
		if inRoom(folder, "workers") && inRoom(inner, "workers") && program(folder) != program(inner) {
			t.Errorf("%s imports %s of another worker", file, inner)
		}
	})
}

func TestLibrariesStayInTheirRooms(t *testing.T) {
	eachImport(t, func(file, folder, imported string) {
		for library, allowed := range owners {
			named := imported == library || strings.HasSuffix(library, "/") && strings.HasPrefix(imported, library)
			isAllowed := slices.ContainsFunc(allowed, func(room string) bool { return inRoom(folder, room) })
			if named && !isAllowed {
				t.Errorf("%s imports %s, which belongs to %v", file, library, allowed)
			}
		}
	})
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	said := map[string]bool{}
	eachFile(t, func(file, folder string) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		start := "Package " + parsed.Name.Name + " "
		if parsed.Name.Name == "main" {
			start = "Command " + path.Base(folder) + " "
		}
		said[folder] = said[folder] || strings.HasPrefix(parsed.Doc.Text(), start)
	})
	for folder, ok := range said {
		if !ok {
			t.Errorf("%s has no comment that says what it is", folder)
		}
	}
}

func TestTopLevelIsAsFixed(t *testing.T) {
	fixed := []string{"ingress", "workers", "pkg", "deployments", "go.mod", "go.sum", "Makefile", "README.md"}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") && !isIgnored(entry.Name()) {
			found = append(found, entry.Name())
		}
	}
	slices.Sort(fixed)
	if !slices.Equal(found, fixed) {
		t.Errorf("top level is %v, want %v", found, fixed)
	}
}

// isIgnored asks git, if there is one, whether an entry is only here.
func isIgnored(name string) bool {
	command := exec.Command("git", "check-ignore", "--quiet", name)
	command.Dir = ".."
	return command.Run() == nil
}

// eachImport visits the imports of all files that are no tests.
func eachImport(t *testing.T, visit func(file, folder, imported string)) {
	t.Helper()
	eachFile(t, func(file, folder string) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			visit(file, folder, strings.Trim(spec.Path.Value, `"`))
		}
	})
}

func eachFile(t *testing.T, visit func(file, folder string)) {
	t.Helper()
	err := filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".." {
			return fs.SkipDir
		}
		if strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") {
			folder := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(file, ".."+string(filepath.Separator))))
			visit(file, folder)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// room returns the room that a folder is in: pkg/<name>, or a folder of the top.
func room(folder string) string {
	parts := strings.SplitN(folder, "/", 3)
	if parts[0] == "pkg" && len(parts) > 1 {
		return "pkg/" + parts[1]
	}
	return parts[0]
}

// program returns workers/<name>.
func program(folder string) string {
	parts := strings.SplitN(folder, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}

func inRoom(folder, room string) bool { return folder == room || strings.HasPrefix(folder, room+"/") }
