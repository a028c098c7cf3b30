package delivery_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/wxbus/wxbus/pkg/wxsim"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// picture returns a PNG of so many pixels a side.
func picture(t *testing.T, side int) []byte {
	t.Helper()
	var data bytes.Buffer
	if err := png.Encode(&data, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// imageOf is a reply with a picture, given by fields of its own.
func imageOf(fields string) string {
	return fmt.Sprintf(`{"touser":%q,"msgtype":"image","image":{%s}}`, openID, fields)
}

func mediaIDOf(t *testing.T, m wxsim.Message) (id string) {
	t.Helper()
	var content map[string]string
	if err := json.Unmarshal(m.Content, &content); err != nil || len(content) != 1 {
		t.Fatalf("WeChat got %s", m.Content)
	}
	return content["media_id"]
}

// A picture is uploaded once, however it is given and however often it is sent.
func TestPictureIsUploadedOnce(t *testing.T) {
	r := newRig(t)
	dir, data := t.TempDir(), picture(t, 8)
	if err := os.WriteFile(filepath.Join(dir, "a.png"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	r.start(func(c *delivery.Config) { c.Media.Dir = dir })
	inline := base64.StdEncoding.EncodeToString(data)
	for _, fields := range []string{`"file":"a.png"`, `"data":"` + inline + `","filename":"b.png"`, `"data":"` + inline + `"`} {
		r.publish("main", openID, imageOf(fields))
	}
	got := r.received("main", openID, 3)
	first := mediaIDOf(t, got[0])
	for _, m := range got {
		if id := mediaIDOf(t, m); m.MsgType != "image" || id == "" || id != first {
			t.Errorf("got %s %s, want the picture %s", m.MsgType, m.Content, first)
		}
	}
	r.settled(0)
}

// An upload that WeChat has dropped is uploaded again, once.
func TestDroppedUploadIsUploadedAgain(t *testing.T) {
	r := newRig(t)
	r.start()
	r.failAt(2, 40007)
	body := imageOf(`"data":"` + base64.StdEncoding.EncodeToString(picture(t, 9)) + `"`)
	r.publish("main", openID, body)
	first := mediaIDOf(t, r.received("main", openID, 1)[0])
	r.publish("main", openID, body)
	if second := mediaIDOf(t, r.received("main", openID, 2)[1]); second == first {
		t.Errorf("sent with %s again", second)
	}
	r.settled(0)
}

func TestBadFileBecomesADeadLetter(t *testing.T) {
	r := newRig(t)
	r.start()
	for i, fields := range []string{
		`"data":"bm90IGEgcGljdHVyZQ=="`, // not a picture
		`"data":"?"`,
		`"file":"/etc/passwd"`,
		`"url":"http://127.0.0.1/a.png"`, // the own network
		`"url":"ftp://a.example/a.png"`,
	} {
		body := imageOf(fields)
		id := r.publish("main", openID, body)
		wantLetter(t, r.dead(i+1), grave{"media", 1, stored("main", openID), i + 1, id}, body)
	}
	r.settled(5)
	if got := r.sim.Counts().Sends; got != 0 {
		t.Errorf("%d calls of custom/send", got)
	}
}
