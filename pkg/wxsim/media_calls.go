package wxsim

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
)

// Paths of the media API, for a [Fault].
const (
	PathMediaUpload = "/cgi-bin/media/upload"
	PathMediaGet    = "/cgi-bin/media/get"
)

// uploaded is the answer of media/upload.
type uploaded struct {
	Type      string `json:"type"`
	ID        string `json:"media_id,omitempty"`
	ThumbID   string `json:"thumb_media_id,omitempty"` // in its place, of a thumb
	CreatedAt int64  `json:"created_at"`
}

// serveUpload is media/upload: it keeps a file and gives out its id.
func (p *Platform) serveUpload(r *http.Request, body []byte) (any, int) {
	if r.Method != http.MethodPost {
		return nil, errNeedPost
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	query := r.URL.Query()
	a, errcode := p.authorized(query.Get("access_token"))
	if errcode != errOK {
		return nil, errcode
	}
	filename, data, errcode := fileIn(r, body)
	if errcode != errOK {
		return nil, errcode
	}
	m, errcode := a.media.add(query.Get("type"), filename, data, p.options.Now())
	if errcode != errOK {
		return nil, errcode
	}
	p.touch()
	answer := uploaded{Type: m.Type, ID: m.ID, CreatedAt: m.Created.Unix()}
	if m.Type == "thumb" {
		answer.ID, answer.ThumbID = "", m.ID
	}
	return answer, errOK
}

// fileIn returns the part of a form that is called media. A form of unknown
// length is empty for WeChat.
func fileIn(r *http.Request, body []byte) (filename string, data []byte, errcode int) {
	switch {
	case r.ContentLength < 0:
		return "", nil, errNoMedia
	case r.ContentLength > mostUpload:
		return "", nil, errTooLarge
	}
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return "", nil, errNoMedia
	}
	form := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return "", nil, errNoMedia
		}
		if part.FormName() != "media" {
			continue
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return "", nil, errNoMedia
		}
		return part.FileName(), data, errOK
	}
}

// serveMediaGet is media/get: the bytes of a file, of a film its address.
func (p *Platform) serveMediaGet(r *http.Request, _ []byte) (any, int) {
	if r.Method != http.MethodGet {
		return nil, errNeedGet
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	query := r.URL.Query()
	a, errcode := p.authorized(query.Get("access_token"))
	if errcode != errOK {
		return nil, errcode
	}
	m, known := a.media.find(query.Get("media_id"), p.options.Now())
	switch {
	case query.Get("media_id") == "":
		return nil, errNoMediaID
	case !known:
		return nil, errMediaID
	case m.Type == "video":
		return map[string]string{"video_url": "http://" + r.Host + pathMedia + m.ID}, errOK
	}
	return m, errOK
}

// pathMedia is where the page and everybody else gets a file without a token.
const pathMedia = "/sim/media/"

func (p *Platform) serveMedia(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	var m Media
	known := false
	for _, name := range p.names {
		if !known {
			m, known = p.accounts[name].media.find(r.PathValue("id"), p.options.Now())
		}
	}
	p.mu.Unlock()
	if !known {
		http.Error(w, "no such file, or it has ended", http.StatusNotFound)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "private, max-age=3600")
	m.write(w)
}

// write answers with the bytes of a file, as WeChat does.
func (m Media) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", m.ContentType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+m.ID+extensions[m.ContentType]+`"`)
	w.Header().Set("Content-Length", strconv.Itoa(len(m.Data)))
	_, _ = w.Write(m.Data)
}

var extensions = map[string]string{
	"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif",
	"audio/amr": ".amr", "audio/mpeg": ".mp3", "video/mp4": ".mp4",
}
