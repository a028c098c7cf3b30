package callback_test

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"

	"github.com/wxbus/wxbus/pkg/callback"
)

// open gives sealed, rightly signed, to an account in safe mode.
func open(t *testing.T, sealed string) ([]byte, error) {
	t.Helper()
	return account(t, callback.Safe).Open(sealedQuery(sealed), envelope("XML", sealed))
}

func TestOpenTakesEveryPadOfWeChats(t *testing.T) {
	seen := map[byte]bool{}
	for size := range 64 {
		message := strings.Repeat("m", size)
		text := padded(frame(uint32(size), message))
		seen[text[len(text)-1]] = true
		got, err := open(t, encrypt(t, text))
		check(t, got, err, message, nil)
	}
	for pad := byte(1); pad <= 32; pad++ {
		if !seen[pad] {
			t.Errorf("no message has pad %d", pad)
		}
	}
}

func TestOpenRefusesEveryOtherPad(t *testing.T) {
	for name, pad := range map[string][]byte{
		"0":                bytes.Repeat([]byte{0}, 32),
		"33":               bytes.Repeat([]byte{33}, 64),
		"255":              bytes.Repeat([]byte{255}, 256),
		"one byte off":     append(bytes.Repeat([]byte{4}, 28), 3, 4, 4, 4),
		"longer than told": append(bytes.Repeat([]byte{7}, 24), 8, 8, 8, 8, 8, 8, 8, 9),
		"0 at the end":     append(bytes.Repeat([]byte{32}, 31), 0),
	} {
		t.Run(name, func(t *testing.T) {
			text := append(frame(26, strings.Repeat("m", 26)), pad...) // 64 bytes and the pad
			got, err := open(t, encrypt(t, text))
			check(t, got, err, "", callback.ErrCipher)
		})
	}
}

// Blocks of 16 are AES', those of 32 WeChat's: who pads to 16 is read as well.
func TestOpenTakesBlocksOf16(t *testing.T) {
	text := append(frame(4, "mmmm"), 6, 6, 6, 6, 6, 6) // 48 bytes
	got, err := open(t, encrypt(t, text))
	check(t, got, err, "mmmm", nil)
}

func TestOpenRefusesAPushThatIsTooShort(t *testing.T) {
	for name, text := range map[string][]byte{
		"pad alone":       bytes.Repeat([]byte{32}, 32),
		"pad of 16 alone": bytes.Repeat([]byte{16}, 16),
		"pad over all":    bytes.Repeat([]byte{32}, 16),
		"random alone":    append([]byte("A1b2C3d4E5f6G7h8"), bytes.Repeat([]byte{16}, 16)...),
		"half a length":   append([]byte("A1b2C3d4E5f6G7h8\x00\x00"), bytes.Repeat([]byte{14}, 14)...),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := open(t, encrypt(t, text))
			check(t, got, err, "", callback.ErrCipher)
		})
	}
}

func TestOpenRefusesALengthThatLies(t *testing.T) {
	size := uint32(len("message"))
	rest := size + uint32(len(appID))
	for length, want := range map[uint32]error{
		0:          callback.ErrAppID,
		size - 1:   callback.ErrAppID,
		size:       nil,
		size + 1:   callback.ErrAppID,
		rest:       callback.ErrAppID,
		rest + 1:   callback.ErrCipher,
		rest + 16:  callback.ErrCipher,
		1<<31 - 1:  callback.ErrCipher,
		1 << 31:    callback.ErrCipher,
		1<<32 - 20: callback.ErrCipher,
		1<<32 - 1:  callback.ErrCipher,
	} {
		t.Run(strconv.FormatUint(uint64(length), 10), func(t *testing.T) {
			message := ""
			if want == nil {
				message = "message"
			}
			got, err := open(t, encrypt(t, padded(frame(length, "message"))))
			check(t, got, err, message, want)
		})
	}
}

func TestOpenRefusesAnotherReceiver(t *testing.T) {
	key := mustKey(t, keyText)
	for _, receiver := range []string{"", "wxfedcba9876543210", strings.ToUpper(appID), appID + "0", appID[1:], appID + "\x00", appID + appID} {
		got, err := open(t, key.Seal([]byte("message"), receiver))
		check(t, got, err, "", callback.ErrAppID)
	}
}

func TestOpenRefusesWhatIsNoCiphertext(t *testing.T) {
	sealed := mustKey(t, keyText).Seal(bytes.Repeat([]byte("m"), 26), appID) // 96 bytes, 128 characters
	data, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		t.Fatal(err)
	}
	for name, sealed := range map[string]string{
		"nothing":              "",
		"blanks":               " \n ",
		"words":                "not base64!",
		"one character":        "A",
		"alphabet of URLs":     strings.Repeat("-_", 32),
		"padding in front":     "=" + sealed[1:],
		"padding too much":     sealed + "=",
		"cut by a character":   sealed[:len(sealed)-1],
		"cut by four":          sealed[:len(sealed)-4],
		"cut by half":          sealed[:len(sealed)/2],
		"broken in the middle": sealed[:10] + "*" + sealed[11:],
		"zero bytes":           "====",
		"1 byte":               base64.StdEncoding.EncodeToString(data[:1]),
		"15 bytes":             base64.StdEncoding.EncodeToString(data[:15]),
		"17 bytes":             base64.StdEncoding.EncodeToString(data[:17]),
		"95 bytes":             base64.StdEncoding.EncodeToString(data[:95]),
		"one block":            base64.StdEncoding.EncodeToString(data[:16]),
		"without last block":   base64.StdEncoding.EncodeToString(data[:80]),
		"zeros":                base64.StdEncoding.EncodeToString(make([]byte, 96)),
		"other key":            mustKey(t, oldKey).Seal([]byte("message"), appID),
		"Chinese":              "密文密文",
		"NUL":                  "AAAA\x00AAA",
	} {
		t.Run(name, func(t *testing.T) {
			signed := strings.Join(strings.Fields(sealed), "")
			got, err := account(t, callback.Safe).Open(sealedQuery(signed), envelope("XML", sealed))
			check(t, got, err, "", callback.ErrCipher)
		})
	}
}

func TestSealIsOpenedAndNeverTheSame(t *testing.T) {
	key := mustKey(t, keyText)
	for _, message := range []string{"", "m", messages["XML"], messages["JSON"], strings.Repeat("好", 1<<16)} {
		first, second := key.Seal([]byte(message), appID), key.Seal([]byte(message), appID)
		if first == second {
			t.Errorf("Seal gives the same text twice: %.40s", first)
		}
		if data, err := base64.StdEncoding.DecodeString(first); err != nil || len(data)%32 != 0 {
			t.Errorf("Seal gives %d bytes, %v; want a multiple of 32", len(data), err)
		}
		got, err := open(t, first)
		check(t, got, err, message, nil)
	}
}

func TestParseKeyTakesKeysOfTheConsole(t *testing.T) {
	for _, text := range []string{
		keyText,
		oldKey,
		strings.Repeat("A", 43),
		strings.Repeat("z", 43), // its last two bits are set
		"kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
	} {
		if _, err := callback.ParseKey(text); err != nil {
			t.Errorf("ParseKey(%s): %v", text, err)
		}
	}
	// The last character has six bits, of which four count.
	sealed := mustKey(t, keyText[:42]+"4").Seal([]byte("message"), appID)
	got, err := open(t, sealed)
	check(t, got, err, "message", nil)
}

func TestParseKeyRefusesOthersAndTellsNone(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":      "",
		"42":           keyText[:42],
		"44":           keyText + "A",
		"with padding": keyText[:42] + "=",
		"with its =":   keyText + "=",
		"blank":        keyText[:42] + " ",
		"line break":   keyText[:39] + "\n\n\n\n",
		"dash":         keyText[:42] + "-",
		"Chinese":      "密" + keyText[:40],
		"comma":        keyText + "," + oldKey,
	} {
		_, err := callback.ParseKey(text)
		if err == nil {
			t.Errorf("%s: ParseKey gives no error", name)
		} else if strings.Contains(err.Error(), keyText[:8]) {
			t.Errorf("%s: the error tells the key: %v", name, err)
		}
	}
}
