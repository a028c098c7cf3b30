package wechat

import "encoding/base64"

// Media is a picture, a recording or a film of a reply: what was uploaded to
// WeChat already, or a file that the sender uploads before it sends the reply,
// once for each account and content. One of the fields is set; of several the
// first one counts.
//
// A file that cannot be read or that WeChat does not take (a picture other
// than PNG, JPEG or GIF, a recording other than AMR or MP3, a film other than
// MP4, a thumbnail other than JPG; more than 10 MB, 2 MB, 10 MB or 64 KB)
// makes the reply a dead letter.
type Media struct {
	ID   string // media_id; good for three days, or for ever when it is permanent material
	Data []byte // the content itself; for small files, up to 1 MiB
	File string // path below the folder that the sender has for such files
	URL  string // http or https; the sender fetches it

	// Name is the file name that goes with Data, such as a.png. It may be
	// empty.
	Name string
}

// fill writes m as members of a message's object.
func (m Media) fill(object map[string]string, names mediaNames) {
	switch {
	case m.ID != "":
		object[names.id] = m.ID
	case len(m.Data) > 0:
		object[names.data] = base64.StdEncoding.EncodeToString(m.Data)
		if m.Name != "" {
			object[names.filename] = m.Name
		}
	case m.File != "":
		object[names.file] = m.File
	case m.URL != "":
		object[names.url] = m.URL
	}
}

// mediaNames are what the fields of a Media are called in JSON.
type mediaNames struct{ id, data, filename, file, url string }

var (
	mainNames  = mediaNames{"media_id", "data", "filename", "file", "url"}
	thumbNames = mediaNames{"thumb_media_id", "thumb_data", "thumb_filename", "thumb_file", "thumb_url"}
)

// ImageReply is a picture that was uploaded as mediaID. The same id is good
// for three days.
func ImageReply(mediaID string) Reply { return mediaReply("image", mediaID) }

// ImageFile is the picture in a file below the sender's folder.
func ImageFile(path string) Reply { return ImageOf(Media{File: path}) }

// ImageURL is the picture at an address, which the sender fetches.
func ImageURL(url string) Reply { return ImageOf(Media{URL: url}) }

// ImageBytes is a picture that travels with the reply: a small one.
func ImageBytes(data []byte) Reply { return ImageOf(Media{Data: data}) }

// ImageOf is a picture: PNG, JPEG or GIF, up to 10 MB.
func ImageOf(m Media) Reply { return fileReply("image", m) }

// VoiceReply is a recording that was uploaded as mediaID.
func VoiceReply(mediaID string) Reply { return mediaReply("voice", mediaID) }

// VoiceFile is the recording in a file below the sender's folder.
func VoiceFile(path string) Reply { return VoiceOf(Media{File: path}) }

// VoiceURL is the recording at an address, which the sender fetches.
func VoiceURL(url string) Reply { return VoiceOf(Media{URL: url}) }

// VoiceBytes is a recording that travels with the reply: a small one.
func VoiceBytes(data []byte) Reply { return VoiceOf(Media{Data: data}) }

// VoiceOf is a recording: AMR or MP3, up to 2 MB and 60 seconds.
func VoiceOf(m Media) Reply { return fileReply("voice", m) }

func mediaReply(msgType, mediaID string) Reply {
	return Reply{MsgType: msgType, Content: map[string]string{"media_id": mediaID}}
}

func fileReply(msgType string, m Media) Reply {
	content := make(map[string]string)
	m.fill(content, mainNames)
	return Reply{MsgType: msgType, Content: content}
}

// VideoContent is the content of a [VideoReply].
type VideoContent struct {
	Media       Media // MP4, up to 10 MB
	Thumb       Media // JPG, up to 64 KB
	Title       string
	Description string
}

// VideoReply is a film. Title and description may be empty.
func VideoReply(v VideoContent) Reply {
	content := make(map[string]string)
	v.Media.fill(content, mainNames)
	v.Thumb.fill(content, thumbNames)
	put(content, "title", v.Title)
	put(content, "description", v.Description)
	return Reply{MsgType: "video", Content: content}
}

// MusicContent is the content of a [MusicReply].
type MusicContent struct {
	URL         string // of the music
	HQURL       string // of a better recording, played on WLAN; may be empty
	Thumb       Media  // JPG, up to 64 KB
	Title       string
	Description string
}

// MusicReply is music on the web. Title and description may be empty.
func MusicReply(m MusicContent) Reply {
	content := map[string]string{"musicurl": m.URL}
	m.Thumb.fill(content, thumbNames)
	put(content, "hqmusicurl", m.HQURL)
	put(content, "title", m.Title)
	put(content, "description", m.Description)
	return Reply{MsgType: "music", Content: content}
}

// MiniProgramContent is the content of a [MiniProgramReply].
type MiniProgramContent struct {
	Title    string
	AppID    string // of a mini program that is linked to the account; a mini program itself has none here
	PagePath string // such as pages/index?x=1
	Thumb    Media  // JPG, up to 64 KB, best 520×416
}

// MiniProgramReply is a card that opens a mini program.
func MiniProgramReply(p MiniProgramContent) Reply {
	content := map[string]string{"pagepath": p.PagePath}
	p.Thumb.fill(content, thumbNames)
	put(content, "title", p.Title)
	put(content, "appid", p.AppID)
	return Reply{MsgType: "miniprogrampage", Content: content}
}

// put leaves out what is empty.
func put(content map[string]string, name, value string) {
	if value != "" {
		content[name] = value
	}
}
