package door_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// What is often wrong in front of an ingress, and what is seen of it there.
func TestCommonFaultsInFrontAreSeen(t *testing.T) {
	nats := bustest.Start(t)
	const pass = "proxy_pass http://127.0.0.1:8080;"
	for _, tt := range []struct {
		name    string
		changes []string
		status  int
		log     string // what the ingress says of it; empty when nothing reaches it
	}{
		{
			"rewrite drops the query",
			[]string{location, location + " rewrite ^(.*)$ $1? break;"},
			http.StatusForbidden, "path=/wechat/main status=403 from=127.0.0.1 err=\"signature is missing or wrong: there is no query at all; let the proxy pass it on\"",
		},
		{
			"proxy_pass with a variable drops the query",
			[]string{pass, "proxy_pass http://127.0.0.1:8080$uri;"},
			http.StatusForbidden, "there is no query at all; let the proxy pass it on",
		},
		{
			"proxy_pass with a query of its own",
			[]string{pass, "proxy_pass http://127.0.0.1:8080/wechat/main?from=nginx&for=;"},
			http.StatusOK, "", // nginx appends WeChat's to it
		},
		{
			"proxy_pass ends in a slash",
			[]string{pass, "proxy_pass http://127.0.0.1:8080/;"},
			http.StatusNotFound, "path=/main status=404",
		},
		{
			"proxy_pass ends in a slash and location does not",
			[]string{location, "location /wechat {", pass, "proxy_pass http://127.0.0.1:8080/;"},
			http.StatusNotFound, "path=//main status=404",
		},
		{
			"proxy_pass repeats the path",
			[]string{pass, "proxy_pass http://127.0.0.1:8080/wechat/wechat/;"},
			http.StatusNotFound, "path=/wechat/wechat/main status=404",
		},
		{
			"location ends in a slash that the URL does not have",
			[]string{location, "location /wechat/main/ {"},
			http.StatusMovedPermanently, "",
		},
		{
			"redirect to https",
			[]string{location, location + " if ($scheme = https) { return 301 http://$host$request_uri; }"},
			http.StatusMovedPermanently, "",
		},
		{
			"limit of the body",
			[]string{location, location + " client_max_body_size 100;"},
			http.StatusRequestEntityTooLarge, "",
		},
		{
			"another method",
			[]string{location, location + " proxy_method PUT;"},
			http.StatusMethodNotAllowed, "method=PUT path=/wechat/main status=405",
		},
		{
			"TLS to a port that has none",
			[]string{pass, "proxy_pass https://127.0.0.1:8080;"},
			http.StatusBadGateway, "",
		},
		{
			"address that proxies are not trusted for",
			[]string{"proxy_set_header X-Forwarded-For", "# X-Forwarded-For"},
			http.StatusForbidden, `err="address is not in ALLOW_FROM; behind a proxy, name that in TRUSTED_PROXIES"`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := serve(t, nats, func(c *door.Config) {
				if strings.Contains(tt.log, "ALLOW_FROM") {
					c.AllowFrom = networks(t, "203.0.113.0/24")
				}
			}).ready()
			p := behindNginx(t, r, block(t, tt.changes...))
			if got := p.https.post("/wechat/main", sealed(t, text, appID)); got.Status != tt.status {
				t.Errorf("answer = %+v, want %d", got, tt.status)
			}
			if log := r.log.String(); tt.log != "" && !strings.Contains(log, tt.log) || tt.log == "" && strings.Contains(log, "refused") {
				t.Errorf("log:\n%s\nwant %q", log, tt.log)
			}
		})
	}
	if got := count(t, nats).stored(); got != 1 {
		t.Errorf("stored %d messages, want 1", got)
	}
}

// Who does not ask for gzip, as WeChat does not, gets none; who asks and gets
// it from nginx can read it.
func TestGzipIsForWhoAsks(t *testing.T) {
	for _, tt := range []struct {
		name, gzip, accept, want string
	}{
		{"not asked for", "gzip on; gzip_types *; gzip_min_length 0;", "", ""},
		{"asked for, and an answer as short as ours", "gzip on; gzip_types *;", "gzip", ""},
		{"asked for, whatever the length", "gzip on; gzip_types *; gzip_min_length 0;", "gzip", "gzip"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := behindNginx(t, serve(t, bustest.Start(t), nil).ready(), block(t, location, location+tt.gzip))
			if tt.accept != "" {
				p.https.header = http.Header{"Accept-Encoding": {tt.accept}}
			}
			got, header := p.https.do(http.MethodPost, "/wechat/plain", signed(text).query, strings.NewReader(text))
			if got.Status != http.StatusOK || header.Get("Content-Encoding") != tt.want {
				t.Errorf("answer = %+v, Content-Encoding %q, want %q", got, header.Get("Content-Encoding"), tt.want)
			}
			if tt.want == "" && got != success {
				t.Errorf("answer = %+v", got)
			}
		})
	}
}
