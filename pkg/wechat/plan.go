package wechat

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// plan says how to fill a struct: one step for each of its fields.
type plan []step

type step struct {
	index  int        // of the field in the struct
	places [][]string // paths to where WeChat may put it; none: the struct's own level
	read   reader
}

// reader sets a field to what a value holds.
type reader func(to reflect.Value, v Value)

func (p plan) fill(to reflect.Value, v Value) {
	for _, s := range p {
		s.read(to.Field(s.index), s.find(v))
	}
}

// find returns the first place that holds something.
func (s step) find(v Value) Value {
	if len(s.places) == 0 {
		return v
	}
	var found Value
	for _, place := range s.places {
		if found = v.Get(place...); !found.isBlank() {
			break
		}
	}
	return found
}

// plans caches what planOf made, by type. A plan is never changed.
var plans sync.Map

// planOf returns the plan of a struct. outer are the structs it stands in: a
// view that contains itself would have no end.
func planOf(t reflect.Type, outer ...reflect.Type) (plan, error) {
	if made, ok := plans.Load(t); ok {
		return made.(plan), nil
	}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%v is no view: it is no struct", t)
	}
	if slices.Contains(outer, t) {
		return nil, fmt.Errorf("%v is no view: it contains itself", t)
	}
	p := make(plan, 0, t.NumField())
	for i := range t.NumField() {
		s, err := stepOf(t.Field(i), append(outer, t))
		if err != nil {
			return nil, fmt.Errorf("%v.%s: %w", t, t.Field(i).Name, err)
		}
		if s.read != nil {
			s.index = i
			p = append(p, s)
		}
	}
	plans.Store(t, p)
	return p, nil
}

// stepOf returns the step of a field, and none for a field that is left alone.
func stepOf(f reflect.StructField, outer []reflect.Type) (step, error) {
	tag, tagged := f.Tag.Lookup("wechat")
	if tag == "-" || !f.IsExported() && !f.Anonymous {
		return step{}, nil
	}
	read, err := readerOf(f.Type, outer)
	switch {
	case err != nil:
		return step{}, err
	case f.Anonymous && !tagged:
		return step{read: read}, nil
	case !tagged:
		tag = f.Name
	}
	s := step{read: read}
	for place := range strings.SplitSeq(tag, "|") {
		path := strings.Split(place, ">")
		if slices.Contains(path, "") {
			return step{}, fmt.Errorf("the tag %q has an empty name", tag)
		}
		s.places = append(s.places, path)
	}
	return s, nil
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	valueType = reflect.TypeFor[Value]()
)

func readerOf(t reflect.Type, outer []reflect.Type) (reader, error) {
	switch t {
	case timeType:
		return func(to reflect.Value, v Value) { to.Set(reflect.ValueOf(v.Time())) }, nil
	case valueType:
		return func(to reflect.Value, v Value) { to.Set(reflect.ValueOf(v)) }, nil
	}
	switch t.Kind() {
	case reflect.String:
		return func(to reflect.Value, v Value) { to.SetString(v.Text()) }, nil
	case reflect.Bool:
		return func(to reflect.Value, v Value) { to.SetBool(v.Bool()) }, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return readInt, nil
	case reflect.Float32, reflect.Float64:
		return func(to reflect.Value, v Value) { to.SetFloat(v.Float()) }, nil
	case reflect.Struct:
		p, err := planOf(t, outer...)
		return p.fill, err
	case reflect.Slice:
		return listReader(t, outer)
	}
	return nil, fmt.Errorf("a view has no fields of type %v", t)
}

// readInt takes a number that the field has no room for as malformed: 0.
func readInt(to reflect.Value, v Value) {
	if n := v.Int(); !to.OverflowInt(n) {
		to.SetInt(n)
	}
}

// listReader makes a slice of the entries of a list. Where they should be
// objects, an entry that is none is malformed and left out.
func listReader(t reflect.Type, outer []reflect.Type) (reader, error) {
	entry := t.Elem()
	read, err := readerOf(entry, outer)
	if err != nil {
		return nil, err
	}
	ofObjects := entry.Kind() == reflect.Struct && entry != timeType && entry != valueType
	return func(to reflect.Value, v Value) {
		for _, value := range v.List() {
			if ofObjects && !value.isObject() {
				continue
			}
			to.Grow(1)
			to.SetLen(to.Len() + 1)
			read(to.Index(to.Len()-1), value)
		}
	}, nil
}
