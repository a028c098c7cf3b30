package rules

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/wxbus/wxbus/pkg/wechat"
)

// expansion fills the words of a rule with those of a message: $1 with what the
// first group of the regexp captured, $Content and the other names in fields
// with that field, $$ with a dollar sign. ${1} and ${Content} are the same and
// may have letters and digits behind them. Any other $ stays: $5 is a price in
// a rule whose regexps have no fifth group. What is filled in is not expanded.
type expansion struct {
	message *wechat.Message
	at      time.Time // when it was sent
	groups  []string  // the match and its groups
	known   int       // groups that the rule knows; those not captured are empty
}

// fields are the names that can be filled in, with their way through the Body.
var fields = map[string][]string{
	"Account":      nil,
	"Content":      {"Content"},
	"Date":         nil,
	"Description":  {"Description"},
	"EventKey":     {"EventKey"},
	"FromUserName": {"FromUserName"},
	"Label":        {"Label"},
	"Location_X":   {"Location_X"},
	"Location_Y":   {"Location_Y"},
	"MediaId":      {"MediaId"},
	"PicUrl":       {"PicUrl"},
	"Recognition":  {"Recognition"},
	"ScanResult":   {"ScanCodeInfo", "ScanResult"},
	"Time":         nil,
	"Title":        {"Title"},
	"Url":          {"Url"},
}

var reference = regexp.MustCompile(`\$(?:\$|[0-9]+|[A-Za-z]\w*|\{\w+\})`)

func (x expansion) expand(text string) string {
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		name := strings.Trim(found[1:], "{}")
		if name == "$" {
			return "$"
		}
		if value, ok := x.lookup(name); ok {
			return value
		}
		return found
	})
}

func (x expansion) lookup(name string) (value string, known bool) {
	if n, err := strconv.Atoi(name); err == nil {
		return x.group(n), 1 <= n && n <= x.known
	}
	path, known := fields[name]
	switch {
	case !known:
		return "", false
	case name == "Account":
		return x.message.Account, true
	case name == "Time":
		return x.at.Format("15:04"), true
	case name == "Date":
		return x.at.Format(time.DateOnly), true
	case name == "EventKey":
		return strings.TrimPrefix(x.message.Field(path...), scenePrefix), true
	}
	return x.message.Field(path...), true
}

func (x expansion) group(n int) string {
	if n < len(x.groups) {
		return x.groups[n]
	}
	return ""
}
