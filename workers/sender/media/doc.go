// Package media lets replies bring files. A message may name a picture, a voice
// or a video where WeChat wants the media_id of an upload: a file below a folder
// of the sender's, a web address, or the bytes themselves.
//
//	{"msgtype":"image","image":{"file":"menu/today.png"}}
//	{"msgtype":"image","image":{"url":"https://example.com/today.png"}}
//	{"msgtype":"image","image":{"data":"iVBORw0KGgo…","filename":"today.png"}}
//	{"msgtype":"video","video":{"file":"a.mp4","thumb_file":"a.jpg","title":"t"}}
//
// The same names with thumb_ before them stand for the thumb_media_id of video,
// music and miniprogrampage. What is uploaded is remembered by its content for
// as long as WeChat keeps it, so that all replicas of the sender upload a file
// once for an account.
//
// What a reply names comes from workers, and some of them repeat what users
// wrote. So files outside the folder cannot be read, and web addresses inside
// the own network are not called unless a setting says so.
package media
