package wxapi_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxapi"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

const (
	jpgData = "\xff\xd8\xff\xe0\x00\x10JFIF\x00 a thumbnail"
	pngData = "\x89PNG\r\n\x1a\n a picture"
	gifData = "GIF89a a picture that moves"
	mp3Data = "ID3\x04 a song"
	mp3Bare = "\xff\xfb\x90\x64 a song without a tag"
	amrData = "#!AMR\n a word"
	mp4Data = "\x00\x00\x00\x18ftypmp42\x00\x00 a film"
)

func file(name, data string) wxapi.File {
	return wxapi.File{Name: name, Size: int64(len(data)), Content: strings.NewReader(data)}
}

// formSeen is a form as a server saw it.
type formSeen struct {
	path, query string // without the token
	parts       []partSeen
	lengthKnown bool
}

type partSeen struct{ field, filename, contentType, data string }

var exported = cmp.AllowUnexported(formSeen{}, partSeen{})

func readForm(t *testing.T, r *http.Request) formSeen {
	t.Helper()
	query := r.URL.Query()
	query.Del("access_token")
	seen := formSeen{path: r.URL.Path, query: query.Encode(), lengthKnown: r.ContentLength > 0}
	reader, err := r.MultipartReader()
	if err != nil {
		t.Error(err)
		return seen
	}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return seen
		}
		var data []byte
		if err == nil {
			data, err = io.ReadAll(part)
		}
		if err != nil {
			t.Error(err)
			return seen
		}
		seen.parts = append(seen.parts, partSeen{part.FormName(), part.FileName(), part.Header.Get("Content-Type"), string(data)})
	}
}

func TestUploadIsAFormWithOneFile(t *testing.T) {
	for _, tt := range []struct {
		name, contentType, data string
		kind                    wxapi.MediaType
		wantName                string
	}{
		{"a.png", "image/png", pngData, wxapi.Image, "a.png"},
		{"a.JPEG", "image/jpeg", jpgData, wxapi.Image, "a.JPEG"},
		{"a.gif", "image/gif", gifData, wxapi.Image, "a.gif"},
		{"", "image/gif", gifData, wxapi.Image, "media.gif"},
		{"a.png", "image/jpeg", jpgData, wxapi.Image, "a.png.jpg"},
		{"../dir/图 片\".png", "image/png", pngData, wxapi.Image, "图 片\".png"},
		{`C:\a.png`, "image/png", pngData, wxapi.Image, "a.png"},
		{"a\r\nX: y.png", "image/png", pngData, wxapi.Image, "a\r\nX: y.png"},
		{"a.mp3", "audio/mpeg", mp3Data, wxapi.Voice, "a.mp3"},
		{"a.mp3", "audio/mpeg", mp3Bare, wxapi.Voice, "a.mp3"},
		{"a", "audio/amr", amrData, wxapi.Voice, "a.amr"},
		{"a.mp4", "video/mp4", mp4Data, wxapi.Video, "a.mp4"},
		{"t.jpg", "image/jpeg", jpgData, wxapi.Thumb, "t.jpg"},
	} {
		t.Run(string(tt.kind)+" "+tt.name, func(t *testing.T) {
			var got formSeen
			url := desk(t, func(w http.ResponseWriter, r *http.Request) {
				got = readForm(t, r)
				_, _ = io.WriteString(w, `{"type":"image","media_id":"M1","created_at":1720003000}`)
			})
			media, err := newClient(url, newStore(), new(bustest.Logbook)).Upload(patience(t), tt.kind, file(tt.name, tt.data))
			if err != nil {
				t.Fatal(err)
			}
			want := formSeen{
				path: "/cgi-bin/media/upload", query: "type=" + string(tt.kind), lengthKnown: true,
				parts: []partSeen{{"media", tt.wantName, tt.contentType, tt.data}},
			}
			if strings.ContainsAny(tt.name, "\r\n") { // written as %0D%0A, which nobody decodes
				want.parts[0].filename = "a%0D%0AX: y.png"
			}
			if diff := cmp.Diff(want, got, exported); diff != "" {
				t.Errorf("form (-want +got):\n%s", diff)
			}
			wantMedia := wxapi.Media{Type: tt.kind, ID: "M1", CreatedAt: time.Unix(1720003000, 0)}
			if diff := cmp.Diff(wantMedia, media); diff != "" {
				t.Errorf("Upload (-want +got):\n%s", diff)
			}
			if got := media.Ends().Unix(); got != 1720003000+259200 {
				t.Errorf("Ends = %d", got)
			}
		})
	}
}

func TestUploadAndDownloadAreTheSame(t *testing.T) {
	r := newRig(t)
	c, ctx := r.replica(), patience(t)
	large := mp4Data + strings.Repeat("0123456789abcdef", (10<<20-len(mp4Data))/16)
	for _, tt := range []struct {
		kind        wxapi.MediaType
		name, data  string
		contentType string
	}{
		{wxapi.Image, "a.png", pngData, "image/png"},
		{wxapi.Voice, "a.amr", amrData, "audio/amr"},
		{wxapi.Thumb, "t.jpg", jpgData, "image/jpeg"},
		{wxapi.Video, "a.mp4", large, "video/mp4"},
	} {
		media, err := c.Upload(ctx, tt.kind, file(tt.name, tt.data))
		if err != nil {
			t.Fatalf("Upload %s = %v", tt.name, err)
		}
		var got bytes.Buffer
		d, err := c.Download(ctx, media.ID, &got)
		if err != nil || got.String() != tt.data || d.ContentType != tt.contentType || d.Size != int64(len(tt.data)) || !strings.HasPrefix(d.Filename, media.ID) {
			t.Errorf("Download %s = %+v, %v", tt.name, d, err)
		}
	}
}

// The file is sent anew from where it stood, with the other token.
func TestRefusedTokenHasTheFileReadAgain(t *testing.T) {
	r := newRig(t)
	c := r.replica()
	send(t, c)
	r.Weather().RevokeTokens("main")
	content := strings.NewReader("before" + pngData + "behind")
	_, _ = content.Seek(6, io.SeekStart)
	media, err := c.Upload(patience(t), wxapi.Image, wxapi.File{Name: "a.png", Size: int64(len(pngData)), Content: content})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Media("main"); len(got) != 1 || got[0].ID != media.ID || string(got[0].Data) != pngData {
		t.Errorf("the simulator got %d files", len(got))
	}
}

func TestFileIsCheckedBeforeTheCall(t *testing.T) {
	var calls atomic.Int64
	url := desk(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	c := newClient(url, newStore(), new(bustest.Logbook))
	sized := func(data string, size int64) wxapi.File {
		return wxapi.File{Name: "a", Size: size, Content: strings.NewReader(data)}
	}
	for _, tt := range []struct {
		name string
		kind wxapi.MediaType
		file wxapi.File
		code int
		says string
	}{
		{"type", "music", file("a.mp3", mp3Data), 40004, "no such type"},
		{"no file", wxapi.Image, wxapi.File{}, 44001, "empty"},
		{"no content", wxapi.Image, wxapi.File{Size: 1}, 44001, "empty"},
		{"empty", wxapi.Image, file("a.png", ""), 44001, "empty"},
		{"image too large", wxapi.Image, sized(pngData, 10<<20+1), 40006, "10485761 bytes"},
		{"voice too large", wxapi.Voice, sized(mp3Data, 2<<20+1), 40006, "AMR or MP3 of at most 2 MB"},
		{"video too large", wxapi.Video, sized(mp4Data, 10<<20+1), 40006, "MP4 of at most 10 MB"},
		{"thumb too large", wxapi.Thumb, sized(jpgData, 64<<10+1), 40006, "JPG of at most 64 KB"},
		{"shorter than said", wxapi.Image, sized(pngData, int64(len(pngData))+1), 40006, "and not"},
		{"text as image", wxapi.Image, file("a.png", "hello"), 40005, "text/plain"},
		{"bitmap as image", wxapi.Image, file("a.bmp", "BM........"), 40005, "image/bmp"},
		{"image as voice", wxapi.Voice, file("a.mp3", pngData), 40005, "image/png"},
		{"QuickTime as video", wxapi.Video, file("a.mp4", "\x00\x00\x00\x14ftypqt  \x00\x00"), 40005, "application/octet-stream"},
		{"PNG as thumb", wxapi.Thumb, file("t.jpg", pngData), 40005, "JPG"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.Upload(patience(t), tt.kind, tt.file)
			fault, isFault := errors.AsType[*wxapi.FileError](err)
			if !isFault || fault.Type != tt.kind || fault.Code != tt.code || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("Upload = %v, want a FileError %d that says %q", err, tt.code, tt.says)
			}
			if wxapi.Classify(err) != wxapi.Permanent || wxapi.CodeOf(err) != tt.code {
				t.Errorf("class %v and errcode %d, want permanent and %d", wxapi.Classify(err), wxapi.CodeOf(err), tt.code)
			}
		})
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

// broken fails when it is read beyond what tells its format.
type broken struct{ *strings.Reader }

func (b broken) Read(p []byte) (int, error) {
	if at, _ := b.Seek(0, io.SeekCurrent); at >= 512 {
		return 0, errors.New("disk error")
	}
	return b.Reader.Read(p[:min(len(p), 512)])
}

func TestFileThatCannotBeReadFailsTheUpload(t *testing.T) {
	r := newRig(t)
	long := pngData + strings.Repeat("x", 4096)
	for name, f := range map[string]wxapi.File{
		"disk error":      {Size: int64(len(long)), Content: broken{strings.NewReader(long)}},
		"it was cut":      {Size: int64(len(long)) + 1, Content: strings.NewReader(long)},
		"it cannot seek":  {Size: int64(len(long)), Content: pipe{strings.NewReader(long)}},
		"it is cut early": {Size: 513, Content: strings.NewReader(long[:512])},
	} {
		if _, err := r.replica().Upload(patience(t), wxapi.Image, f); err == nil {
			t.Errorf("%s: Upload = nil, want an error", name)
		}
	}
	if got := r.Media("main"); len(got) != 0 {
		t.Errorf("%d files arrived", len(got))
	}
}

type pipe struct{ io.Reader }

func (pipe) Seek(int64, int) (int64, error) { return 0, errors.New("illegal seek") }

func TestAnswersToUpload(t *testing.T) {
	before := time.Now()
	tests := []struct {
		name   string
		answer http.HandlerFunc
		class  wxapi.Class
		code   int
		id     string
	}{
		{"thumb", body(`{"type":"thumb","thumb_media_id":"T1","created_at":1720003000}`), none, 0, "T1"},
		{"time as text", body(`{"type":"image","media_id":"M1","created_at":"1720003000"}`), none, 0, "M1"},
		{"no time", body(`{"media_id":"M1"}`), none, 0, "M1"},
		{"time to come", body(`{"media_id":"M1","created_at":99999999999}`), none, 0, "M1"},
		{"no id", body(`{"type":"image","created_at":1720003000}`), wxapi.Transient, 0, ""},
		{"refused", body(`{"errcode":40137,"errmsg":"invalid image format"}`), wxapi.Permanent, 40137, ""},
		{"daily quota", body(`{"errcode":45009,"errmsg":"reach max api daily quota limit"}`), wxapi.Throttled, 45009, ""},
		{"HTML", body("<html></html>"), wxapi.Transient, 0, ""},
		{"HTTP 413", status(413, "too large"), wxapi.Transient, 0, ""},
		{"cut off", cutOff(200, `{"media_id":`), wxapi.Doubtful, 0, ""},
		{"dropped", drop, wxapi.Doubtful, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(server(t, tt.answer), newStore(), new(bustest.Logbook))
			media, err := c.Upload(patience(t), wxapi.Thumb, file("t.jpg", jpgData))
			if got := classOf(err); got != tt.class || wxapi.CodeOf(err) != tt.code || media.ID != tt.id {
				t.Errorf("Upload = %+v, %v, class %d; want %q, %d and %d", media, err, got, tt.id, tt.class, tt.code)
			}
			if err == nil && media.CreatedAt.Unix() != 1720003000 && (media.CreatedAt.Before(before) || media.CreatedAt.After(time.Now())) {
				t.Errorf("CreatedAt = %s", media.CreatedAt)
			}
		})
	}
}

// A server that answers before it has read all leaves the client reading; once
// Upload has returned the file is the caller's.
func TestFileIsNotReadAfterUploadHasReturned(t *testing.T) {
	url := desk(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"errcode":40001,"errmsg":"invalid credential"}`)
	})
	data := []byte(mp4Data + strings.Repeat("x", 8<<20))
	content := bytes.NewReader(data)
	_, err := newClient(url, newStore(), new(bustest.Logbook)).Upload(patience(t), wxapi.Video,
		wxapi.File{Name: "a.mp4", Size: int64(len(data)), Content: content})
	if err == nil {
		t.Error("Upload = nil, want an error")
	}
	content.Reset(nil) // the race detector sees whoever still reads
	clear(data)
}

func TestUploadInTheWrongFormIsRefused(t *testing.T) {
	r := newRig(t)
	c := r.replica()
	send(t, c)
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	_, _ = w.CreateFormField("media")
	_ = w.Close()
	request, _ := http.NewRequestWithContext(patience(t), http.MethodPost,
		r.url+wxsim.PathMediaUpload+"?type=image&access_token="+r.store.token(t), &buf)
	request.Header.Set("Content-Type", w.FormDataContentType())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); !strings.Contains(string(text), "41005") {
		t.Errorf("a part without a filename = %s, want 41005", text)
	}
}
