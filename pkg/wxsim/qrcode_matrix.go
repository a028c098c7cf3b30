package wxsim

import (
	"image"
	"image/color"
)

// The one size of QR code (ISO/IEC 18004) that is drawn: version 3 with error
// correction L holds 53 bytes in one block, and the URLs of tickets have 45.
const (
	qrSize      = 29
	qrData      = 55 // codewords
	qrECC       = 15 // codewords
	qrText      = 53 // bytes
	qrAlignment = 22 // centre of the one alignment pattern, both ways
	qrQuiet     = 4  // light modules around the code
	qrScale     = 10 // pixels of a module
	qrFormat    = 0b01_000
)

// qr is a code that is being drawn. A module is dark or light; fixed ones hold
// no data.
type qr struct{ dark, fixed [qrSize][qrSize]bool }

// drawQR returns the picture of a code, and reports false for what does not
// fit into one.
func drawQR(text string) (image.Image, bool) {
	if len(text) > qrText {
		return nil, false
	}
	var q qr
	q.patterns()
	q.fill(qrCodewords(text))
	const side = (qrSize + 2*qrQuiet) * qrScale
	picture := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			row, column := y/qrScale-qrQuiet, x/qrScale-qrQuiet
			if row >= 0 && row < qrSize && column >= 0 && column < qrSize && q.dark[row][column] {
				picture.SetColorIndex(x, y, 1)
			}
		}
	}
	return picture, true
}

// set draws a module that holds no data; what lies outside is left out.
func (q *qr) set(row, column int, dark bool) {
	if row >= 0 && row < qrSize && column >= 0 && column < qrSize {
		q.dark[row][column], q.fixed[row][column] = dark, true
	}
}

// patterns draws all that is the same in every code.
func (q *qr) patterns() {
	for i := range qrSize {
		q.set(6, i, i%2 == 0)
		q.set(i, 6, i%2 == 0)
	}
	q.square(3, 3, 4)
	q.square(3, qrSize-4, 4)
	q.square(qrSize-4, 3, 4)
	q.square(qrAlignment, qrAlignment, 2)
	q.format()
}

// square draws rings around a centre: the finders with their light margin, and
// the alignment pattern.
func (q *qr) square(row, column, radius int) {
	for dy := -radius; dy <= radius; dy++ {
		for dx := -radius; dx <= radius; dx++ {
			ring := max(dy, -dy, dx, -dx)
			dark := ring != 2 && ring != 4
			if radius == 2 {
				dark = ring != 1
			}
			q.set(row+dy, column+dx, dark)
		}
	}
}

// format draws, twice, the 15 bits that say error correction L and mask 0.
func (q *qr) format() {
	rest := qrFormat << 10
	for bit := 14; bit >= 10; bit-- {
		if rest>>bit&1 == 1 {
			rest ^= 0x537 << (bit - 10)
		}
	}
	bits := (qrFormat<<10 | rest) ^ 0x5412
	for i := range 15 {
		dark := bits>>i&1 == 1
		switch {
		case i < 6:
			q.set(i, 8, dark)
		case i < 8:
			q.set(i+1, 8, dark)
		case i == 8:
			q.set(8, 7, dark)
		default:
			q.set(8, 14-i, dark)
		}
		if i < 8 {
			q.set(8, qrSize-1-i, dark)
		} else {
			q.set(qrSize-15+i, 8, dark)
		}
	}
	q.set(qrSize-8, 8, true)
}

// fill draws the data, two columns at a time, up and down from the right, and
// inverts the modules of mask 0, a chessboard.
func (q *qr) fill(codewords []byte) {
	bit := 0
	for right := qrSize - 1; right > 0; right -= 2 {
		if right == 6 {
			right = 5 // the upright timing pattern
		}
		for step := range qrSize {
			row := step
			if (right+1)&2 == 0 {
				row = qrSize - 1 - step
			}
			for _, column := range []int{right, right - 1} {
				if q.fixed[row][column] {
					continue
				}
				dark := bit < 8*len(codewords) && codewords[bit/8]>>(7-bit%8)&1 == 1
				q.dark[row][column] = dark != ((row+column)%2 == 0)
				bit++
			}
		}
	}
}

// qrCodewords returns a text in byte mode, filled up, and its error correction.
func qrCodewords(text string) []byte {
	length := byte(len(text)) //nolint:gosec // 53 at most
	nibbles := append(make([]byte, 0, 2*qrData), 0b0100, length>>4, length&15)
	for _, b := range []byte(text) {
		nibbles = append(nibbles, b>>4, b&15)
	}
	nibbles = append(nibbles, 0) // the end; now the number is even
	words := make([]byte, 0, qrData+qrECC)
	for i := 0; i+1 < len(nibbles); i += 2 {
		words = append(words, nibbles[i]<<4|nibbles[i+1])
	}
	for pad := byte(0xEC); len(words) < qrData; pad ^= 0xEC ^ 0x11 {
		words = append(words, pad)
	}
	return append(words, qrRemainder(words)...)
}

// qrRemainder divides by the generator of Reed and Solomon's code.
func qrRemainder(words []byte) []byte {
	generator := make([]byte, qrECC)
	generator[qrECC-1] = 1
	root := byte(1)
	for range qrECC {
		for i := range generator {
			generator[i] = qrMultiply(generator[i], root)
			if i+1 < qrECC {
				generator[i] ^= generator[i+1]
			}
		}
		root = qrMultiply(root, 2)
	}
	rest := make([]byte, qrECC)
	for _, word := range words {
		factor := word ^ rest[0]
		rest = append(rest[1:], 0)
		for i := range rest {
			rest[i] ^= qrMultiply(generator[i], factor)
		}
	}
	return rest
}

// qrMultiply multiplies in the field of 256 elements that QR codes use.
func qrMultiply(a, b byte) byte {
	var product byte
	for bit := 7; bit >= 0; bit-- {
		carry := product >> 7
		product = product<<1 ^ carry*0x1D
		product ^= b >> bit & 1 * a
	}
	return product
}
