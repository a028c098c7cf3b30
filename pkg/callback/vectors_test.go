package callback

import (
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
			got, err := key.open(new([]byte), []byte(v.Encrypt), v.ReceiveID)
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
	data, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var tests []struct {
		Name, Signature string
		Parts           []string
	}
	if err := json.Unmarshal(data, &tests); err != nil || len(tests) != 8 {
		t.Fatalf("signatures: got %d, %v; want 8", len(tests), err)
	}
	for _, tt := range tests {
		if got := Signature(tt.Parts...); got != tt.Signature {
			t.Errorf("%s: Signature = %s; want %s", tt.Name, got, tt.Signature)
		}
	}
}
