package wxapi

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	downloadTimeout = 5 * time.Minute
	downloadMost    = 100 << 20 // bytes; nothing that WeChat keeps is longer
	smallMost       = 64 << 10  // an answer in JSON is shorter
	videoRedirects  = 5
)

// Download is what came of a download.
type Download struct {
	ContentType string // as WeChat says, or by how the content begins
	Filename    string // as WeChat says; may be empty
	Size        int64
}

// Download writes a file that users or [Client.Upload] have given WeChat less
// than three days ago. It is streamed. A film comes from the address that
// WeChat answers with, without a token. When an error is returned w may have
// got a part of it.
//
// 40007: the media_id is not known or has ended. WeChat takes 200,000
// downloads a day, of a test account 1,000 (45009).
//
// https://developers.weixin.qq.com/doc/service/api/material/temporary/api_getmedia
func (c *Client) Download(ctx context.Context, mediaID string, w io.Writer) (Download, error) {
	return c.download(ctx, "/cgi-bin/media/get", mediaID, w)
}

// DownloadVoice writes a recording that was made with the JS-SDK, in its
// better quality: speex at 16 kHz. See [Client.Download].
//
// https://developers.weixin.qq.com/doc/offiaccount/Asset_Management/Get_temporary_materials.html
func (c *Client) DownloadVoice(ctx context.Context, mediaID string, w io.Writer) (Download, error) {
	return c.download(ctx, "/cgi-bin/media/get/jssdk", mediaID, w)
}

func (c *Client) download(ctx context.Context, path, mediaID string, w io.Writer) (d Download, err error) {
	var elsewhere string
	err = c.do(ctx, operation{
		method: http.MethodGet,
		path:   path,
		query:  url.Values{"media_id": {mediaID}},
		read: func(response *http.Response) (err error) {
			d, elsewhere, err = save(path, response, w)
			return err
		},
		timeout: downloadTimeout,
	})
	if err != nil || elsewhere == "" {
		return d, err
	}
	return c.downloadVideo(ctx, path, elsewhere, w)
}

// downloadVideo fetches a film from where WeChat says it is. The address may
// be used by anybody who knows it, so it is in no error.
func (c *Client) downloadVideo(ctx context.Context, path, address string, w io.Writer) (Download, error) {
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil || request.URL.Host == "" {
		return Download{}, fmt.Errorf("%s: %w: the film's address is no URL", path, errTransient)
	}
	client := http.Client{Transport: c.http.Transport, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if len(via) > videoRedirects {
			return errors.New("too many redirects")
		}
		return nil
	}}
	response, err := client.Do(request)
	if err != nil {
		return Download{}, fmt.Errorf("%s: %w: fetch the film: %w", path, errTransient, withoutURL(err))
	}
	defer func() { _ = response.Body.Close() }()
	d, again, err := save(path, response, w)
	if err == nil && again != "" {
		err = fmt.Errorf("%s: %w: the film's address leads to another", path, errTransient)
	}
	return d, err
}

func withoutURL(err error) error {
	if withURL, ok := errors.AsType[*url.Error](err); ok {
		return withURL.Err
	}
	return err
}

// save writes what an answer holds, unless it is JSON: an error, or the address
// of a film. WeChat sends JSON as text/plain too, and within what should be a
// picture, so the first bytes decide.
func save(path string, response *http.Response, w io.Writer) (d Download, elsewhere string, err error) {
	if response.StatusCode != http.StatusOK {
		return d, "", fmt.Errorf("%s: %w: HTTP status %d", path, errTransient, response.StatusCode)
	}
	body := bufio.NewReaderSize(response.Body, smallMost)
	head, err := body.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return d, "", notSaved(path, err)
	}
	if elsewhere, isJSON, err := readSmall(path, body, head); isJSON {
		return d, elsewhere, err
	}
	d.Filename = filenameOf(response)
	if d.ContentType, err = mediaTypeOf(path, response, head); err != nil {
		return d, "", err
	}
	if response.ContentLength > downloadMost {
		return d, "", tooLong(path)
	}
	d.Size, err = io.Copy(w, io.LimitReader(body, downloadMost))
	if err != nil {
		return d, "", notSaved(path, err)
	}
	if _, err = body.Peek(1); !errors.Is(err, io.EOF) && d.Size == downloadMost {
		return d, "", tooLong(path)
	}
	return d, "", nil
}

func notSaved(path string, err error) error { return fmt.Errorf("%s: %w: %w", path, errTransient, err) }

func tooLong(path string) error {
	return fmt.Errorf("%s: %w: answer of more than %d bytes", path, errTransient, downloadMost)
}

// readSmall reads an answer that is JSON as a whole.
func readSmall(path string, body *bufio.Reader, head []byte) (elsewhere string, isJSON bool, err error) {
	if !bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) {
		return "", false, nil
	}
	all, ended := body.Peek(smallMost)
	if !errors.Is(ended, io.EOF) {
		return "", false, nil // too long, or cut off: who reads on sees
	}
	var answer struct {
		Code     int    `json:"errcode"`
		Msg      string `json:"errmsg"`
		VideoURL string `json:"video_url"`
		DownURL  string `json:"down_url"` // of permanent material
	}
	switch isJSON = json.Unmarshal(all, &answer) == nil; {
	case !isJSON:
		return "", false, nil
	case answer.Code != 0:
		return "", true, &Error{Op: path, Code: answer.Code, Msg: answer.Msg}
	case answer.VideoURL == "" && answer.DownURL == "":
		return "", true, fmt.Errorf("%s: %w: answer is neither a file nor an error", path, errTransient)
	}
	return cmp.Or(answer.VideoURL, answer.DownURL), true, nil
}

// mediaTypeOf returns what a file is. Text is none of WeChat's media, but a
// page of something that stands between.
func mediaTypeOf(path string, response *http.Response, head []byte) (string, error) {
	told, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if told == "" || strings.HasPrefix(told, "text/") || told == "application/json" {
		told = contentTypeOf(head)
	}
	if len(head) == 0 || strings.HasPrefix(told, "text/") {
		return "", fmt.Errorf("%s: %w: answer is no file", path, errTransient)
	}
	return told, nil
}

func filenameOf(response *http.Response) string {
	_, parameters, _ := mime.ParseMediaType(response.Header.Get("Content-Disposition"))
	return parameters["filename"]
}
