package door_test

import (
	"net/http"
	"testing"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

func TestPathBehindAPrefixIsTheSame(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) {
		c.HTTPPrefix = "/api/wx"
		c.Accounts["wechat"] = c.Accounts["plain"]
	}).ready()
	for i, tt := range []struct {
		path string
		want answer
	}{
		{"/api/wx/wechat/plain", success},
		{"/api/wx/wechat/plain/", success},
		{"/wechat/plain", success}, // a proxy has taken the prefix off
		{"/wechat/plain/", success},
		{"/api/wx/wechat/wechat", success},
		{"/wechat/wechat/", success},
		{"/api/wx/wechat/nobody", notFound},
		{"/api/wx/plain", notFound},
		{"/api/wechat/plain", notFound},
		{"/api/wx/api/wx/wechat/plain", notFound},
		{"/api/wx//wechat/plain", notFound},
		{"/API/WX/wechat/plain", notFound},
	} {
		if got := r.post(tt.path, signed(textNo(i))); got != tt.want {
			t.Errorf("POST %s = %+v, want %+v", tt.path, got, tt.want)
		}
		want := tt.want
		if want == success {
			want.Body = "7"
		}
		if got, _ := r.do(http.MethodGet, tt.path, signed("").with("echostr", "7").query, nil); got != want {
			t.Errorf("GET %s = %+v, want %+v", tt.path, got, want)
		}
	}
	got, header := r.do(http.MethodPut, "/api/wx/wechat/plain", nil, nil)
	if got != notAllowed || header.Get("Allow") != "GET, POST" {
		t.Errorf("PUT = %+v, Allow %q", got, header.Get("Allow"))
	}
}

// A prefix may be called like what follows it.
func TestPrefixMayRepeatThePath(t *testing.T) {
	r := serve(t, bustest.Start(t), func(c *door.Config) { c.HTTPPrefix = "/wechat" }).ready()
	for i, path := range []string{"/wechat/wechat/plain", "/wechat/plain", "/wechat/plain/", "/wechat/wechat/plain/"} {
		if got := r.post(path, signed(textNo(i))); got != success {
			t.Errorf("POST %s = %+v", path, got)
		}
	}
}

func TestServerURLNamesThePathFromOutside(t *testing.T) {
	for _, tt := range []struct {
		cfg  door.Config
		want string
	}{
		{door.Config{}, "http://host:8080/wechat/main"},
		{door.Config{HTTPPrefix: "/api/wx"}, "http://host:8080/api/wx/wechat/main"},
		{door.Config{TLSCert: "tls.crt"}, "https://host:8080/wechat/main"},
	} {
		if got := tt.cfg.ServerURL("host:8080", "main"); got != tt.want {
			t.Errorf("ServerURL = %s, want %s", got, tt.want)
		}
	}
}
