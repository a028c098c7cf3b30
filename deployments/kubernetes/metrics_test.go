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

// catalogue is what is exported: the names of metrics, and the labels of those of
// which they are known.
type catalogue struct {
	names  []string
	labels map[string][]string
}

func newCatalogue(t *testing.T) catalogue {
	t.Helper()
	c := catalogue{exported(t), labelsOf(t)}
	if len(c.names) < 40 || len(c.labels) < 15 {
		t.Fatalf("%d metrics and the labels of %d are found", len(c.names), len(c.labels))
	}
	return c
}

// has reports whether a metric has a label, as far as it is known.
func (c catalogue) has(metric, label string) bool {
	labels, known := c.labels[metric]
	return !known || slices.Contains(labels, label) || slices.Contains(added, label)
}

var suffix = regexp.MustCompile(`_(bucket|count|sum)$`)

// check finds metrics and labels in a query that nobody exports.
func (c catalogue) check(t *testing.T, where, query string) {
	t.Helper()
	parsed, err := parser.ParseExpr(strings.ReplaceAll(query, "$__rate_interval", "5m"))
	if err != nil {
		t.Errorf("%s: %q: %v", where, query, err)
		return
	}
	var used []string
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			used = append(used, c.checkSelector(t, where, selector))
		}
		return nil
	})
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		aggregate, ok := node.(*parser.AggregateExpr)
		if !ok {
			return nil
		}
		for _, label := range aggregate.Grouping {
			if !slices.ContainsFunc(used, func(metric string) bool { return c.has(metric, label) }) {
				t.Errorf("%s: no metric of %q has a label %s", where, query, label)
			}
		}
		return nil
	})
}

// checkSelector returns the name of the metric that is selected.
func (c catalogue) checkSelector(t *testing.T, where string, selector *parser.VectorSelector) string {
	t.Helper()
	name := selector.Name
	if !slices.Contains(c.names, name) {
		name = suffix.ReplaceAllString(name, "")
	}
	if !slices.Contains(c.names, name) && !slices.Contains(others, name) {
		t.Errorf("%s: nobody exports %s", where, selector.Name)
	}
	for _, matcher := range selector.LabelMatchers {
		if matcher.Name != "__name__" && !c.has(name, matcher.Name) {
			t.Errorf("%s: %s has no label %s, but %v", where, name, matcher.Name, c.labels[name])
		}
	}
	return name
}

// Every alert and every panel asks for what is exported.
func TestQueriesAskForWhatIsExported(t *testing.T) {
	objects, c := all["prod"](t), newCatalogue(t)
	alerts := map[string]bool{}
	for _, group := range find[*monitoringv1.PrometheusRule](t, objects, "wxbus").Spec.Groups {
		for _, rule := range group.Rules {
			alerts[rule.Alert] = true
			c.check(t, rule.Alert, rule.Expr.String())
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
			c.check(t, panel.Title, target.Expr)
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
	c := newCatalogue(t)
	given := map[string]bool{}
	for _, rule := range values.Rules.External {
		given[rule.Name.As] = true
		c.check(t, rule.Name.As, rule.SeriesQuery)
		c.check(t, rule.Name.As, strings.ReplaceAll(rule.MetricsQuery, "<<.LabelMatchers>>", ""))
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
