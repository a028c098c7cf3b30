package kubernetes_test

import (
	"encoding/json"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// metricRow is a row of the README's table, which a test of wxbus holds against
// the code.
var metricRow = regexp.MustCompile("(?m)^\\| `(wxbus_[a-z_]+)` \\|")

// others are metrics that are not of wxbus: those of every Go program, and those
// of the exporter beside each NATS server, which are the fields of its /varz.
var others = []string{
	"process_resident_memory_bytes", "process_cpu_seconds_total",
	"nats_varz_jetstream_stats_storage", "nats_varz_jetstream_config_max_storage",
}

// added are labels that metrics have from where they are scraped, and buckets.
var added = []string{"namespace", "pod", "le"}

func exported(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range metricRow.FindAllStringSubmatch(string(text), -1) {
		names = append(names, row[1])
	}
	return names
}

// labelsOf reads from the code which labels metrics have: of those that are made
// with their name and labels in one call.
func labelsOf(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, folder := range []string{"../../ingress", "../../workers", "../../pkg"} {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parseFile(path)
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if name, labels := metric(call); name != "" && labels != nil {
						found[name] = labels
					}
				}
				return true
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func parseFile(path string) (*ast.File, error) {
	return goparser.ParseFile(token.NewFileSet(), path, nil, goparser.SkipObjectResolution)
}

// metric returns the name and the labels that a call is given.
func metric(call *ast.CallExpr) (name string, labels []string) {
	for _, argument := range call.Args {
		ast.Inspect(argument, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if ok && literal.Kind == token.STRING && name == "" {
				if text, _ := strconv.Unquote(literal.Value); strings.HasPrefix(text, "wxbus_") {
					name = text
				}
			}
			return true
		})
		list, ok := argument.(*ast.CompositeLit)
		if !ok {
			continue
		}
		if _, ok := list.Type.(*ast.ArrayType); !ok {
			continue
		}
		for _, element := range list.Elts {
			if literal, ok := element.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, _ := strconv.Unquote(literal.Value)
				labels = append(labels, text)
			}
		}
	}
	return name, labels
}

var suffix = regexp.MustCompile(`_(bucket|count|sum)$`)

// checkQuery finds metrics and labels that the programs do not export.
func checkQuery(t *testing.T, where, query string, names []string, known map[string][]string) (used []string) {
	t.Helper()
	query = strings.ReplaceAll(query, "$__rate_interval", "5m")
	parsed, err := parser.ParseExpr(query)
	if err != nil {
		t.Errorf("%s: %q: %v", where, query, err)
		return nil
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		name := selector.Name
		if base := suffix.ReplaceAllString(name, ""); slices.Contains(names, base) && !slices.Contains(names, name) {
			name = base
		}
		used = append(used, name)
		if !slices.Contains(names, name) && !slices.Contains(others, name) {
			t.Errorf("%s: nobody exports %s", where, selector.Name)
		}
		for _, matcher := range selector.LabelMatchers {
			checkLabel(t, where, name, matcher, known)
		}
		return nil
	})
	return used
}

func checkLabel(t *testing.T, where, name string, matcher *labels.Matcher, known map[string][]string) {
	t.Helper()
	has, ok := known[name]
	if matcher.Name == labels.MetricName || slices.Contains(added, matcher.Name) || !ok {
		return
	}
	if !slices.Contains(has, matcher.Name) {
		t.Errorf("%s: %s has no label %s, but %v", where, name, matcher.Name, has)
	}
}

// checkGrouping finds labels to group by that no metric of the query has.
func checkGrouping(t *testing.T, where, query string, used []string, known map[string][]string) {
	t.Helper()
	parsed, err := parser.ParseExpr(strings.ReplaceAll(query, "$__rate_interval", "5m"))
	if err != nil {
		return // said already
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		aggregate, ok := node.(*parser.AggregateExpr)
		if !ok {
			return nil
		}
		for _, label := range aggregate.Grouping {
			has := slices.Contains(added, label)
			for _, name := range used {
				_, read := known[name]
				has = has || !read || slices.Contains(known[name], label)
			}
			if !has {
				t.Errorf("%s: no metric of %q has a label %s", where, query, label)
			}
		}
		return nil
	})
}

func check(t *testing.T, where, query string, names []string, known map[string][]string) []string {
	t.Helper()
	used := checkQuery(t, where, query, names, known)
	checkGrouping(t, where, query, used, known)
	return used
}

// Every alert and every panel asks for what is exported.
func TestQueriesAskForWhatIsExported(t *testing.T) {
	objects, names, known := all["prod"](t), exported(t), labelsOf(t)
	if len(names) < 40 || len(known) < 15 {
		t.Fatalf("%d metrics and the labels of %d are found", len(names), len(known))
	}
	alerts := map[string]bool{}
	for _, group := range find[*monitoringv1.PrometheusRule](t, objects, "wxbus").Spec.Groups {
		for _, rule := range group.Rules {
			alerts[rule.Alert] = true
			check(t, rule.Alert, rule.Expr.String(), names, known)
			if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" || rule.Labels["severity"] == "" {
				t.Errorf("%s says not what is wrong, or what to do", rule.Alert)
			}
		}
	}
	for _, want := range []string{"WxbusMessagesWait", "WxbusDeadLetters", "WxbusTokenOld", "WxbusPushesRefused", "WxbusQuotaRefusals", "JetStreamStorageFull"} {
		if !alerts[want] {
			t.Errorf("there is no alert %s", want)
		}
	}
	for _, panel := range dashboard(t, objects).Panels {
		if len(panel.Targets) == 0 {
			t.Errorf("panel %q is empty", panel.Title)
		}
		for _, target := range panel.Targets {
			check(t, panel.Title, target.Expr, names, known)
		}
	}
}

type board struct {
	Title, UID string
	Panels     []struct {
		ID      int
		Title   string
		Targets []struct{ Expr, RefID string }
	}
}

func dashboard(t *testing.T, objects []object) (b board) {
	t.Helper()
	shown := find[*corev1.ConfigMap](t, objects, "wxbus-dashboard")
	if shown.Labels["grafana_dashboard"] != "1" {
		t.Error("Grafana's sidecar does not find the dashboard")
	}
	if err := json.Unmarshal([]byte(shown.Data["wxbus.json"]), &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// What prometheus-adapter is told to ask is exported, too.
func TestAdapterAsksForWhatIsExported(t *testing.T) {
	text, err := os.ReadFile("components/hpa/prometheus-adapter.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var values struct {
		Rules struct {
			External []struct {
				SeriesQuery, MetricsQuery string
				Name                      struct{ As string }
			}
		}
	}
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	names, known := exported(t), labelsOf(t)
	given := map[string]bool{}
	for _, rule := range values.Rules.External {
		given[rule.Name.As] = true
		check(t, rule.Name.As, rule.SeriesQuery, names, known)
		check(t, rule.Name.As, strings.ReplaceAll(rule.MetricsQuery, "<<.LabelMatchers>>", ""), names, known)
	}
	hpa, err := os.ReadFile("components/hpa/hpa.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`metric: \{name: (\w+)`).FindAllStringSubmatch(string(hpa), -1) {
		if !given[found[1]] {
			t.Errorf("no rule makes %s", found[1])
		}
	}
}

// The exporter's names are the fields of /varz: they are there.
func TestServersTellTheirStorage(t *testing.T) {
	_, servers := startCluster(t)
	varz, err := servers[0].Varz(nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(varz)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range others {
		field, ours := strings.CutPrefix(name, "nats_varz_jetstream_")
		if !ours {
			continue
		}
		group, field, _ := strings.Cut(field, "_")
		var found struct {
			JetStream map[string]map[string]any `json:"jetstream"`
		}
		if err := json.Unmarshal(text, &found); err != nil {
			t.Fatal(err)
		}
		if _, ok := found.JetStream[group][field]; !ok {
			t.Errorf("/varz has no jetstream.%s.%s: %v", group, field, found.JetStream[group])
		}
	}
}
