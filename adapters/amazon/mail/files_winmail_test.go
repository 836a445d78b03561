package mail_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/domain"
)

// winmail is a container of Outlook's.
type winmail []byte

func newWinmail() winmail { return winmail{0x78, 0x9f, 0x3e, 0x22, 0x01, 0x00} }

func (w winmail) add(level byte, id uint32, value string) winmail {
	w = binary.LittleEndian.AppendUint32(append(w, level), id)
	w = binary.LittleEndian.AppendUint32(w, uint32(len(value)))
	return append(append(w, value...), 0, 0) // no reader minds the checksum
}

// file adds a file with its short name and, if there are any, its properties.
func (w winmail) file(name, content, props string) winmail {
	w = w.add(2, 0x00069002, "\x01\x00\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00").add(2, 0x00018010, name+"\x00")
	w = w.add(2, 0x0006800f, content)
	if props != "" {
		w = w.add(2, 0x00069005, props)
	}
	return w
}

// number writes little-endian numbers of four bytes.
func number(numbers ...uint32) string {
	var b []byte
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return string(b)
}

// padded is a value of a length of its own.
func padded(s string) string {
	return number(uint32(len(s))) + s + "\x00\x00\x00"[:-len(s)&3]
}

func utf16LE(s string) string {
	var b []byte
	for _, unit := range append(utf16.Encode([]rune(s)), 0) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return string(b)
}

func TestWinmail(t *testing.T) {
	t.Parallel()
	guid := "0123456789abcdef"
	props := number(7) +
		number(0x0E200003, 17) + // a number
		number(0x8001000B) + guid + number(0, 5) + "\x01\x00\x00\x00" + // a truth with a name that is a number
		number(0x8002001E) + guid + number(1) + padded(utf16LE("name")) + number(1) + padded("text\x00") + // and one that is a text
		number(0x10001003, 2, 1, 2) + // two numbers
		number(0x3707001F, 1) + padded(utf16LE("Écran ../1.pdf")) +
		number(0x370E001E, 1) + padded("application/pdf\x00") +
		number(0x3712001E, 1) + padded("p1@x\x00")
	container := newWinmail().add(1, 0x00078008, "IPM.Note").file("ECRAN~1.PDF", pdfFile, props).file("Zo\xeb.gif", gifFile, "")
	container = container.add(2, 0x00069002, "").add(2, 0x00018010, "a link\x00")
	raw := mixed(text, inBase64("Content-Type: application/ms-tnef; name=winmail.dat", string(container)), inBase64("Content-Type: image/png; name=a.png", pngFile))
	want := []file{
		{"winmail.dat", "application/ms-tnef", "application/octet-stream", string(container), []domain.FileFlag{domain.FileWinmail}},
		{"a.png", "image/png", "image/png", pngFile, nil},
		{"1.pdf", "application/pdf", "application/pdf", pdfFile, []domain.FileFlag{domain.FileRenamed}},
		{"Zoë.gif", "", "image/gif", gifFile, nil},
	}
	is := is.New(t)
	files := mail.Interpreter{}.Parse([]byte(raw), time.Time{}).Files
	is.Equal(len(files), len(want))
	for n, f := range files {
		is.Equal(f.Number, n)
		is.Equal(file{f.Name, f.DeclaredType, f.Type, contentOf(t, raw, f), f.Flags}, want[n])
	}
	is.Equal(files[2].OriginalName, "Écran ../1.pdf")
	is.Equal(files[2].ContentID, "p1@x")
}

func TestBrokenWinmail(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	whole := newWinmail().file("a.pdf", pdfFile, number(1, 0x3707001F, 1)+padded(utf16LE("b.pdf")))
	for n := range whole {
		raw := mixed(text, inBase64("Content-Type: application/ms-tnef; name=winmail.dat", string(whole[:n])))
		files := mail.Interpreter{}.Parse([]byte(raw), time.Time{}).Files
		is.True(len(files) == 1 || len(files) == 2 && contentOf(t, raw, files[1]) == pdfFile)
		is.True(slices.Contains(files[0].Flags, domain.FileWinmail)) // it is kept whatever is in it
	}
}

func TestWinmailOfManyFiles(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	container := newWinmail()
	for range 5000 {
		container = container.file("a.gif", gifFile, "")
	}
	m := mail.Interpreter{}.Parse([]byte(mixed(text, inBase64("Content-Type: application/ms-tnef", string(container)))), time.Time{})
	is.Equal(len(m.Files), domain.MaxFiles)
	is.True(slices.Contains(m.Flags, domain.FlagFilesOverLimit))
}

func FuzzWinmail(f *testing.F) {
	props := number(2, 0x370E001E, 1) + padded("application/pdf\x00") + number(0x3707001F, 1) + padded(utf16LE("b.pdf"))
	f.Add([]byte(newWinmail().file("a.pdf", pdfFile, props)))
	f.Add([]byte(newWinmail().file("a", "", number(1, 0x80010102)+"0123456789abcdef"+number(1)+padded(utf16LE("n"))+number(2)+padded("a")+padded("b"))))
	f.Fuzz(func(t *testing.T, container []byte) {
		checkFiles(t, mixed(text, inBase64("Content-Type: application/ms-tnef", string(container))))
	})
}
