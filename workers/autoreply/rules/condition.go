package rules

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// condition is what one "when" asks for. Everything that it names must hold; of
// a list, one entry must.
type condition struct {
	kinds    []wechat.Kind // empty: any message that is no event
	accounts []string
	keys     []string // EventKey, without qrscene_
	menus    []string // ids of menu entries
	equal    []string // texts in lower case
	contains []string // texts in lower case
	regexps  []*regexp.Regexp
	hours    hours
}

// match reports whether m, which came at a time, fulfils the condition, and what the groups of its
// regexp captured; the whole text stands before them.
func (c *condition) match(m *wechat.Message, at time.Time) (groups []string, ok bool) {
	if !c.matchKind(m.Kind()) || !oneOf(c.accounts, m.Account) || !c.hours.hold(at) {
		return nil, false
	}
	if len(c.keys) > 0 && !c.matchKey(m.Field("EventKey")) {
		return nil, false
	}
	if !oneOf(c.menus, m.Field("bizmsgmenuid")) {
		return nil, false
	}
	return c.matchText(strings.TrimSpace(m.Field("Content")))
}

// matchKind keeps a condition without kinds away from events: nobody waits for
// an answer to most of them, and LOCATION comes every 5 seconds.
func (c *condition) matchKind(kind wechat.Kind) bool {
	if len(c.kinds) == 0 {
		notSaid := wechat.AnyEvent.Covers(kind) || wechat.Kind("info.>").Covers(kind)
		return !notSaid && kind != wechat.Undecodable
	}
	return slices.ContainsFunc(c.kinds, func(k wechat.Kind) bool { return k.Covers(kind) })
}

// scenePrefix stands before the scene of a QR code when the user follows by it,
// and not when a follower scans the same code.
const scenePrefix = "qrscene_"

func (c *condition) matchKey(sent string) bool {
	return slices.Contains(c.keys, sent) || slices.Contains(c.keys, strings.TrimPrefix(sent, scenePrefix))
}

func (c *condition) matchText(text string) (groups []string, ok bool) {
	if len(c.regexps) > 0 {
		return c.matchRegexps(text)
	}
	folded := lower(text)
	within := func(word string) bool { return strings.Contains(folded, word) }
	return nil, oneOf(c.equal, folded) && (len(c.contains) == 0 || slices.ContainsFunc(c.contains, within))
}

func (c *condition) matchRegexps(text string) (groups []string, ok bool) {
	for _, re := range c.regexps {
		if groups = re.FindStringSubmatch(text); groups != nil {
			return groups, true
		}
	}
	return nil, false
}

// subscribed returns the kinds that can fulfil the condition, or cover them.
func (c *condition) subscribed() []wechat.Kind {
	if len(c.kinds) == 0 {
		return []wechat.Kind{wechat.AnyKind}
	}
	return c.kinds
}

// unconditional reports whether every message of the kinds fulfils c.
func (c *condition) unconditional() bool {
	return len(c.accounts)+len(c.keys)+len(c.menus)+len(c.equal)+len(c.contains)+len(c.regexps) == 0 && c.hours.always()
}

// shadows reports whether no message is left for other when c comes first.
func (c *condition) shadows(other *condition) bool {
	if !c.unconditional() {
		return false
	}
	if len(other.kinds) == 0 {
		return len(c.kinds) == 0
	}
	return !slices.ContainsFunc(other.kinds, func(kind wechat.Kind) bool { return !c.matchKind(kind) })
}

// oneOf reports whether list holds text, or asks for nothing.
func oneOf(list []string, text string) bool {
	return len(list) == 0 || slices.Contains(list, text)
}

// lower folds ASCII letters alone: for all others lower case depends on the
// language.
func lower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}
