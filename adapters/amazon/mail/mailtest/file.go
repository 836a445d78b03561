package mailtest

import (
	"encoding/binary"

	"github.com/keybuzzio/marketplaces/domain"
)

// Contents of files of a type, as few bytes as show it.

// jpeg is a picture, with its end mark.
func (m *maker) jpeg(size int) string {
	return "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + m.filler(size) + "\xff\xd9"
}

// png is a picture, with its last chunk.
func (m *maker) png(size int) string {
	return "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + m.filler(size) + "\x00\x00\x00\x00IEND\xaeB`\x82"
}

func (m *maker) pdf(size int) string { return "%PDF-1.4\n% " + m.filler(size) + "\n%%EOF\n" }

// filler is content that no two files have, quickly.
func (m *maker) filler(size int) string {
	b := make([]byte, size)
	for i := 0; i < size; i += 8 {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], m.rnd.Uint64()|0x0101010101010101)
		copy(b[i:], word[:])
	}
	for i := range b { // neither NUL nor 0xFF, by which readers look for ends
		b[i] &= 0x7f
	}
	return string(b)
}

// winmail is a container of Outlook's that holds one file (MS-OXTNEF).
func winmail(name, content string) string {
	b := []byte{0x78, 0x9f, 0x3e, 0x22, 0x01, 0x00}
	attribute := func(id uint32, data string) {
		b = append(b, 2) // of an attachment
		b = binary.LittleEndian.AppendUint32(b, id)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
		b = append(b, data...)
		var sum uint16
		for _, c := range []byte(data) {
			sum += uint16(c)
		}
		b = binary.LittleEndian.AppendUint16(b, sum)
	}
	attribute(0x00069002, "\x01\x00\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00") // rendering: begins a file
	attribute(0x00018010, name+"\x00")
	attribute(0x0006800f, content)
	return string(b)
}

// file is what must be read of a file that has this content. Its number is that of its place.
func file(name, original, declared, kind, content string, flags ...domain.FileFlag) domain.File {
	return domain.File{
		Name: name, OriginalName: original, DeclaredType: declared, Type: kind, Size: int64(len(content)),
		Digest: domain.DigestOf([]byte(content)), Flags: flags,
	}
}

// with is a message wanted with files, numbered by their order.
func with(want domain.InboundMessage, files ...domain.File) domain.InboundMessage {
	for i := range files {
		files[i].Number = i
	}
	want.Files = files
	return want
}
