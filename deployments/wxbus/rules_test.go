package main_test

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestRulesCheck(t *testing.T) {
	good := written(t, "good.yaml", "rules:\n  - reply: a\n    when: {type: text}\n")
	bad := written(t, "bad.yaml", "rules:\n  - reply: a\n    when: {typ: text}\n  - when: {day: funday}\n")
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		says   []string
	}{
		{"good", []string{good}, 0, []string{good + ": 1 rules, no fault"}},
		{"the example", []string{"../../workers/autoreply/rules/example.yaml"}, 0, []string{"no fault"}},
		{"bad", []string{good, bad}, 1, []string{
			good + ": 1 rules", bad + `: line 3: unknown key "typ"`, bad + ": line 4: rule without reply", bad + `: line 4: day: "funday"`, "1 of 2 files",
		}},
		{"not there", []string{"/nowhere.yaml"}, 1, []string{"/nowhere.yaml"}},
		{"no file", nil, 2, []string{"name a file"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t, "wxbus", append([]string{"rules", "check"}, whole(t, tt.args)...))
			if status := p.status(); status != tt.status {
				t.Errorf("exit status %d, want %d", status, tt.status)
			}
			for _, text := range tt.says {
				if !strings.Contains(p.output(), text) {
					t.Errorf("does not say %q: %s", text, p.output())
				}
			}
		})
	}
}

// whole are the paths of files for a program that runs in another folder.
func whole(t *testing.T, files []string) []string {
	t.Helper()
	paths := make([]string, len(files))
	for i, file := range files {
		path, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		paths[i] = path
	}
	return paths
}
