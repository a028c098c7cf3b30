package wechat_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// unseen are names that a tag takes although no golden push has them: WeChat's
// tables spell them so, its examples do not.
var unseen = []string{
	"CardMerchantCheckResultEvent.CardId",
	"OrderPathApplyResultInfo.List.AppID|Appid", "OrderPathApplyResultInfo.List.AuditID|AuditId",
	"OrderPathApplyResultInfo.List.RetCode|RetCode", "OrderPathApplyResultInfo.List|List",
	"OrderPathAuditResultInfo.List.AppID|Appid", "OrderPathAuditResultInfo.List.AuditID|AuditId",
	"OrderPathAuditResultInfo.List|List",
	"NotifyThirdFastVerifyBetaAppInfo.Info.IDName|idname", "NotifyThirdFastVerifyBetaAppInfo.Info.WxUser|wxuser",
	"ViewEvent.MenuId|MenuID", "ViewMiniProgramEvent.MenuId|MenuID",
	"Voice.MediaId|MediaID", "Voice.Recognition|Recongnition",
}

func TestEveryViewHasAGoldenPush(t *testing.T) {
	var want, got []string
	for _, file := range sources(t) {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == "Kind" {
				if receiver, ok := f.Recv.List[0].Type.(*ast.Ident); ok {
					want = append(want, receiver.Name)
				}
			}
		}
	}
	for _, g := range goldens() {
		got = append(got, g.of.Name())
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" || len(want) < 80 {
		t.Errorf("types with a kind (-declared +with a golden push):\n%s", diff)
	}
}

func sources(t *testing.T) []*ast.File {
	t.Helper()
	var parsed []*ast.File
	for _, file := range sourceFiles(t) {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	return parsed
}

func sourceFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.go") })
}

// A push of WeCom's (企业微信) shares the name of a kind, not its fields.
func TestEveryGoldenPushOfAKindWithAViewIsExpected(t *testing.T) {
	views, expected := map[wechat.Kind]bool{}, map[string]bool{}
	for _, g := range goldens() {
		views[g.kind], expected[g.push] = true, true
	}
	for _, file := range pushes(t) {
		push := filepath.Base(stem(file))
		if views[decodeFile(t, file).Kind()] && !expected[push] && !strings.HasSuffix(push, ".wecom") {
			t.Errorf("no view of %s is expected by a test", file)
		}
	}
}

func TestEveryTagNamesAFieldOfAGoldenPush(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range goldens() {
		for _, file := range g.files() {
			markTags(seen, g.of.Name(), g.of, decodeFile(t, file).Value())
		}
	}
	for tag, isSeen := range seen {
		if isUnseen := slices.Contains(unseen, tag); isSeen == isUnseen {
			t.Errorf("%s: seen in a golden push: %v, listed as unseen: %v", tag, isSeen, isUnseen)
		}
	}
	for _, tag := range unseen {
		if _, has := seen[tag]; !has {
			t.Errorf("%s is listed as unseen, but no view has it", tag)
		}
	}
}

// markTags notes which names of the fields of a struct stand in v.
func markTags(seen map[string]bool, where string, of reflect.Type, v wechat.Value) {
	for f := range of.Fields() {
		tag, tagged := f.Tag.Lookup("wechat")
		switch {
		case tag == "-":
		case f.Anonymous && (f.Type.Name() == "Common" || f.Type.Name() == "Received"):
			markTags(seen, f.Type.Name(), f.Type, v) // shared by all
		case f.Anonymous:
			markTags(seen, where, f.Type, v)
		case !tagged:
			markTag(seen, where+"."+f.Name, f.Type, v.Get(f.Name))
		default:
			for place := range strings.SplitSeq(tag, "|") {
				markTag(seen, where+"."+f.Name+"|"+place, f.Type, v.Get(strings.Split(place, ">")...))
			}
		}
	}
}

func markTag(seen map[string]bool, name string, of reflect.Type, v wechat.Value) {
	seen[name] = seen[name] || v.Exists()
	isList := of.Kind() == reflect.Slice
	if isList {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || of.PkgPath() == "time" {
		return
	}
	name, _, _ = strings.Cut(name, "|")
	if entries := v.List(); isList && len(entries) > 0 {
		for _, entry := range entries {
			markTags(seen, name, of, entry)
		}
		return
	}
	markTags(seen, name, of, v)
}

// Every text of a push shows in its view: a view that stays the same whatever
// stands in a field has no place for it.
func TestNoFieldOfAGoldenPushIsWithoutAPlaceInItsView(t *testing.T) {
	shown, hidden := map[string]bool{}, map[string]string{}
	for _, g := range goldens() {
		for _, file := range g.files() {
			tree := treeOf(t, decodeFile(t, file).Body)
			eachLeaf(tree, string(g.kind), func(path string, set func(text string)) {
				set("1")
				one := g.viewTree(t, tree)
				set("7")
				seven := g.viewTree(t, tree)
				if cmp.Equal(one, seven, cmpopts.IgnoreFields(wechat.Common{}, "Push")) {
					hidden[path] = file
				} else {
					shown[path] = true
				}
			})
		}
	}
	for path, file := range hidden {
		isContainer := func(inner string) bool { return strings.HasPrefix(inner, path+">") }
		if !shown[path] && !slices.ContainsFunc(keys(shown), isContainer) {
			t.Errorf("%s of %s has no place in the view", path, file)
		}
	}
	if len(shown) < 400 {
		t.Errorf("%d fields were looked for, want them all", len(shown))
	}
}

func keys(set map[string]bool) []string {
	var all []string
	for key := range set {
		all = append(all, key)
	}
	return all
}

func (g golden) viewTree(t *testing.T, tree map[string]any) any {
	t.Helper()
	body, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	view, err := g.view(mustDecode(t, string(body)))
	if err != nil {
		t.Fatal(err)
	}
	return view
}

func treeOf(t *testing.T, body []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var tree map[string]any
	if err := decoder.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

// eachLeaf visits the texts and numbers of a push, except those that make its
// kind, and restores each afterwards.
func eachLeaf(tree map[string]any, path string, visit func(path string, set func(text string))) {
	for name, value := range tree {
		if name == "MsgType" || name == "InfoType" || name == "Event" && tree["MsgType"] == "event" {
			continue
		}
		eachLeafOf(value, path+">"+name, func(v any) { tree[name] = v }, visit)
	}
}

func eachLeafOf(value any, path string, set func(any), visit func(path string, set func(text string))) {
	switch v := value.(type) {
	case map[string]any:
		eachLeaf(v, path, visit)
	case []any:
		for i, entry := range v {
			eachLeafOf(entry, path, func(changed any) { v[i] = changed }, visit)
		}
	default:
		visit(path, func(text string) { set(text) })
		set(value)
	}
}

func TestTestdataNamesAreUnique(t *testing.T) {
	count := map[string]int{}
	for _, g := range goldens() {
		if count[g.push]++; count[g.push] > 1 {
			t.Errorf("%s is expected twice", g.push)
		}
		if g.push != string(g.kind) && !strings.HasPrefix(g.push, string(g.kind)+".") {
			t.Errorf("%s is not named after its kind, %s", g.push, g.kind)
		}
		if _, err := os.Stat(filepath.Join("testdata", g.push+".golden.json")); err != nil {
			t.Error(err)
		}
	}
}
