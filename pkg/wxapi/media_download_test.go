package wxapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
)

// typed answers a content type and a text; "-" leaves the type out.
func typed(contentType, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		if contentType == "-" {
			w.Header()["Content-Type"] = nil // and net/http does not look either
		}
		_, _ = io.WriteString(w, text)
	}
}

func TestAnswersToDownload(t *testing.T) {
	refused := `{"errcode":40007,"errmsg":"invalid media_id hint: [abc]"}`
	brace := "{ a recording may begin with anything" + strings.Repeat("\x01", 100)
	tests := []struct {
		name        string
		answer      http.HandlerFunc
		class       wxapi.Class
		code        int
		contentType string
		got         string
	}{
		{"picture", typed("image/jpeg", jpgData), none, 0, "image/jpeg", jpgData},
		{"recording", typed("audio/amr", amrData), none, 0, "audio/amr", amrData},
		{"speex", typed("voice/speex", brace), none, 0, "voice/speex", brace},
		{"parameters", typed("image/png; charset=binary", pngData), none, 0, "image/png", pngData},
		{"no type", typed("-", pngData), none, 0, "image/png", pngData},
		{"picture as text", typed("text/plain", jpgData), none, 0, "image/jpeg", jpgData},
		{"picture as JSON", typed("application/json", gifData), none, 0, "image/gif", gifData},
		{"unknown bytes", typed("application/octet-stream", "\x00\x01\x02"), none, 0, "application/octet-stream", "\x00\x01\x02"},
		{"error as text", typed("text/plain", refused), wxapi.Permanent, 40007, "", ""},
		{"error as JSON", typed("application/json; encoding=utf-8", refused), wxapi.Permanent, 40007, "", ""},
		{"error as picture", typed("image/jpeg", " \n"+refused), wxapi.Permanent, 40007, "", ""},
		{"error without a type", typed("-", refused), wxapi.Permanent, 40007, "", ""},
		{"daily quota", typed("text/plain", `{"errcode":45009,"errmsg":"x"}`), wxapi.Throttled, 45009, "", ""},
		{"errcode 0", typed("text/plain", `{"errcode":0,"errmsg":"ok"}`), wxapi.Transient, 0, "", ""},
		{"empty object", typed("application/json", `{}`), wxapi.Transient, 0, "", ""},
		{"list", typed("application/json", `[]`), wxapi.Transient, 0, "", ""},
		{"JSON cut off", typed("application/json", `{"errcode":400`), wxapi.Transient, 0, "", ""},
		{"HTML", typed("text/html", "<html>nginx</html>"), wxapi.Transient, 0, "", ""},
		{"HTML as text", typed("text/plain", "<html>nginx</html>"), wxapi.Transient, 0, "", ""},
		{"HTML without a type", typed("-", "<html>nginx</html>"), wxapi.Transient, 0, "", ""},
		{"nothing", typed("image/jpeg", ""), wxapi.Transient, 0, "", ""},
		{"HTTP 500", status(500, ""), wxapi.Transient, 0, "", ""},
		{"HTTP 302", status(302, ""), wxapi.Transient, 0, "", ""},
		{"film at no URL", typed("text/plain", `{"video_url":"::"}`), wxapi.Transient, 0, "", ""},
		{"film without a host", typed("text/plain", `{"video_url":"/film"}`), wxapi.Transient, 0, "", ""},
		{"film that is not there", typed("text/plain", `{"video_url":"http://127.0.0.1:1/film"}`), wxapi.Transient, 0, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got bytes.Buffer
			d, err := newClient(server(t, tt.answer), newStore(), new(bustest.Logbook)).Download(patience(t), "M1", &got)
			if class := classOf(err); class != tt.class || wxapi.CodeOf(err) != tt.code {
				t.Fatalf("Download = %v, class %d and errcode %d; want %d and %d", err, class, wxapi.CodeOf(err), tt.class, tt.code)
			}
			if got.String() != tt.got || d.ContentType != tt.contentType || d.Size != int64(len(tt.got)) {
				t.Errorf("Download = %+v, %q; want %s %q", d, got.String(), tt.contentType, tt.got)
			}
		})
	}
}

func TestDownloadAsksForTheFile(t *testing.T) {
	var path, query string
	url := desk(t, func(w http.ResponseWriter, r *http.Request) {
		path, query = r.URL.Path, r.URL.Query().Get("media_id")
		w.Header().Set("Content-Type", "image/jpeg")
		w.Header().Set("Content-Disposition", `attachment; filename="MEDIA_ID.jpg"`)
		_, _ = io.WriteString(w, jpgData)
	})
	c := newClient(url, newStore(), new(bustest.Logbook))
	d, err := c.Download(patience(t), "M+1&", io.Discard)
	if err != nil || path != "/cgi-bin/media/get" || query != "M+1&" || d.Filename != "MEDIA_ID.jpg" {
		t.Errorf("Download asked %s %q = %+v, %v", path, query, d, err)
	}
	if _, err := c.DownloadVoice(patience(t), "M1", io.Discard); err != nil || path != "/cgi-bin/media/get/jssdk" {
		t.Errorf("DownloadVoice asked %s = %v", path, err)
	}
}

// A film lies elsewhere: it is fetched without the token, and through
// redirects.
func TestFilmIsFetchedWithoutTheToken(t *testing.T) {
	for _, field := range []string{"video_url", "down_url"} {
		var seen []string
		films := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r.URL.RequestURI()+" "+r.Header.Get("Referer"))
			if r.URL.Path == "/film" {
				http.Redirect(w, r, "/elsewhere", http.StatusFound)
				return
			}
			typed("video/mp4", mp4Data)(w, r)
		}))
		url := server(t, typed("text/plain", `{"`+field+`":"`+films.URL+`/film?key=1"}`))
		var got bytes.Buffer
		d, err := newClient(url, newStore(), new(bustest.Logbook)).Download(patience(t), "M1", &got)
		films.Close()
		if err != nil || got.String() != mp4Data || d.ContentType != "video/mp4" {
			t.Errorf("Download = %+v, %v", d, err)
		}
		if all := strings.Join(seen, "\n"); len(seen) != 2 || strings.Contains(all, accessToken) {
			t.Errorf("requests for the film:\n%s", all)
		}
	}
}

func TestFilmThatLeadsAstray(t *testing.T) {
	var films *httptest.Server
	films = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/again":
			_, _ = fmt.Fprintf(w, `{"video_url":"%s/again"}`, films.URL)
		case "/gone":
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = io.WriteString(w, `{"errcode":40007,"errmsg":"invalid media_id"}`)
		}
	}))
	defer films.Close()
	for path, class := range map[string]wxapi.Class{
		"/loop": wxapi.Transient, "/again": wxapi.Transient, "/gone": wxapi.Transient, "/refused": wxapi.Permanent,
	} {
		url := server(t, typed("text/plain", `{"video_url":"`+films.URL+path+`?key=SECRET"}`))
		_, err := newClient(url, newStore(), new(bustest.Logbook)).Download(patience(t), "M1", io.Discard)
		if got := classOf(err); got != class || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: Download = %v, class %d; want %d and no address", path, err, got, class)
		}
	}
}

func TestDownloadThatIsCutOff(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"at once":        cutOff(200, ""),
		"in the head":    cutOff(200, pngData),
		"in the content": cutOff(200, pngData+strings.Repeat("x", 900)),
		"chunked": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, pngData+strings.Repeat("x", 9000))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		"in an error": cutOff(200, `{"errcode":40007,"err`),
	} {
		_, err := newClient(server(t, answer), newStore(), new(bustest.Logbook)).Download(patience(t), "M1", io.Discard)
		if got := classOf(err); got != wxapi.Transient {
			t.Errorf("%s: Download = %v, class %d; want transient", name, err, got)
		}
	}
}

// What no end is seen of is read up to a bound.
func TestDownloadIsBounded(t *testing.T) {
	var written atomic.Int64
	flooding := func(contentType, head string, length int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			if length > 0 {
				w.Header().Set("Content-Length", fmt.Sprint(length))
			}
			_, _ = io.WriteString(w, head)
			flood(w, &written)
		}
	}
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		most   int64 // that reach the caller
	}{
		{"1 GB", flooding("image/jpeg", jpgData, 1<<30), 0},
		{"1 GB of JSON", flooding("application/json", `{"errcode":`, 1<<30), 0},
		{"1 GB of text", flooding("text/plain", "hello", 1<<30), 0},
		{"endless", flooding("image/jpeg", jpgData, 0), 100 << 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			written.Store(0)
			var got counter
			_, err := newClient(server(t, tt.answer), newStore(), new(bustest.Logbook)).Download(patience(t), "M1", &got)
			if class := classOf(err); class != wxapi.Transient || int64(got) > tt.most {
				t.Errorf("Download = %v, class %d, %d bytes; want transient and %d at most", err, class, got, tt.most)
			}
			if taken := written.Load(); taken > tt.most+64<<20 {
				t.Errorf("%d bytes were taken", taken)
			}
		})
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

var errFull = errors.New("disk full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestDownloadEndsWithItsWriterAndItsContext(t *testing.T) {
	c := newClient(server(t, typed("image/png", pngData)), newStore(), new(bustest.Logbook))
	if _, err := c.Download(patience(t), "M1", full{}); !errors.Is(err, errFull) {
		t.Errorf("Download = %v, want the writer's error", err)
	}
	asked := make(chan struct{})
	url := desk(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, pngData+strings.Repeat("x", 9000))
		_ = http.NewResponseController(w).Flush()
		close(asked)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(patience(t))
	go func() { <-asked; cancel() }()
	if _, err := newClient(url, newStore(), new(bustest.Logbook)).Download(ctx, "M1", io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("Download = %v, want the context's error", err)
	}
}
