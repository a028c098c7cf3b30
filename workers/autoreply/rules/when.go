package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// How many messages WeChat lets an account send after something that a user
// did: within 48 hours of a message, within one minute of a follow, a scan or a
// tap on a menu.
//
// https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Service_Center_messages.html
const (
	answersToMessage = 5
	answersToTap     = 3
)

var taps = []wechat.Kind{
	wechat.EventSubscribe, wechat.EventScan, wechat.EventClick, "event.scancode_push", "event.scancode_waitmsg",
}

// answers returns how many messages may answer what fulfils c.
func (c *condition) answers() int {
	isTap := func(kind wechat.Kind) bool { return slices.Contains(taps, kind) }
	if len(c.menus) > 0 || slices.ContainsFunc(c.kinds, isTap) {
		return answersToTap
	}
	return answersToMessage
}

// when reads one condition, or a list of which any may hold.
func (r *reader) when(node ast.Node) []condition {
	var conditions []condition
	for _, entry := range list(node) {
		conditions = append(conditions, r.condition(entry))
	}
	if len(conditions) == 0 {
		r.fault(node, "empty list")
	}
	return conditions
}

func (r *reader) condition(node ast.Node) condition {
	var c condition
	var types, events []string
	found := r.mapping(node,
		field{"type", func(node ast.Node) { types = r.texts(node) }},
		field{"event", func(node ast.Node) { events = r.texts(node) }},
		field{"key", func(node ast.Node) { c.keys = r.texts(node) }},
		field{"equal", func(node ast.Node) { c.equal = lowerAll(r.texts(node)) }},
		field{"contains", func(node ast.Node) { c.contains = lowerAll(r.texts(node)) }},
		field{"regexp", func(node ast.Node) { c.regexps = r.regexps(node) }},
		field{"menu", func(node ast.Node) { c.menus = r.texts(node) }},
		field{"time", func(node ast.Node) { c.hours.spans = r.spans(node) }},
		field{"day", func(node ast.Node) { c.hours.days = r.days(node) }},
		field{"account", func(node ast.Node) { c.accounts = r.texts(node) }},
	)
	r.checkNames(node, types, events)
	r.checkTogether(node, found, types)
	c.kinds = kinds(found, types, events)
	return c
}

func lowerAll(texts []string) []string {
	for i := range texts {
		texts[i] = lower(texts[i])
	}
	return texts
}

func (r *reader) regexps(node ast.Node) []*regexp.Regexp {
	var regexps []*regexp.Regexp
	for _, entry := range list(node) {
		re, err := regexp.Compile(r.text(entry))
		if err != nil {
			r.fault(entry, "regexp: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
			continue
		}
		regexps = append(regexps, re)
	}
	if len(list(node)) == 0 {
		r.fault(node, "empty list")
	}
	return regexps
}

// checkNames finds events that stand under type, and the one that nobody is
// left to read an answer to. All other names are let pass: WeChat adds some
// every year.
func (r *reader) checkNames(node ast.Node, types, events []string) {
	for _, name := range types {
		switch lower(name) {
		case "subscribe", "unsubscribe", "scan", "click", "view":
			r.fault(node, "type: %s is an event: write event: %s", name, name)
		}
	}
	for _, name := range events {
		if lower(name) == "unsubscribe" {
			r.fault(node, "event: %s cannot be answered: the user has left", name)
		}
	}
}

// checkTogether finds keys of one condition that no message fulfils together.
func (r *reader) checkTogether(node ast.Node, found, types []string) {
	texts := keep(found, "equal", "contains", "regexp")
	aboutText := keep(found, "equal", "contains", "regexp", "menu")
	aboutEvent := keep(found, "event", "key")
	switch {
	case len(texts) > 1:
		r.fault(node, "%s in one condition: choose one, or write when as a list of conditions", strings.Join(texts, " and "))
	case len(aboutText) > 0 && len(aboutEvent) > 0:
		r.fault(node, "%s asks for a text message, %s for an event: nothing is both", aboutText[0], aboutEvent[0])
	case len(aboutText) > 0 && !onlyType(types, "text"):
		r.fault(node, "%s asks for a text message, type: %s for another", aboutText[0], strings.Join(types, ", "))
	case len(aboutEvent) > 0 && !onlyType(types, "event"):
		r.fault(node, "%s asks for an event, type: %s for another message", aboutEvent[0], strings.Join(types, ", "))
	}
}

func keep(found []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(found), func(name string) bool { return !slices.Contains(names, name) })
}

func onlyType(types []string, name string) bool {
	return !slices.ContainsFunc(types, func(t string) bool { return lower(t) != name })
}

// kinds returns which kinds a condition asks for, none for any message.
func kinds(found, types, events []string) []wechat.Kind {
	var kinds []wechat.Kind
	switch {
	case len(events) > 0:
		for _, name := range events {
			kinds = append(kinds, kindOf("event", name))
		}
	case len(types) > 0:
		for _, name := range types {
			kinds = append(kinds, kindOf(name, ""))
		}
	case slices.Contains(found, "key"):
		kinds = append(kinds, wechat.AnyEvent)
	case len(keep(found, "equal", "contains", "regexp", "menu")) > 0:
		kinds = append(kinds, wechat.KindText)
	}
	return kinds
}

// kindOf asks wechat for the kind of a message with this type and event, so
// that both spell it alike.
func kindOf(msgType, event string) wechat.Kind {
	if lower(msgType) == "event" && event == "" {
		return wechat.AnyEvent
	}
	push, _ := wechat.Marshal(map[string]string{"MsgType": msgType, "Event": event}) // strings always marshal
	m, err := wechat.Decode(push)
	if err != nil {
		return ""
	}
	return m.Kind()
}
