package wxsim_test

import (
	"encoding/json"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wxbus/wxbus/pkg/wxsim"
)

type qrAnswer struct {
	Errcode int
	Ticket  string
	URL     string
	Seconds int64 `json:"expire_seconds"`
}

func (a *api) createCode(body string) qrAnswer {
	a.t.Helper()
	_, text, err := a.raw("POST", "/cgi-bin/qrcode/create?access_token="+a.stable(false).Token, body)
	var got qrAnswer
	if err == nil {
		err = json.Unmarshal([]byte(text), &got)
	}
	if err != nil {
		a.t.Fatal(err)
	}
	return got
}

func TestCodesOfAllKinds(t *testing.T) {
	now := newClock()
	a := reachable(t, func(o *wxsim.Options) { o.Now = now.Now })
	for _, tt := range []struct {
		body    string
		errcode int
		seconds int64
		scene   string
	}{
		{`{"expire_seconds":604800,"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":"shop-12"}}}`, 0, 604800, "shop-12"},
		{`{"action_name":"QR_SCENE","action_info":{"scene":{"scene_id":123}}}`, 0, 60, "123"},
		{`{"expire_seconds":99999999,"action_name":"QR_SCENE","action_info":{"scene":{"scene_id":4294967295}}}`, 0, 2592000, "4294967295"},
		{`{"action_name":"QR_LIMIT_SCENE","action_info":{"scene":{"scene_id":100000}}}`, 0, 0, "100000"},
		{`{"action_name":"QR_LIMIT_STR_SCENE","action_info":{"scene":{"scene_str":"test"}}}`, 0, 0, "test"},
		{`{"action_name":"QR_LIMIT_SCENE","action_info":{"scene":{"scene_id":100001}}}`, 40053, 0, ""},
		{`{"action_name":"QR_SCENE","action_info":{"scene":{"scene_id":0}}}`, 40053, 0, ""},
		{`{"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":""}}}`, 40053, 0, ""},
		{`{"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":"` + strings.Repeat("景", 65) + `"}}}`, 40053, 0, ""},
		{`{"expire_seconds":0,"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":"a"}}}`, 40053, 0, ""},
		{`{"action_name":"QR","action_info":{"scene":{"scene_str":"a"}}}`, 40052, 0, ""},
		{`{`, 47001, 0, ""},
		{`{"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":"\u4f60"}}}`, 40033, 0, ""},
	} {
		got := a.createCode(tt.body)
		if got.Errcode != tt.errcode || got.Seconds != tt.seconds || (got.Ticket == "") != (tt.errcode != 0) {
			t.Errorf("%s = %+v", tt.body, got)
		}
		if codes := a.sim.QRCodes("main"); tt.errcode == 0 {
			want := wxsim.QRCode{Ticket: got.Ticket, URL: got.URL, Scene: tt.scene}
			if diff := cmp.Diff(want, codes[len(codes)-1]); diff != "" {
				t.Errorf("%s: QRCodes (-want +got):\n%s", tt.body, diff)
			}
		}
	}
	now.move(30 * 24 * time.Hour)
	if got := len(a.sim.QRCodes("main")); got != 2 {
		t.Errorf("%d codes live for ever, want 2", got)
	}
}

func TestShownCodeSaysItsURL(t *testing.T) {
	a := reachable(t, nil)
	for range 5 {
		created := a.createCode(`{"action_name":"QR_LIMIT_STR_SCENE","action_info":{"scene":{"scene_str":"test"}}}`)
		status, picture, header := a.fetch("/cgi-bin/showqrcode?ticket=" + url.QueryEscape(created.Ticket))
		if status != http.StatusOK || header.Get("Content-Type") != "image/png" {
			t.Fatalf("showqrcode = %d, %v", status, header)
		}
		if got := scanned(t, picture); got != created.URL {
			t.Errorf("the picture says %q, want %q", got, created.URL)
		}
	}
	if status, _, _ := a.fetch("/cgi-bin/showqrcode?ticket=no"); status != http.StatusNotFound {
		t.Errorf("unknown ticket = %d, want 404", status)
	}
}

// scanned reads a code of version 3 with mask 0 in byte mode, as a phone does
// that has found its corners. It checks that the error correction has nothing
// to correct.
func scanned(t *testing.T, picture string) string {
	t.Helper()
	const size, scale, quiet = 29, 10, 4
	img, err := png.Decode(strings.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	dark := func(row, column int) bool {
		r, _, _, _ := img.At((column+quiet)*scale+scale/2, (row+quiet)*scale+scale/2).RGBA()
		return r == 0
	}
	var words []byte
	bits := 0
	for right, up := size-1, true; right > 0; right, up = right-2, !up {
		if right == 6 {
			right--
		}
		for step := range size {
			row := step
			if up {
				row = size - 1 - step
			}
			for column := right; column > right-2; column-- {
				corner := row < 9 && (column < 9 || column > 20) || row > 20 && column < 9
				if corner || row == 6 || column == 6 || row >= 20 && row <= 24 && column >= 20 && column <= 24 {
					continue
				}
				if bits%8 == 0 {
					words = append(words, 0)
				}
				words[bits/8] <<= 1
				if dark(row, column) != ((row+column)%2 == 0) {
					words[bits/8] |= 1
				}
				bits++
			}
		}
	}
	words = words[:70]
	for root := range 15 {
		if syndrome(words, root) != 0 {
			t.Fatalf("the code is broken")
		}
	}
	if words[0]>>4 != 0b0100 {
		t.Fatalf("mode %b is not bytes", words[0]>>4)
	}
	text := make([]byte, words[0]&15<<4|words[1]>>4)
	for i := range text {
		text[i] = words[i+1]<<4 | words[i+2]>>4
	}
	return string(text)
}

// syndrome evaluates the code at a power of 2 in GF(256).
func syndrome(words []byte, power int) byte {
	times := func(a byte) byte { // by 2
		if a >= 0x80 {
			return a<<1 ^ 0x1D
		}
		return a << 1
	}
	var sum byte
	for _, word := range words {
		for range power {
			sum = times(sum)
		}
		sum ^= word
	}
	return sum
}
