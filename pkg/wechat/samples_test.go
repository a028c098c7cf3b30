package wechat_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/wechat"
)

func TestSamples(t *testing.T) {
	samples := wechat.Samples()
	if !slices.IsSortedFunc(samples, func(a, b wechat.Sample) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not in the order of their names")
	}
	kinds := map[wechat.Kind]bool{}
	for i, s := range samples {
		kinds[s.Kind] = true
		if s.Kind == "" || !strings.HasPrefix(s.Name, string(s.Kind)) || len(s.Push) == 0 {
			t.Errorf("sample %q is of kind %q", s.Name, s.Kind)
		}
		if i > 0 && samples[i-1].Name == s.Name {
			t.Errorf("two samples are called %s", s.Name)
		}
	}
	for _, want := range []wechat.Kind{
		wechat.KindText, wechat.KindVoice, wechat.EventSubscribe, "event.templatesendjobfinish",
		"info.component_verify_ticket", "event.channels_ec_order_new",
	} {
		if !kinds[want] {
			t.Errorf("no sample of %s", want)
		}
	}
	if len(kinds) < 200 {
		t.Errorf("%d kinds; want every one that is known", len(kinds))
	}
}
