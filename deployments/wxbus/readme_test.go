package main_test

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/deployments/wxbus/up"
	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/workers/autoreply/rules"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

var update = flag.Bool("update", false, "write the tables of settings into the READMEs")

const (
	english = "../../README.md"
	chinese = "../../.github/README.zh-CN.md"
)

// tables are the settings by the name of the table that shows them: those of
// every program once, then what each has of its own.
func tables() map[string][]config.Row {
	common := config.Rows(new(config.Common))
	own := map[string][]config.Row{
		"ingress":   without(config.Rows(new(door.Config)), common),
		"sender":    without(config.Rows(new(delivery.Config)), common),
		"autoreply": without(config.Rows(new(rules.Config)), common),
	}
	rest := without(up.Rows(), common)
	for _, rows := range own {
		rest = without(rest, slices.DeleteFunc(slices.Clone(rows), func(row config.Row) bool { return row.Name == "AUTOREPLY_RULES" }))
	}
	own["all"], own["up"] = common, rest
	return own
}

func without(rows, known []config.Row) []config.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(row config.Row) bool {
		return slices.ContainsFunc(known, func(other config.Row) bool { return other.Name == row.Name })
	})
}

var (
	table = regexp.MustCompile(`(?s)<!-- settings of (\w+) -->\n(.*?)<!-- end -->`)
	line  = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|.*\\| ([^|]+) \\|$")
)

func TestReadmeTablesOfSettings(t *testing.T) {
	for file, heading := range map[string]string{
		english: "| variable | type | default | meaning |\n|---|---|---|---|\n",
		chinese: "| 变量 | 类型 | 默认值 | 含义 |\n|---|---|---|---|\n",
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		shown := 0
		want := table.ReplaceAllStringFunc(string(text), func(found string) string {
			parts := table.FindStringSubmatch(found)
			shown++
			return "<!-- settings of " + parts[1] + " -->\n" + heading + render(t, file, parts[1], parts[2]) + "<!-- end -->"
		})
		if shown != len(tables()) {
			t.Errorf("%s shows %d tables, want %d", file, shown, len(tables()))
		}
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if diff := cmp.Diff(want, string(text)); diff != "" {
			t.Errorf("%s is not up to date: run make settings\n%s", file, diff)
		}
	}
}

// render writes a table. In Chinese, what stands there already says what a
// setting means.
func render(t *testing.T, file, name, before string) string {
	t.Helper()
	rows, known := tables()[name]
	if !known {
		t.Errorf("%s: no program %q", file, name)
	}
	meanings := map[string]string{}
	for _, found := range line.FindAllStringSubmatch(before, -1) {
		meanings[found[1]] = found[2]
	}
	var text strings.Builder
	for _, row := range rows {
		value, meaning := "`"+row.Default+"`", strings.ReplaceAll(row.Desc, "<", `\<`) // else it is a tag of HTML
		if row.Required {
			value = map[string]string{english: "(required)", chinese: "（必填）"}[file]
		} else if row.Default == "" {
			value = ""
		}
		if translated := meanings[row.Name]; file == chinese {
			meaning = translated
			if translated == "" || translated == row.Desc {
				t.Errorf("%s: %s has no meaning in Chinese", file, row.Name)
				meaning = row.Desc
			}
		}
		text.WriteString("| `" + row.Name + "` | " + row.Type + " | " + value + " | " + meaning + " |\n")
	}
	return text.String()
}

var heading = regexp.MustCompile(`(?m)^(#+) `)

// The two READMEs tell the same story.
func TestReadmesHaveTheSameChapters(t *testing.T) {
	var levels [2][]string
	var blocks [2]int
	for i, file := range []string{english, chinese} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range heading.FindAllStringSubmatch(withoutCode(string(text)), -1) {
			levels[i] = append(levels[i], found[1])
		}
		blocks[i] = strings.Count(string(text), "```")
	}
	if diff := cmp.Diff(levels[0], levels[1]); diff != "" {
		t.Errorf("chapters differ:\n%s", diff)
	}
	if blocks[0] != blocks[1] {
		t.Errorf("%d code fences in English, %d in Chinese", blocks[0], blocks[1])
	}
}

// fences returns what stands in the code fences of a language.
func fences(t *testing.T, file, language string) (found []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, fence := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
		found = append(found, fence[1])
	}
	return found
}

// What the README calls the whole of a worker builds as it stands there, and so
// do the functions that it shows further on.
func TestReadmeWorkerBuilds(t *testing.T) {
	for _, file := range []string{english, chinese} {
		shown := fences(t, file, "go")
		if len(shown) < 2 {
			t.Fatalf("%s shows %d pieces of Go, want a worker and what may be added to it", file, len(shown))
		}
		if lines := strings.Count(shown[0], "\n"); lines > 40 {
			t.Errorf("%s: a worker of %d lines, want 40 at most", file, lines)
		}
		program, tests := []string{}, []string{testHead}
		for _, piece := range shown {
			if strings.Contains(piece, "*testing.T") {
				tests = append(tests, piece)
			} else {
				program = append(program, piece)
			}
		}
		builds(t, file, strings.Join(program, "\n"), strings.Join(tests, "\n"))
	}
}

// testHead is what stands before the tests that the README shows.
const testHead = `package main

import (
	"testing"

	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/pkg/worker/workertest"
)

func mux() *worker.Mux { return worker.NewMux() }
`

// builds checks that a worker and its tests can be built.
func builds(t *testing.T, file, program, tests string) {
	t.Helper()
	folder := t.TempDir()
	replace := map[string]string{}
	for name, source := range map[string]string{"main.go": program, "main_test.go": tests} {
		replace[absolute(t, "../../workers/greeter/"+name)] = filepath.Join(folder, name)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	overlay := filepath.Join(folder, "overlay.json")
	if err = errors.Join(err, os.WriteFile(overlay, text, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"build", "-o", os.DevNull}, {"test", "-c", "-o", os.DevNull}} {
		build := exec.Command("go", append(args, "-overlay", overlay, "../../workers/greeter")...)
		if output, err := build.CombinedOutput(); err != nil {
			t.Errorf("%s: go %s: %v: %s", file, args[0], err, output)
		}
	}
}

// The block for nginx is the one that the ingress is tested behind.
func TestReadmeShowsTheTestedNginxBlock(t *testing.T) {
	want, err := os.ReadFile("../../ingress/door/testdata/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{english, chinese} {
		if diff := cmp.Diff([]string{string(want)}, fences(t, file, "nginx")); diff != "" {
			t.Errorf("%s (-tested +shown):\n%s", file, diff)
		}
	}
}

var (
	metricName = regexp.MustCompile(`"(wxbus_[a-z_]*[a-z])"`)
	spoolName  = regexp.MustCompile(`describe\("([a-z_]+)"`)
	metricRow  = regexp.MustCompile("(?m)^\\| `(wxbus_[a-z_]+)` \\|")
)

// Every metric has its row, and every row its metric.
func TestReadmeListsEveryMetric(t *testing.T) {
	want := metricsIn(t, "../../ingress", "../../pkg", "../../workers")
	for _, file := range []string{english, chinese} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, row := range metricRow.FindAllStringSubmatch(string(text), -1) {
			got = append(got, row[1])
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-defined +listed):\n%s", file, diff)
		}
	}
}

// metricsIn returns the names of metrics in the code of folders, sorted.
func metricsIn(t *testing.T, folders ...string) (names []string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, found := range metricName.FindAllSubmatch(text, -1) {
				names = append(names, string(found[1]))
			}
			for _, found := range spoolName.FindAllSubmatch(text, -1) {
				names = append(names, "wxbus_ingress_spool_"+string(found[1]))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(names)
	return names
}

var link = regexp.MustCompile(`\]\(#([^)]+)\)`)

// Links within a README lead to a chapter.
func TestReadmeLinksLeadSomewhere(t *testing.T) {
	for _, file := range []string{english, chinese} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var anchors []string
		for _, title := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(withoutCode(string(text)), -1) {
			anchor := regexp.MustCompile(`[^\p{L}\p{N} -]`).ReplaceAllString(strings.ToLower(title[1]), "")
			anchors = append(anchors, strings.ReplaceAll(anchor, " ", "-"))
		}
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(anchors, found[1]) {
				t.Errorf("%s: no chapter for #%s", file, found[1])
			}
		}
	}
}

var code = regexp.MustCompile("(?s)```.*?```")

func withoutCode(text string) string { return code.ReplaceAllString(text, "") }
