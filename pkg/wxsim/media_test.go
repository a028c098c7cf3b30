package wxsim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wxsim"
)

var (
	jpgData = "\xff\xd8\xff\xe0\x00\x10JFIF\x00 a thumbnail"
	pngData = "\x89PNG\r\n\x1a\n a picture"
	mp3     = "ID3\x04 a song"
	amr     = "#!AMR\n a word"
	mp4     = "\x00\x00\x00\x18ftypmp42 a film"
)

// form writes a form with one file.
func form(field, filename, data string) (contentType string, body []byte) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	disposition := `form-data; name="` + field + `"`
	if filename != "" {
		disposition += `; filename="` + filename + `"`
	}
	part, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}})
	_, _ = io.WriteString(part, data)
	_ = w.Close()
	return w.FormDataContentType(), buf.Bytes()
}

type upload struct {
	Errcode   int
	Type      string
	ID        string `json:"media_id"`
	ThumbID   string `json:"thumb_media_id"`
	CreatedAt int64  `json:"created_at"`
}

func (a *api) upload(token, mediaType, contentType string, body io.Reader) upload {
	a.t.Helper()
	request, _ := http.NewRequestWithContext(patience(a.t), http.MethodPost,
		a.URL+wxsim.PathMediaUpload+"?access_token="+token+"&type="+mediaType, body)
	request.Header.Set("Content-Type", contentType)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	var got upload
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		a.t.Fatal(err)
	}
	return got
}

func (a *api) uploadFile(token, mediaType, filename, data string) upload {
	a.t.Helper()
	contentType, body := form("media", filename, data)
	return a.upload(token, mediaType, contentType, bytes.NewReader(body))
}

func TestMediaComesBackAsItWasUploaded(t *testing.T) {
	now := newClock()
	a := reachable(t, func(o *wxsim.Options) { o.Now = now.Now })
	token := a.stable(false).Token
	for _, tt := range []struct{ mediaType, filename, data, contentType string }{
		{"image", "a.png", pngData, "image/png"},
		{"image", "a.jpg", jpgData, "image/jpeg"},
		{"voice", "a.mp3", mp3, "audio/mpeg"},
		{"voice", "a.amr", amr, "audio/amr"},
		{"thumb", "t.jpg", jpgData, "image/jpeg"},
	} {
		got := a.uploadFile(token, tt.mediaType, tt.filename, tt.data)
		id := got.ID + got.ThumbID
		if got.Type != tt.mediaType || id == "" || (got.ThumbID != "") != (tt.mediaType == "thumb") || got.CreatedAt != now.Now().Unix() {
			t.Errorf("upload %s = %+v", tt.filename, got)
		}
		_, text, header := a.fetch(wxsim.PathMediaGet + "?access_token=" + token + "&media_id=" + id)
		if text != tt.data || header.Get("Content-Type") != tt.contentType || !strings.Contains(header.Get("Content-Disposition"), id) {
			t.Errorf("get %s = %q, %v", tt.filename, text, header)
		}
	}
	if got := len(a.sim.Media("main")); got != 5 {
		t.Errorf("%d files are kept, want 5", got)
	}
	now.move(3 * 24 * time.Hour)
	if got := a.sim.Media("main"); len(got) != 0 {
		t.Errorf("after three days %d files are kept", len(got))
	}
}

func (a *api) fetch(path string) (int, string, http.Header) {
	a.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = a.URL + path
	}
	request, _ := http.NewRequestWithContext(patience(a.t), http.MethodGet, path, nil)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return response.StatusCode, string(text), response.Header
}

func TestFilmComesFromAnAddress(t *testing.T) {
	a := reachable(t, nil)
	token := a.stable(false).Token
	id := a.uploadFile(token, "video", "a.mp4", mp4).ID
	_, text, _ := a.fetch(wxsim.PathMediaGet + "?access_token=" + token + "&media_id=" + id)
	var got struct {
		URL string `json:"video_url"`
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if _, film, header := a.fetch(got.URL); film != mp4 || header.Get("Content-Type") != "video/mp4" {
		t.Errorf("%s = %q", got.URL, film)
	}
	if status, _, _ := a.fetch("/sim/media/no"); status != http.StatusNotFound {
		t.Errorf("unknown file = %d", status)
	}
}

func TestMediaThatIsRefused(t *testing.T) {
	a := reachable(t, nil)
	token := a.stable(false).Token
	for _, tt := range []struct {
		name, token, mediaType, field, filename, data string
		want                                          int
	}{
		{"no token", "", "image", "media", "a.png", pngData, 41001},
		{"type", token, "music", "media", "a.png", pngData, 40004},
		{"format", token, "image", "media", "a.png", "text", 40005},
		{"format of the other type", token, "voice", "media", "a.png", pngData, 40005},
		{"size", token, "thumb", "media", "t.jpg", jpgData + strings.Repeat("x", 64<<10), 40006},
		{"empty", token, "image", "media", "a.png", "", 44001},
		{"no filename", token, "image", "media", "", pngData, 41005},
		{"other field", token, "image", "file", "a.png", pngData, 41005},
		{"very large", token, "image", "media", "a.png", pngData + strings.Repeat("x", 13<<20), 45001},
	} {
		contentType, body := form(tt.field, tt.filename, tt.data)
		if got := a.upload(tt.token, tt.mediaType, contentType, bytes.NewReader(body)); got.Errcode != tt.want {
			t.Errorf("%s: errcode %d, want %d", tt.name, got.Errcode, tt.want)
		}
	}
	contentType, body := form("media", "a.png", pngData)
	if got := a.upload(token, "image", contentType, io.MultiReader(bytes.NewReader(body))); got.Errcode != 41005 {
		t.Errorf("unknown length: errcode %d, want 41005", got.Errcode)
	}
	if got := a.upload(token, "image", "application/json", bytes.NewReader(body)); got.Errcode != 41005 {
		t.Errorf("no form: errcode %d, want 41005", got.Errcode)
	}
	if got := a.call("GET", wxsim.PathMediaUpload, ""); got.Errcode != 43002 {
		t.Errorf("GET: errcode %d, want 43002", got.Errcode)
	}
	for path, want := range map[string]int{
		wxsim.PathMediaGet + "?media_id=x":                            41001,
		wxsim.PathMediaGet + "?access_token=" + token:                 41006,
		wxsim.PathMediaGet + "?media_id=x&access_token=" + token:      40007,
		wxsim.PathMediaGet + "?media_id=wxsim-&access_token=" + token: 40007,
	} {
		if got := a.call("GET", path, ""); got.Errcode != want {
			t.Errorf("errcode %d, want %d", got.Errcode, want)
		}
	}
}

// What the simulator has given out it knows; any other id may be permanent
// material.
func TestMediaIDsInMessages(t *testing.T) {
	now := newClock()
	a := reachable(t, func(o *wxsim.Options) { o.Now = now.Now })
	token := a.stable(false).Token
	image := a.uploadFile(token, "image", "a.png", pngData).ID
	thumb := a.uploadFile(token, "thumb", "t.jpg", jpgData).ThumbID
	video := a.sim.AddMedia("main", "video", "a.mp4", []byte(mp4))
	send := func(msgType, content string, want int) {
		t.Helper()
		if got := a.send(a.stable(false).Token, `{"touser":"`+openid+`","msgtype":"`+msgType+`","`+msgType+`":`+content+`}`); got.Errcode != want {
			t.Errorf("%s %s = %+v, want %d", msgType, content, got, want)
		}
	}
	send("image", `{"media_id":"`+image+`"}`, 0)
	send("video", `{"media_id":"`+video+`","thumb_media_id":"`+thumb+`"}`, 0)
	send("image", `{"media_id":"`+image+`x"}`, 40007)
	send("voice", `{"media_id":"`+image+`"}`, 40121)
	send("music", `{"thumb_media_id":"`+video+`"}`, 40121)
	send("image", `{"media_id":"permanent"}`, 0)
	now.move(3 * 24 * time.Hour)
	send("image", `{"media_id":"`+image+`"}`, 40007)
}

func TestAddMediaTakesWhatWeChatTakes(t *testing.T) {
	a := reachable(t, nil)
	if id := a.sim.AddMedia("main", "voice", "a.png", []byte(pngData)); id != "" {
		t.Errorf("AddMedia of a picture as voice = %q", id)
	}
	if id := a.sim.AddMedia("shop", "image", "a.png", []byte(pngData)); id != "" {
		t.Errorf("AddMedia of no account = %q", id)
	}
	a.sim.AddMedia("main", "image", "a.png", []byte(pngData))
	got := a.sim.Media("main")
	if len(got) != 1 {
		t.Fatalf("Media = %+v", got)
	}
	want := wxsim.Media{
		ID: got[0].ID, Type: "image", Filename: "a.png", ContentType: "image/png", Data: []byte(pngData), Created: got[0].Created,
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("Media (-want +got):\n%s", diff)
	}
	if got := a.sim.Media("shop"); got != nil {
		t.Errorf("Media of no account = %v", got)
	}
}
