package worker

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// Match is a condition on a message beside its kind. It reports whether m
// fulfils it; what it captured is found by [Group]. [Equal], [Regexp] and [Key]
// make some; any other is a function of the program's own. It must not block, and
// is called from several goroutines.
type Match func(m *wechat.Message) (groups []string, ok bool)

// Equal matches a text that is one of these. Blanks around it and the case of
// ASCII letters do not count.
func Equal(texts ...string) Match {
	wanted := make([]string, len(texts))
	for i, text := range texts {
		wanted[i] = fold(text)
	}
	return oneOf("Equal", wanted, func(m *wechat.Message) string { return fold(said(m)) })
}

// Regexp matches a text, without blanks around it, that a regular expression of
// package [regexp] matches. It panics when expr is none.
func Regexp(expr string) Match {
	re := regexp.MustCompile(expr)
	return func(m *wechat.Message) (groups []string, ok bool) {
		groups = re.FindStringSubmatch(said(m))
		return groups, groups != nil
	}
}

// Key matches an event with one of these EventKeys: the key of an entry of the
// account's menu, or the scene of a QR code, also when the user follows by it
// and WeChat writes qrscene_ before it. Of texts it matches the tap on an entry
// with that id of a [wechat.MenuReply].
func Key(keys ...string) Match {
	return oneOf("Key", keys, func(m *wechat.Message) string {
		if key := m.Field("EventKey"); key != "" {
			return strings.TrimPrefix(key, "qrscene_")
		}
		return m.Field("bizmsgmenuid")
	})
}

func oneOf(name string, wanted []string, is func(m *wechat.Message) string) Match {
	if len(wanted) == 0 || slices.Contains(wanted, "") {
		panic("worker: " + name + " of nothing")
	}
	return func(m *wechat.Message) (groups []string, ok bool) { return nil, slices.Contains(wanted, is(m)) }
}

// said is the text of a message.
func said(m *wechat.Message) string { return strings.TrimSpace(m.Field("Content")) }

// fold makes ASCII letters lower case: for all others that depends on the
// language.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, strings.TrimSpace(text))
}

type groupsKey struct{}

// Group returns what the n-th group of the handler's [Regexp] captured, from 1;
// 0 is all that it matched. It is empty when there is no such group. ctx is the
// handler's.
func Group(ctx context.Context, n int) string {
	if groups, _ := ctx.Value(groupsKey{}).([]string); 0 <= n && n < len(groups) {
		return groups[n]
	}
	return ""
}

func withGroups(ctx context.Context, groups []string) context.Context {
	if groups == nil {
		return ctx
	}
	return context.WithValue(ctx, groupsKey{}, groups)
}
