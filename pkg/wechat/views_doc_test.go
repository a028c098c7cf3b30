package wechat_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Whoever handles an event reads here what its fields mean, and finds WeChat's
// own page.
func TestEveryViewSaysWhatItIs(t *testing.T) {
	views, parts := map[string]bool{}, map[string]bool{}
	for _, g := range goldens() {
		views[g.of.Name()] = true
		addParts(parts, g.of)
	}
	for _, file := range sourceFiles(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			decl, ok := n.(*ast.GenDecl)
			if !ok || decl.Tok != token.TYPE {
				return true
			}
			spec := decl.Specs[0].(*ast.TypeSpec)
			if views[spec.Name.Name] && !strings.Contains(decl.Doc.Text(), "https://") {
				t.Errorf("%s: %s names no page of WeChat's", file, spec.Name.Name)
			}
			if parts[spec.Name.Name] {
				checkComments(t, file, decl.Doc.Text(), spec)
			}
			return false
		})
	}
}

// addParts notes the names of a struct and of the structs in it.
func addParts(parts map[string]bool, of reflect.Type) {
	if of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || of.PkgPath() != reflect.TypeFor[wechat.Text]().PkgPath() || parts[of.Name()] {
		return
	}
	parts[of.Name()] = true
	for f := range of.Fields() {
		addParts(parts, f.Type)
	}
}

// checkComments wants a comment at a type, and at every field one that begins
// with its name.
func checkComments(t *testing.T, file, comment string, spec *ast.TypeSpec) {
	t.Helper()
	if !strings.HasPrefix(comment, spec.Name.Name+" ") {
		t.Errorf("%s: %s has no comment", file, spec.Name.Name)
	}
	for _, field := range spec.Type.(*ast.StructType).Fields.List {
		said := field.Doc.Text()
		for _, name := range field.Names {
			if name.IsExported() && !strings.Contains(said, name.Name+" ") {
				t.Errorf("%s: %s.%s has no comment", file, spec.Name.Name, name.Name)
			}
		}
	}
}
