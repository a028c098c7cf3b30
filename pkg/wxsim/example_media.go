package wxsim

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"sync"
)

// examplePicture is what a user sends who has chosen none: a sunrise.
var examplePicture = sync.OnceValue(func() []byte {
	const width, height = 320, 240
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.Set(x, y, sunrise(x-width/2, y-height*2/3, y))
		}
	}
	var data bytes.Buffer
	_ = png.Encode(&data, picture) // to memory
	return data.Bytes()
})

// sunrise is the colour at a distance from the sun's middle.
func sunrise(dx, dy, y int) color.Color {
	switch {
	case dy > 0 && (y/6)%2 == 0:
		return color.RGBA{38, 92, 130, 255}
	case dy > 0:
		return color.RGBA{52, 112, 148, 255}
	case dx*dx+dy*dy < 50*50:
		return color.RGBA{255, 236, 179, 255}
	}
	shade := uint8(min(255, y)) //nolint:gosec // it fits
	return color.RGBA{255 - shade/4, 120 + shade/2, 110 + shade/5, 255}
}

// exampleVoice is one second of silence in AMR, the format of WeChat's voice
// messages: a head, and 50 frames of 12.2 kbit/s.
func exampleVoice() []byte {
	const frames, bytesOfFrame = 50, 31
	voice := []byte("#!AMR\n")
	for range frames {
		voice = append(voice, 0x3C)
		voice = append(voice, make([]byte, bytesOfFrame)...)
	}
	return voice
}
