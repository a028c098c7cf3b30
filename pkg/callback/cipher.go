package callback

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"sync"
)

const (
	keyText   = 43 // characters of an EncodingAESKey
	padBlock  = 32 // WeChat pads to 32 bytes, not to the 16 of AES
	randomLen = 16 // random bytes before the length
	headLen   = randomLen + 4
)

// Key is an EncodingAESKey ready for use. It is safe for concurrent use.
type Key struct {
	block cipher.Block
	iv    []byte

	// decrypters are used again: each holds a copy of the expanded key. The IV
	// of one that was used is the end of the last message, and that is as good:
	// it changes the first block only, and that is random anyway.
	decrypters *sync.Pool
}

// ParseKey reads an EncodingAESKey: 43 base64 characters that stand for 32
// bytes. The last two bits need not be zero; Tencent's own samples have them set.
func ParseKey(text string) (Key, error) {
	if len(text) != keyText {
		return Key{}, errors.New("an EncodingAESKey has 43 characters")
	}
	raw, err := base64.StdEncoding.DecodeString(text + "=")
	if err != nil {
		return Key{}, errors.New("an EncodingAESKey has letters and digits only")
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return Key{}, err
	}
	iv := raw[:aes.BlockSize]
	return Key{block: block, iv: iv, decrypters: &sync.Pool{
		New: func() any { return cipher.NewCBCDecrypter(block, iv) },
	}}, nil
}

// Seal encrypts message for receiver (the AppID) as WeChat does and returns
// the base64 text of an Encrypt element. Every call gives another text.
func (k Key) Seal(message []byte, receiver string) string {
	random := make([]byte, randomLen)
	_, _ = rand.Read(random) // never fails
	return k.seal(random, message, receiver)
}

func (k Key) seal(random, message []byte, receiver string) string {
	size := headLen + len(message) + len(receiver)
	pad := padBlock - size%padBlock
	text := make([]byte, 0, size+pad)
	text = append(text, random...)
	text = binary.BigEndian.AppendUint32(text, uint32(len(message))) //nolint:gosec // a push is far below 4 GiB
	text = append(text, message...)
	text = append(text, receiver...)
	text = append(text, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(k.block, k.iv).CryptBlocks(text, text)
	return base64.StdEncoding.EncodeToString(text)
}

// open decrypts sealed, the text of an Encrypt element without blanks, into the
// memory of buf and returns the message in it. It returns ErrCipher when the
// text does not open and ErrAppID when it was sealed for another receiver.
func (k Key) open(buf *[]byte, sealed []byte, receiver string) ([]byte, error) {
	text, err := base64.StdEncoding.AppendDecode((*buf)[:0], sealed)
	*buf = text
	if err != nil || len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil, ErrCipher
	}
	decrypter := k.decrypters.Get().(cipher.BlockMode)
	decrypter.CryptBlocks(text, text)
	k.decrypters.Put(decrypter)
	text, ok := unpad(text)
	if !ok || len(text) < headLen {
		return nil, ErrCipher
	}
	length := uint64(binary.BigEndian.Uint32(text[randomLen:]))
	rest := text[headLen:]
	if length > uint64(len(rest)) {
		return nil, ErrCipher
	}
	if subtle.ConstantTimeCompare(rest[length:], []byte(receiver)) != 1 {
		return nil, ErrAppID
	}
	return rest[:length:length], nil
}

// unpad removes PKCS#7 padding of 1 to 32 bytes.
func unpad(text []byte) ([]byte, bool) {
	pad := int(text[len(text)-1])
	if pad < 1 || pad > padBlock || pad > len(text) {
		return nil, false
	}
	body, tail := text[:len(text)-pad], text[len(text)-pad:]
	for _, b := range tail {
		if int(b) != pad {
			return nil, false
		}
	}
	return body, true
}
