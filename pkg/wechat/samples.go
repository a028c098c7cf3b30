package wechat

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

// The tests read the same files: what is shown is what is checked.
//
//go:embed testdata/*.xml testdata/*.json
var sampleFiles embed.FS

// Sample is an example of a push, for tests and for those who write a handler
// and want to see what will come.
type Sample struct {
	Name string // its kind, and behind a dot which of several: "voice.recognition"
	Kind Kind
	Push []byte // XML, or JSON where WeChat pushes nothing else; it must not be changed
}

// Samples returns an example of every kind of push that WeChat documents, in
// the order of their names. Those of WeCom are left out.
func Samples() []Sample {
	entries, err := fs.ReadDir(sampleFiles, "testdata")
	if err != nil {
		panic(err) // the folder is embedded
	}
	taken := map[string]bool{}
	var samples []Sample
	for _, entry := range entries {
		name, isXML := strings.CutSuffix(entry.Name(), ".xml")
		if isXML && !strings.HasSuffix(name, ".wecom") {
			taken[name] = true
			samples = append(samples, readSample(name, entry.Name()))
		}
	}
	return withJSON(samples, entries, taken)
}

// withJSON adds what there is no XML of.
func withJSON(samples []Sample, entries []fs.DirEntry, taken map[string]bool) []Sample {
	for _, entry := range entries {
		name, isJSON := strings.CutSuffix(entry.Name(), ".json")
		if isJSON && !taken[name] && !strings.HasSuffix(name, ".golden") && !strings.HasSuffix(name, ".wecom") {
			samples = append(samples, readSample(name, entry.Name()))
		}
	}
	slices.SortFunc(samples, func(a, b Sample) int { return strings.Compare(a.Name, b.Name) })
	return samples
}

func readSample(name, file string) Sample {
	push, err := sampleFiles.ReadFile("testdata/" + file)
	if err != nil {
		panic(err) // it was listed
	}
	s := Sample{Name: name, Push: push}
	if m, err := Decode(push); err == nil {
		s.Kind = m.Kind()
	}
	return s
}
