package door_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
)

// nginxPath finds nginx. On a desk the tests with it may be missing, and say
// so; where a change is checked before it lands (CI is set) they may not.
func nginxPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("nginx is not installed; on Debian: apt-get install nginx-light")
	}
	t.Skip("nginx is not installed; on Debian: apt-get install nginx-light")
	return ""
}

// block is the server block of the README, with changes.
func block(t *testing.T, changes ...string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(string(text), changes[i]) {
			t.Fatalf("testdata/nginx.conf has no %q", changes[i])
		}
	}
	return strings.NewReplacer(changes...).Replace(string(text))
}

// taken are the ports that tests were given: none gets the same one twice.
var taken sync.Map

// port returns a free port below those that outgoing connections come from.
func port(t *testing.T) string {
	t.Helper()
	for {
		addr := "127.0.0.1:" + strconv.Itoa(10000+rand.N(20000))
		if _, given := taken.LoadOrStore(addr, true); given {
			continue
		}
		if listener, err := net.Listen("tcp", addr); err == nil {
			_ = listener.Close()
			return addr
		}
	}
}

// proxied is an ingress behind an nginx of the test's: https is how it is seen
// through port 443, plain through port 80.
type proxied struct {
	*rig
	https, plain rig
}

// behindNginx starts an nginx with a server block in front of r. It needs no
// privileges and writes into a folder of the test's only.
func behindNginx(t *testing.T, r *rig, server string) *proxied {
	t.Helper()
	path, folder := nginxPath(t), t.TempDir()
	certify(t, folder, "nginx")
	plain, secure := port(t), port(t)
	server = strings.NewReplacer(
		"listen 80;", "listen "+plain+";", "listen 443 ssl", "listen "+secure+" ssl",
		"127.0.0.1:8080", strings.TrimPrefix(r.url, "http://"), "your.domain;", "localhost;",
		"/etc/letsencrypt/live/your.domain/fullchain.pem", filepath.Join(folder, "tls.crt"),
		"/etc/letsencrypt/live/your.domain/privkey.pem", filepath.Join(folder, "tls.key"),
	).Replace(server)
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temp, "%s_temp_path %s;\n", kind, filepath.Join(folder, kind))
	}
	conf := filepath.Join(folder, "nginx.conf")
	text := fmt.Sprintf("daemon off;\nmaster_process off;\npid %s/pid;\nevents {}\nhttp {\naccess_log off;\n%s%s}\n", folder, &temp, server)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(path, "-p", folder, "-c", conf, "-e", "stderr"), plain, secure)
	seen := func(scheme, addr string) rig {
		transport := &http.Transport{DisableCompression: true}
		t.Cleanup(transport.CloseIdleConnections)
		follow := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // nor does WeChat
		out := *r
		out.t, out.url, out.http = t, scheme+addr, &http.Client{Transport: transport, CheckRedirect: follow}
		trust(&out)
		return out
	}
	return &proxied{r, seen("https://", secure), seen("http://", plain)}
}

// run runs a command until the test ends, and waits until it listens.
func run(t *testing.T, command *exec.Cmd, addrs ...string) {
	t.Helper()
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("%s said:\n%s", command.Path, &said)
		}
	})
	for _, addr := range addrs {
		bustest.Eventually(t, command.Path+" listens on "+addr, func() bool {
			select {
			case <-ended:
				t.Fatalf("%s ended: %s", command.Path, &said)
			default:
			}
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				return false
			}
			return conn.Close() == nil
		})
	}
}

// works checks all that an account needs, through a proxy at a path.
func works(t *testing.T, r *rig, path string) {
	t.Helper()
	checks := count(t, r.nats)
	before := checks.stored()
	echostr := "4375120948345356249"
	if got, _ := r.do(http.MethodGet, path+"main", signed("").with("echostr", echostr).query, nil); got != (answer{200, echostr}) {
		t.Errorf("GET with echostr = %+v", got)
	}
	if got, _ := r.do(http.MethodGet, path+"main", signed("").with("echostr", "a+/= 你").query, nil); got != (answer{200, "a+/= 你"}) {
		t.Errorf("GET with an odd echostr = %+v", got)
	}
	n := before * 10 // ids that were not used through another proxy
	large := strings.Replace(textNo(n+4), "你好", strings.Repeat("好", 300_000), 1)
	for i, tt := range []struct {
		account string
		push    push
		want    answer
	}{
		{"plain", signed(textNo(n)), success},
		{"compat", sealed(t, textNo(n+1), appID), success},
		{"main", sealed(t, textNo(n+2), appID), success},
		{"main/", sealed(t, textNo(n+3), appID), success},
		{"plain", signed(large), success},
		{"plain", signed(textNo(n)).with("signature", "0"), refused},
		{"nobody", signed(textNo(n)), notFound},
	} {
		if got := r.post(path+tt.account, tt.push); got != tt.want {
			t.Errorf("push %d to %s = %+v, want %+v", i, tt.account, got, tt.want)
		}
	}
	if got := checks.stored() - before; got != 5 {
		t.Errorf("stored %d messages, want 5", got)
	}
}

const location = "location /wechat/ {"

func TestWorksBehindNginx(t *testing.T) {
	nats := bustest.Start(t)
	const pass = "proxy_pass http://127.0.0.1:8080;"
	for _, tt := range []struct {
		name    string
		path    string
		changes []string
	}{
		{"as the README says", "/wechat/", nil},
		{"with connections that are kept", "/wechat/", []string{location, location + ` proxy_http_version 1.1; proxy_set_header Connection "";`}},
		{"with bodies passed on as they come", "/wechat/", []string{location, location + " proxy_http_version 1.1; proxy_request_buffering off;"}},
		{"with bodies in files", "/wechat/", []string{location, location + " client_body_in_file_only clean; client_body_buffer_size 1k;"}},
		{"with HTTP/2", "/wechat/", []string{"listen 443 ssl;", "listen 443 ssl http2;"}},
		{"at a sub-path", "/api/wx/wechat/", []string{location, "location /api/wx/ {"}},
		{"at a sub-path that it takes off", "/sub/wechat/", []string{location, "location /sub/ {", pass, "proxy_pass http://127.0.0.1:8080/;"}},
		{"at a path of its own", "/hook/", []string{location, "location /hook/ {", pass, "proxy_pass http://127.0.0.1:8080/wechat/;"}},
		{"rewriting the path alone", "/hook/", []string{location, "location /hook/ { rewrite ^/hook/(.*)$ /wechat/$1 break;"}},
		{"for every path", "/wechat/", []string{location, "location / {"}},
		{"with redirects to be rewritten", "/wechat/", []string{location, location + " proxy_redirect http:// https://;"}},
		{"with gzip", "/wechat/", []string{location, location + " gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0;"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := serve(t, nats, func(c *door.Config) {
				c.HTTPPrefix, c.TrustedProxies, c.AllowFrom = "/api/wx", networks(t, "127.0.0.1"), networks(t, "127.0.0.1")
			}).ready()
			p := behindNginx(t, r, block(t, tt.changes...))
			works(t, &p.https, tt.path)
			works(t, &p.plain, tt.path)
		})
	}
}

// The address that nginx was called from is the one that counts.
func TestAllowListBehindNginx(t *testing.T) {
	for _, tt := range []struct {
		name, allow, proxies, forwarded string
		server                          []string
		want                            answer
	}{
		{"called from an allowed address", "127.0.0.1", "127.0.0.1", "", nil, success},
		{"called from another", "203.0.113.7", "127.0.0.1", "", nil, refused},
		{"called from another that says otherwise", "203.0.113.7", "127.0.0.2", "203.0.113.7", nil, refused},
		{"nginx does not say from where", "203.0.113.7", "127.0.0.1", "", []string{"proxy_set_header X-Forwarded-For", "# X-Forwarded-For"}, refused},
		{"nginx is not trusted", "203.0.113.7", "", "203.0.113.7", nil, refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := serve(t, bustest.Start(t), func(c *door.Config) {
				c.AllowFrom, c.TrustedProxies = networks(t, tt.allow), networks(t, tt.proxies)
			}).ready()
			p := behindNginx(t, r, block(t, tt.server...))
			if tt.forwarded != "" {
				p.https.header = http.Header{"X-Forwarded-For": {tt.forwarded}}
			}
			if got := p.https.post("/wechat/main", sealed(t, text, appID)); got != tt.want {
				t.Errorf("answer = %+v, want %+v", got, tt.want)
			}
		})
	}
}
