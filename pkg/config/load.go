package config

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/kelseyhightower/envconfig"
)

// validator is a group of settings that must fit together. Its error names the
// settings without the prefix of an account; joined errors are several faults.
type validator interface{ Validate() error }

// section is a field that reads settings of its own, as [Accounts] does.
type section interface {
	load() []error
	rows() []Row
}

// Load fills spec, a pointer to a struct, from the environment. Its error joins
// one fault for each missing, empty or malformed setting, by name.
//
// A field's tags are envconfig's: envconfig (the variable's name), default,
// required, ignored, and desc (shown in the table). A field that is a struct
// is a group of settings; a group may have a method Validate() error, which is
// called when its settings are read. A setting that could not be read has its
// zero value then, and what Validate says of it is not repeated. A field with
// required:"true" or a default refuses a variable that is set but empty.
func Load(spec any) error {
	return errors.Join(unique(loadStruct("", reflect.ValueOf(spec).Elem()))...)
}

func loadStruct(prefix string, v reflect.Value) (faults []error) {
	for field, value := range settings(v) {
		if s, ok := reflect.TypeAssert[section](value.Addr()); ok {
			faults = append(faults, s.load()...)
		} else if field.Type.Kind() == reflect.Struct {
			faults = append(faults, loadStruct(prefix, value)...)
		} else {
			faults = append(faults, loadField(prefix, field, value)...)
		}
	}
	if check, ok := reflect.TypeAssert[validator](v.Addr()); ok {
		faults = append(faults, unrelated(check.Validate(), prefix, faults)...)
	}
	return faults
}

// unrelated are the faults of a group that name no setting which is known to be
// faulty: of one that could not be read, a group says what is not so.
func unrelated(err error, prefix string, known []error) []error {
	faults := slices.DeleteFunc(prefixed("", err), func(fault error) bool {
		return slices.ContainsFunc(known, func(other error) bool {
			name, _, _ := strings.Cut(other.Error(), ":")
			return strings.Contains(fault.Error(), strings.TrimPrefix(name, prefix+"_"))
		})
	})
	return prefixed(prefix, errors.Join(faults...))
}

// settings are the fields of a struct that are settings or groups of them.
func settings(v reflect.Value) iter.Seq2[reflect.StructField, reflect.Value] {
	return func(yield func(reflect.StructField, reflect.Value) bool) {
		for field, value := range v.Fields() {
			isSetting := field.IsExported() && field.Tag.Get("ignored") != "true"
			if isSetting && !yield(field, value) {
				return
			}
		}
	}
}

// loadField has envconfig read a single field: it stops at its first fault, so
// every field is a run of its own.
func loadField(prefix string, field reflect.StructField, value reflect.Value) []error {
	name := variable(prefix, field)
	text, set := os.LookupEnv(name)
	needed := field.Tag.Get("required") == "true"
	switch {
	case needed && !set:
		return []error{fmt.Errorf("%s: is missing", name)}
	case set && strings.TrimSpace(text) == "" && (needed || field.Tag.Get("default") != ""):
		return []error{fmt.Errorf("%s: is set but empty", name)}
	}
	// The full name and no prefix: with a prefix, envconfig falls back to the
	// variable without it, and a TOKEN of something else would be taken.
	one := reflect.New(reflect.StructOf([]reflect.StructField{{
		Name: name, Type: field.Type, Tag: reflect.StructTag(fmt.Sprintf("default:%q", field.Tag.Get("default"))),
	}}))
	if err := envconfig.Process("", one.Interface()); err != nil {
		return []error{fmt.Errorf("%s: %w", name, reason(err))}
	}
	value.Set(one.Elem().Field(0))
	return nil
}

// variable is the name that envconfig gives a field.
func variable(prefix string, field reflect.StructField) string {
	name := field.Tag.Get("envconfig")
	if name == "" {
		name = field.Name
	}
	if prefix != "" {
		name = prefix + "_" + name
	}
	return strings.ToUpper(name)
}

// reason is what is wrong with a value. envconfig's own text repeats the value,
// which may be a secret.
func reason(err error) error {
	if parse, ok := errors.AsType[*envconfig.ParseError](err); ok {
		return parse.Err
	}
	return err
}

func prefixed(prefix string, err error) (faults []error) {
	if err == nil {
		return nil
	}
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, fault := range list {
		if prefix != "" {
			fault = fmt.Errorf("%s_%w", prefix, fault)
		}
		faults = append(faults, fault)
	}
	return faults
}

func unique(faults []error) []error {
	seen := make(map[string]bool, len(faults))
	var once []error
	for _, fault := range faults {
		if !seen[fault.Error()] {
			once = append(once, fault)
		}
		seen[fault.Error()] = true
	}
	return once
}
