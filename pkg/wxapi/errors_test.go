package wxapi_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/wxbus/wxbus/pkg/wxapi"
)

func refusal(code int) *wxapi.Error {
	return &wxapi.Error{Op: "/cgi-bin/message/custom/send", Code: code, Msg: "no rid: 1"}
}

func TestErrorSaysCallCodeMeaningAndMsg(t *testing.T) {
	got := refusal(45015).Error()
	if want := "/cgi-bin/message/custom/send: errcode 45015 (reply window closed or the user unfollowed): no rid: 1"; got != want {
		t.Errorf("Error = %q, want %q", got, want)
	}
	got = refusal(12345).Error()
	if want := "/cgi-bin/message/custom/send: errcode 12345 (unknown code): no rid: 1"; got != want {
		t.Errorf("Error = %q, want %q", got, want)
	}
}

func TestErrorIsWhatHasItsCode(t *testing.T) {
	wrapped := fmt.Errorf("send: %w", refusal(45015))
	tests := []struct {
		name   string
		err    error
		target error
		want   bool
	}{
		{"same code", refusal(45015), &wxapi.Error{Code: 45015}, true},
		{"same code, wrapped", wrapped, &wxapi.Error{Code: 45015}, true},
		{"other code", wrapped, &wxapi.Error{Code: 45047}, false},
		{"other error", wrapped, errAway, false},
		{"cause of a TokenError", &wxapi.TokenError{Cause: refusal(40013)}, &wxapi.Error{Code: 40013}, false},
	}
	for _, tt := range tests {
		if got := errors.Is(tt.err, tt.target); got != tt.want {
			t.Errorf("%s: Is = %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestCodeOfAndClassify(t *testing.T) {
	tests := []struct {
		name  string
		err   error
		code  int
		class wxapi.Class
	}{
		{"refusal", refusal(45047), 45047, wxapi.Permanent},
		{"wrapped", fmt.Errorf("a: %w", fmt.Errorf("b: %w", refusal(45009))), 45009, wxapi.Throttled},
		{"busy", refusal(-1), -1, wxapi.Transient},
		{"unknown code", refusal(12345), 12345, wxapi.Permanent},
		{"unknown negative code", refusal(-12345), -12345, wxapi.Permanent},
		{"token", &wxapi.TokenError{Cause: refusal(40013)}, 0, wxapi.Transient},
		{"pending token", fmt.Errorf("a: %w", wxapi.ErrTokenPending), 0, wxapi.Transient},
		{"stranger", errAway, 0, wxapi.Transient},
		{"nil", nil, 0, wxapi.Transient},
	}
	for _, tt := range tests {
		if code, class := wxapi.CodeOf(tt.err), wxapi.Classify(tt.err); code != tt.code || class != tt.class {
			t.Errorf("%s: code %d, class %d; want %d, %d", tt.name, code, class, tt.code, tt.class)
		}
	}
}
