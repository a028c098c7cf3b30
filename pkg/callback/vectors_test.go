package callback

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// vector is one published sample of WXBizMsgCrypt, or one made after it.
type vector struct {
	Name           string `json:"name"`
	Token          string `json:"token"`
	EncodingAESKey string `json:"encodingAESKey"`
	ReceiveID      string `json:"receiveId"`
	Timestamp      string `json:"timestamp"`
	Nonce          string `json:"nonce"`
	Random         string `json:"random"`
	Plaintext      string `json:"plaintext"`
	PadLen         int    `json:"padLen"`
	Signature      string `json:"signature"`
	MsgSignature   string `json:"msgSignature"`
	Encrypt        string `json:"encrypt"`
}

func vectors(t *testing.T) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 17 {
		t.Fatalf("vectors: got %d, want 17", len(all))
	}
	return all
}

func mustKey(t *testing.T, text string) Key {
	t.Helper()
	key, err := ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestPublishedVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			key := mustKey(t, v.EncodingAESKey)
			got, err := key.open([]byte(v.Encrypt), v.ReceiveID)
			if err != nil || string(got) != v.Plaintext {
				t.Errorf("open = %q, %v; want %q", got, err, v.Plaintext)
			}
			if got := key.seal([]byte(v.Random), []byte(v.Plaintext), v.ReceiveID); got != v.Encrypt {
				t.Errorf("seal = %s; want %s", got, v.Encrypt)
			}
			if v.MsgSignature != "" {
				if got := Signature(v.Token, v.Timestamp, v.Nonce, v.Encrypt); got != v.MsgSignature {
					t.Errorf("msg_signature = %s; want %s", got, v.MsgSignature)
				}
			}
			if v.Signature != "" {
				if got := Signature(v.Token, v.Timestamp, v.Nonce); got != v.Signature {
					t.Errorf("signature = %s; want %s", got, v.Signature)
				}
			}
			size := headLen + len(v.Plaintext) + len(v.ReceiveID)
			if pad := padBlock - size%padBlock; v.PadLen != 0 && pad != v.PadLen {
				t.Errorf("pad = %d; want %d", pad, v.PadLen)
			}
		})
	}
}

func TestPublishedSignatures(t *testing.T) {
	long, err := os.ReadFile("testdata/encrypt.txt")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, want string
		parts      []string
	}{
		{"GET check", "f464b24fc39322e44b38aa78f5edd27bd1441696", []string{"AAAAA", "1714036504", "1514711492"}},
		{"plain POST", "899cf89e464efb63f54ddac96b0a0a235f53aa78", []string{"AAAAA", "1714037059", "486452656"}},
		{"safe POST", "6c5c811b55cc85e0e1b54100749188c20beb3f5d", []string{"AAAAA", "1714112445", "415670741"}},
		{"third-party POST", "cc0c594499c1634947d5b502f158ee518947db27", []string{"AAAAA", "1715943329", "1590219412"}},
		{"four values, not numeric", "8edac0945683c119ee71c9f6256d76c48aa08a96", []string{"RMNlACHlV5ThzfRlVS4D4", "timestamp", "nonce", "encrypt"}},
		{"bytes, not numbers, are sorted", "d37f0dde5745013a6934d368940032ecd028af60", []string{"abc", "9", "10"}},
		{"upper sorts before lower case", "7f4207c42cb81deaeb67f3d39eaea02f699f6ea7", []string{"Zz", "1720000000", "aA"}},
		{"long Encrypt", "8128e41a38892d814e4aa67753425da9dc8ec2b3", []string{"ovAkP0Tb", "1628737717", "1811081856", string(bytes.TrimSpace(long))}},
	}
	for _, tt := range tests {
		if got := Signature(tt.parts...); got != tt.want {
			t.Errorf("%s: Signature = %s; want %s", tt.name, got, tt.want)
		}
	}
}
