package media_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wxbus/wxbus/workers/sender/media"
)

func urlOf(address string) string { return `{"url":` + quote(address) + `}` }

// What may pass is told from what will not, and no error holds the address: its
// query may be a key.
func TestAnswersOfTheWebAreToldApart(t *testing.T) {
	r := newRig(t)
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); _, _ = w.Write(pngFile) }
	}
	closed := r.site(status(200))
	closed.Close()
	tests := []struct {
		name  string
		serve http.HandlerFunc
		bad   bool
		want  string
	}{
		{"not found", status(404), true, "status 404"},
		{"not allowed", status(403), true, "status 403"},
		{"a part", status(206), true, "status 206"},
		{"too many requests", status(429), false, "status 429"},
		{"out of order", status(500), false, "status 500"},
		{"bad gateway", status(502), false, "status 502"},
		{"not modified", status(304), true, "status 304"},
		{"nothing", func(http.ResponseWriter, *http.Request) {}, true, "empty"},
		{"a page", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			_, _ = io.WriteString(w, "<!DOCTYPE html><title>请登录</title>")
		}, true, "not PNG, JPEG or GIF"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write(pngFile)
		}, false, "download"},
		{"hung up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false, "download"},
		{"declared too large", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000000")
			_, _ = w.Write(pngFile)
		}, true, "larger than the 10240 KiB"},
		{"endless", func(w http.ResponseWriter, req *http.Request) {
			_, _ = w.Write(pngFile)
			for block := make([]byte, 64<<10); req.Context().Err() == nil; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, true, "larger than the 10240 KiB"},
		{"endless headers", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
			_, _ = w.Write(pngFile)
		}, false, "download"},
		{"redirected for ever", func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, req.URL.Path+"/x?secret", http.StatusFound)
		}, true, "redirected too often"},
		{"redirected to a file", func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, "file:///etc/passwd?secret", http.StatusFound)
		}, true, "not http or https"},
	}
	resolver := r.replica()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := resolver.Resolve(patience(t), "main", one(t, "image", urlOf(r.site(tt.serve).URL+"/path?secret")))
			if err == nil || errors.Is(err, media.ErrBad) != tt.bad || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, bad %t, want %q", err, errors.Is(err, media.ErrBad), tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "/path")) {
				t.Errorf("error holds the address: %v", err)
			}
		})
	}
	if _, err := resolver.Resolve(patience(t), "main", one(t, "image", urlOf(closed.URL+"/secret"))); err == nil ||
		errors.Is(err, media.ErrBad) || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody there: error = %v", err)
	}
	if left := r.leftovers(); len(left) > 0 || len(r.api.all()) > 0 {
		t.Errorf("left behind: %q; uploads %v", left, r.api.all())
	}
}

func TestRedirectsAreFollowedWithoutTellingWhereFrom(t *testing.T) {
	r := newRig(t)
	var referers []string
	end := r.site(func(w http.ResponseWriter, req *http.Request) {
		referers = append(referers, req.Referer())
		_, _ = w.Write(pngFile)
	})
	start := r.site(func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, end.URL+"/a.png", http.StatusFound)
	})
	r.resolved(r.replica(), "image", urlOf(start.URL+"/?secret"))
	if len(referers) != 1 || referers[0] != "" {
		t.Errorf("referers %q", referers)
	}
}

// What a server calls by the same name is downloaded once; the media_id follows
// the content.
func TestUnchangedFileIsNotDownloadedAgain(t *testing.T) {
	r := newRig(t)
	var etag atomic.Value
	etag.Store(`"1"`)
	var downloads atomic.Int32
	site := r.site(func(w http.ResponseWriter, req *http.Request) {
		name, _ := etag.Load().(string)
		w.Header().Set("ETag", name)
		if req.Header.Get("If-None-Match") == name {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		downloads.Add(1)
		_, _ = io.WriteString(w, string(pngFile)+name)
	})
	resolver := r.replica()
	sent := func(want string, wantDownloads int32) {
		t.Helper()
		if got := r.resolved(resolver, "image", urlOf(site.URL)); got != want || downloads.Load() != wantDownloads {
			t.Errorf("content = %s after %d downloads, want %s after %d", got, downloads.Load(), want, wantDownloads)
		}
	}
	sent(`{"media_id":"main-1"}`, 1)
	sent(`{"media_id":"main-1"}`, 1)
	etag.Store(`"2"`)
	sent(`{"media_id":"main-2"}`, 2)
	sent(`{"media_id":"main-2"}`, 2)
	if again, err := resolver.Forget(patience(t), "main", one(t, "image", `{"media_id":"main-2"}`)); !again || err != nil {
		t.Fatalf("Forget = %t, %v", again, err)
	}
	sent(`{"media_id":"main-3"}`, 3) // known, but to be uploaded again
	if _, err := resolver.Resolve(patience(t), "main", one(t, "voice", urlOf(site.URL))); !errors.Is(err, media.ErrBad) {
		t.Errorf("as a voice: error = %v, want ErrBad", err)
	}
	if left := r.leftovers(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A server may take another content for the same one; it is not believed twice.
func TestFileUnderAWrongETagIsUploadedAtTheNextTry(t *testing.T) {
	r := newRig(t)
	var turn atomic.Int32
	site := r.site(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("ETag", `"same"`)
		if req.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = fmt.Fprintf(w, "%s%d", pngFile, min(turn.Add(1), 2))
	})
	resolver := r.replica()
	r.resolved(resolver, "image", urlOf(site.URL))
	if _, err := resolver.Forget(patience(t), "main", one(t, "image", `{"media_id":"main-1"}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := resolver.Resolve(patience(t), "main", one(t, "image", urlOf(site.URL))); err == nil || errors.Is(err, media.ErrBad) {
		t.Errorf("error = %v, want one that may pass", err)
	}
	if got := r.resolved(resolver, "image", urlOf(site.URL)); got != `{"media_id":"main-2"}` {
		t.Errorf("content = %s", got)
	}
}

func TestAddressesThatAreNoneAreRefused(t *testing.T) {
	r := newRig(t)
	resolver := r.replica()
	for _, address := range []string{
		"file:///etc/passwd", "ftp://example.com/a.png", "gopher://x/", "//example.com/a.png", "example.com/a.png", "a.png",
		"http://", "http:///a.png", "https:a.png", "http://[::1", "http://exa mple.com/", "http://x:port/", "data:image/png;base64,AAAA", "\x00",
	} {
		if _, err := resolver.Resolve(patience(t), "main", one(t, "image", urlOf(address))); !errors.Is(err, media.ErrBad) {
			t.Errorf("%q: error = %v, want ErrBad", address, err)
		}
	}
}

// The web server listens on this machine, as what must not be reached does.
func TestOwnNetworkIsNotCalledUnlessAllowed(t *testing.T) {
	r := newRig(t)
	called := 0
	site := r.site(func(w http.ResponseWriter, _ *http.Request) { called++; _, _ = w.Write(pngFile) })
	port := site.URL[strings.LastIndexByte(site.URL, ':'):]
	for _, urls := range []media.URLs{media.Public, "", media.Off} {
		resolver := r.replica(func(c *media.Config) { c.URLs = urls })
		for _, host := range []string{
			"127.0.0.1", "localhost", "127.1.2.3", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]",
			"10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.100.100.200", "[fd00::1]", "[fe80::1]",
		} {
			_, err := resolver.Resolve(patience(t), "main", one(t, "image", urlOf("http://"+host+port+"/a.png")))
			if err == nil || strings.HasPrefix(host, "[") && !errors.Is(err, media.ErrBad) {
				t.Errorf("%s %s: error = %v", urls, host, err)
			}
		}
	}
	if called > 0 {
		t.Fatalf("%d calls into the own network", called)
	}
	r.resolved(r.replica(), "image", urlOf(site.URL))
	if called != 1 {
		t.Errorf("%d calls when allowed, want 1", called)
	}
}

// A download that hangs ends with the reply's time.
func TestHangingDownloadEndsWithItsContext(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(patience(t))
	site := r.site(func(w http.ResponseWriter, req *http.Request) {
		_, _ = w.Write(pngFile)
		_ = http.NewResponseController(w).Flush()
		cancel()
		<-req.Context().Done()
	})
	_, err := r.replica().Resolve(ctx, "main", one(t, "image", urlOf(site.URL)))
	if !errors.Is(err, context.Canceled) || errors.Is(err, media.ErrBad) {
		t.Errorf("error = %v", err)
	}
	if left := r.leftovers(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
