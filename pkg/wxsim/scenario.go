package wxsim

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// ErrScenario says that a file is not a scenario. The error says on which line,
// and why.
var ErrScenario = errors.New("not a scenario")

// Scenario is a conversation that can be had again: what users do, and what
// they expect to be answered.
type Scenario struct {
	Account string         `yaml:"account,omitempty"` // defaults to the simulator's first one
	Timeout time.Duration  `yaml:"timeout,omitempty"` // for each answer; defaults to 10 seconds
	Steps   []ScenarioStep `yaml:"steps"`

	// Files are those that steps name, such as pictures; nil for none.
	Files fs.FS `yaml:"-"`
}

// ScenarioStep is one thing that a user does, the answers that he expects to
// it, and how long he then waits.
type ScenarioStep struct {
	User   string `yaml:"user,omitempty"` // any name; defaults to that of the step before
	Step   `yaml:",inline"`
	Expect Expectations  `yaml:"expect,omitempty"` // in this order, and nothing between them
	Quiet  time.Duration `yaml:"quiet,omitempty"`  // for so long no further answer may come
	Wait   time.Duration `yaml:"wait,omitempty"`   // before the next step

	line int
}

// Expectation says what an answer is like. All that is said must hold.
type Expectation struct {
	Type     string `yaml:"type,omitempty"`     // its msgtype
	Contains string `yaml:"contains,omitempty"` // stands in its text, or in its JSON when it is no text
	Equal    string `yaml:"equal,omitempty"`    // is its text
	Regexp   string `yaml:"regexp,omitempty"`   // fits its text, or its JSON when it is no text

	pattern *regexp.Regexp
}

// Expectations are written as a list, or as the only one of it.
type Expectations []Expectation

// UnmarshalYAML reads a text as what must be contained.
func (e *Expectation) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&e.Contains) == nil {
		return nil
	}
	e.Contains = ""
	type plain Expectation // without this method
	return unmarshal((*plain)(e))
}

// MarshalYAML writes what must be contained as a text, if that is all.
func (e Expectation) MarshalYAML() (any, error) {
	if e.Type == "" && e.Equal == "" && e.Regexp == "" {
		return e.Contains, nil
	}
	type plain Expectation
	return plain(e), nil
}

// UnmarshalYAML reads a list, or one entry.
func (e *Expectations) UnmarshalYAML(unmarshal func(any) error) error {
	var list []Expectation
	if unmarshal(&list) == nil {
		*e = list
		return nil
	}
	var one Expectation
	err := unmarshal(&one)
	*e = Expectations{one}
	return err
}

// ReadScenario reads a scenario in YAML. It returns [ErrScenario] with the line
// of what is wrong.
func ReadScenario(data []byte) (*Scenario, error) {
	s := new(Scenario)
	if err := yaml.UnmarshalWithOptions(data, s, yaml.Strict()); err != nil {
		return nil, scenarioFault(err)
	}
	lines := stepLines(data)
	if len(s.Steps) == 0 {
		return nil, fmt.Errorf("%w: line 1: it has no steps", ErrScenario)
	}
	for i := range s.Steps {
		if i < len(lines) {
			s.Steps[i].line = lines[i]
		}
		if err := s.Steps[i].check(); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrScenario, s.Steps[i].line, err)
		}
	}
	return s, nil
}

// scenarioFault takes the line out of an error of the parser, which quotes the
// file.
func scenarioFault(err error) error {
	var fault yaml.Error
	if errors.As(err, &fault) && fault.GetToken() != nil {
		return fmt.Errorf("%w: line %d: %s", ErrScenario, fault.GetToken().Position.Line, fault.GetMessage())
	}
	reason, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%w: %s", ErrScenario, reason)
}

// stepLines returns the line on which each step begins.
func stepLines(data []byte) []int {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil // has been read before
	}
	path, err := yaml.PathString("$.steps")
	if err != nil {
		return nil
	}
	node, err := path.FilterFile(file)
	if err != nil {
		return nil
	}
	var lines []int
	if list, ok := node.(*ast.SequenceNode); ok {
		for _, entry := range list.Values {
			lines = append(lines, entry.GetToken().Position.Line)
		}
	}
	return lines
}

// check finds what no user can do.
func (s *ScenarioStep) check() error {
	acts := s.acts()
	switch {
	case len(acts) > 1:
		return fmt.Errorf("%s in one step: each begins with a hyphen of its own", strings.Join(acts, " and "))
	case len(acts) == 0 && len(s.Expect) == 0 && s.Quiet == 0 && s.Wait == 0:
		return errors.New("the step does nothing and expects nothing")
	case s.Quiet < 0 || s.Wait < 0:
		return errors.New("quiet and wait are not below 0")
	}
	for i := range s.Expect {
		if err := s.Expect[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (e *Expectation) check() (err error) {
	if e.Type+e.Contains+e.Equal+e.Regexp == "" {
		return errors.New("expect is empty")
	}
	if e.Regexp != "" {
		if e.pattern, err = regexp.Compile(e.Regexp); err != nil {
			return fmt.Errorf("regexp: %w", err)
		}
	}
	return nil
}

// fits returns "" when an answer is as expected, else what is not.
func (e *Expectation) fits(m Message) string {
	text := m.Text()
	if m.MsgType != "text" {
		text = string(m.Content)
	}
	switch {
	case e.Type != "" && m.MsgType != e.Type:
		return "of type " + e.Type
	case e.Contains != "" && !strings.Contains(text, e.Contains):
		return fmt.Sprintf("that contains %q", e.Contains)
	case e.Equal != "" && strings.TrimSpace(text) != strings.TrimSpace(e.Equal):
		return fmt.Sprintf("that is %q", e.Equal)
	case e.pattern != nil && !e.pattern.MatchString(text):
		return "that fits " + e.Regexp
	}
	return ""
}
