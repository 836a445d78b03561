package mail_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"mime/quotedprintable"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/domain"
)

// Small files of types that tell themselves by their bytes.
const (
	jpegBegin = "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
	jpegFile  = jpegBegin + "\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00picture\xff\x00more\xff\xd9"
	pngFile   = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00\x3a\x7e\x9b\x55\x00\x00\x00\x00IEND\xaeB`\x82"
	gifFile   = "GIF89a\x01\x00\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
	pdfFile   = "%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
	exeFile   = "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"
)

func has(f domain.File, flag domain.FileFlag) bool { return slices.Contains(f.Flags, flag) }

// mixed is a buyer's mail of these parts.
func mixed(parts ...string) string {
	const from = "From: a1b2c3d4e5f6@marketplace.amazon.fr\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	return from + "--b\r\n" + strings.Join(parts, "\r\n--b\r\n") + "\r\n--b--\r\n"
}

// inBase64 is a part with this header and content.
func inBase64(header, content string) string {
	var b strings.Builder
	b.WriteString(header + "\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString([]byte(content))), 76) {
		b.WriteString(string(line) + "\r\n")
	}
	return strings.TrimSuffix(b.String(), "\r\n")
}

const text = "Content-Type: text/plain\r\n\r\nBonjour"

// file is what must be read of one.
type file struct {
	name, declared, kind, content string
	flags                         []domain.FileFlag
}

func TestFiles(t *testing.T) {
	t.Parallel()
	const attached = "\r\nContent-Disposition: attachment"
	forwarded := "From: x@marketplace.amazon.de\r\nSubject: Order 999-1234567-1234567\r\n\r\nNachricht:\r\n--b--but not of this mail\r\n"
	exif := "\xff\xe1\x00\x0apreview\xff\xd9"
	for name, c := range map[string]struct {
		raw   string
		want  []file
		flags []domain.ParseFlag
	}{
		"none": {raw: mixed(text)},
		"before and behind the text": {raw: mixed(
			inBase64("Content-Type: image/jpeg; name=a.jpg"+attached, jpegFile), text,
			inBase64("Content-Type: application/pdf; name=b.pdf", pdfFile)),
			want: []file{{"a.jpg", "image/jpeg", "image/jpeg", jpegFile, nil}, {"b.pdf", "application/pdf", "application/pdf", pdfFile, nil}}},
		"the mail itself": {raw: "From: a1b2c3d4e5f6@marketplace.amazon.fr\r\n" + inBase64("Content-Type: application/pdf; name=b.pdf", pdfFile),
			want: []file{{"b.pdf", "application/pdf", "application/pdf", pdfFile, nil}}},
		"a text": {raw: mixed(text, "Content-Type: text/plain; charset=iso-8859-1; name=a.txt\r\n\r\n Zo\xeb \r\n\r\n--c\r\n"),
			want: []file{{"a.txt", "text/plain", "text/plain", " Zo\xeb \r\n\r\n--c\r\n", nil}}},
		"quoted-printable": {raw: mixed(text, "Content-Type: text/csv; name=a.csv\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\n"+
			"a;=C3=\r\n=a9 \t\r\n=ZZ=3D=20\r\n="),
			want: []file{{"a.csv", "text/csv", "text/plain", "a;é\r\n=ZZ= \r\n", nil}}},
		"signature and date": {raw: mixed(text, "Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR",
			inBase64("Content-Type: application/pkcs7-signature; name=smime.p7s"+attached, "\x30\x03abc")),
			want: []file{
				{"file-1.ics", "text/calendar", "text/calendar", "BEGIN:VCALENDAR\r\nEND:VCALENDAR", []domain.FileFlag{domain.FileRenamed}},
				{"smime.p7s", "application/pkcs7-signature", "application/octet-stream", "\x30\x03abc", nil},
			}},
		"a mail": {raw: mixed(text, "Content-Type: message/rfc822\r\n\r\n"+forwarded),
			want: []file{{"message-1.eml", "message/rfc822", "message/rfc822", forwarded, []domain.FileFlag{domain.FileMessage, domain.FileRenamed}}}},
		"type that is none": {raw: mixed(text, "Content-Type: ;\r\n\r\n"+gifFile),
			want: []file{{"photo-1.gif", "", "image/gif", gifFile, []domain.FileFlag{domain.FileRenamed}}}},

		"program that says so": {raw: mixed(text, inBase64("Content-Type: application/octet-stream; name=a.exe", exeFile)),
			want: []file{{"a.exe", "application/octet-stream", "application/vnd.microsoft.portable-executable", exeFile, []domain.FileFlag{domain.FileExecutable}}}},
		"program that does not": {raw: mixed(text, inBase64("Content-Type: application/pdf; name=a.pdf", exeFile)),
			want: []file{{"a.pdf", "application/pdf", "application/vnd.microsoft.portable-executable", exeFile, []domain.FileFlag{domain.FileExecutable, domain.FileMismatch}}}},
		"named like a program": {raw: mixed(text, inBase64("Content-Type: application/pdf; name=a.pdf.EXE", pdfFile)),
			want: []file{{"a.pdf.EXE", "application/pdf", "application/pdf", pdfFile, []domain.FileFlag{domain.FileExecutable, domain.FileMismatch}}}},
		"program in ELF": {raw: mixed(text, inBase64("Content-Type: image/png; name=a", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00")),
			want: []file{{"a", "image/png", "application/x-executable", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00",
				[]domain.FileFlag{domain.FileExecutable, domain.FileMismatch}}}},
		"script": {raw: mixed(text, "Content-Type: text/plain; name=a.txt\r\n\r\n#!/bin/sh\nrm -rf /\n"),
			want: []file{{"a.txt", "text/plain", "text/x-shellscript", "#!/bin/sh\nrm -rf /\n", []domain.FileFlag{domain.FileExecutable}}}},
		"page as a text": {raw: mixed(text, "Content-Type: text/plain; name=a.txt\r\n\r\n<html><script>1</script></html>"),
			want: []file{{"a.txt", "text/plain", "text/html", "<html><script>1</script></html>", []domain.FileFlag{domain.FileMismatch}}}},
		"name that lies": {raw: mixed(text, inBase64("Content-Type: application/octet-stream; name=a.pdf", pngFile)),
			want: []file{{"a.pdf", "application/octet-stream", "image/png", pngFile, []domain.FileFlag{domain.FileMismatch}}}},
		"type of an old browser": {raw: mixed(text, inBase64("Content-Type: image/pjpeg; name=a.jpg", jpegFile)),
			want: []file{{"a.jpg", "image/pjpeg", "image/jpeg", jpegFile, nil}}},

		"photo cut off": {raw: mixed(text, inBase64("Content-Type: image/jpeg; name=a.jpg", jpegFile[:len(jpegFile)-2])),
			want:  []file{{"a.jpg", "image/jpeg", "image/jpeg", jpegFile[:len(jpegFile)-2], []domain.FileFlag{domain.FilePartial}}},
			flags: []domain.ParseFlag{domain.FlagFilePartial}},
		"photo cut off, preview whole": {raw: mixed(text, inBase64("Content-Type: image/jpeg; name=a.jpg", jpegBegin+exif+"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00pict")),
			want:  []file{{"a.jpg", "image/jpeg", "image/jpeg", jpegBegin + exif + "\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00pict", []domain.FileFlag{domain.FilePartial}}},
			flags: []domain.ParseFlag{domain.FlagFilePartial}},
		"photo with a film behind": {raw: mixed(text, inBase64("Content-Type: image/jpeg; name=a.jpg", jpegFile+strings.Repeat("film", 9000))),
			want: []file{{"a.jpg", "image/jpeg", "image/jpeg", jpegFile + strings.Repeat("film", 9000), nil}}},
		"cut off, PNG, GIF and PDF": {raw: mixed(text, inBase64("Content-Type: image/png; name=a.png", pngFile[:40]),
			inBase64("Content-Type: image/gif; name=a.gif", gifFile[:20]), inBase64("Content-Type: application/pdf; name=a.pdf", pdfFile[:30])),
			want: []file{
				{"a.png", "image/png", "image/png", pngFile[:40], []domain.FileFlag{domain.FilePartial}},
				{"a.gif", "image/gif", "image/gif", gifFile[:20], []domain.FileFlag{domain.FilePartial}},
				{"a.pdf", "application/pdf", "application/pdf", pdfFile[:30], []domain.FileFlag{domain.FilePartial}},
			}, flags: []domain.ParseFlag{domain.FlagFilePartial}},
		"base64 cut off": {raw: mixed(text, "Content-Type: application/x-own; name=a.own\r\nContent-Transfer-Encoding: base64\r\n\r\nAAECAwQ"),
			want:  []file{{"a.own", "application/x-own", "application/octet-stream", "\x00\x01\x02\x03\x04", []domain.FileFlag{domain.FilePartial}}},
			flags: []domain.ParseFlag{domain.FlagFilePartial}},
		"base64 in runs": {raw: mixed(text, "Content-Type: application/x-own; name=a.own\r\nContent-Transfer-Encoding: base64\r\n\r\nAAE=*\r\nAgM=\r\n\r\n"),
			want: []file{{"a.own", "application/x-own", "application/octet-stream", "\x00\x01\x02\x03", nil}}},
		"mail cut off": {raw: strings.TrimSuffix(mixed(text, inBase64("Content-Type: application/x-own; name=a.own", "\x00\x01\x02")), "\r\n--b--\r\n"),
			want:  []file{{"a.own", "application/x-own", "application/octet-stream", "\x00\x01\x02", []domain.FileFlag{domain.FilePartial}}},
			flags: []domain.ParseFlag{domain.FlagFilePartial}},
		"mail cut off behind a photo": {raw: strings.TrimSuffix(mixed(text, inBase64("Content-Type: image/jpeg; name=a.jpg", jpegFile)), "\r\n--b--\r\n"),
			want: []file{{"a.jpg", "image/jpeg", "image/jpeg", jpegFile, nil}}},
		"empty": {raw: mixed(text, inBase64("Content-Type: application/pdf; name=a.pdf", "")),
			want:  []file{{"a.pdf", "application/pdf", "application/octet-stream", "", []domain.FileFlag{domain.FilePartial}}},
			flags: []domain.ParseFlag{domain.FlagFilePartial}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			m := mail.Interpreter{}.Parse([]byte(c.raw), time.Time{})
			is.Equal(len(m.Files), len(c.want))
			for n, f := range m.Files {
				want := c.want[n]
				is.Equal(f.Number, n)
				is.Equal(file{f.Name, f.DeclaredType, f.Type, contentOf(t, c.raw, f), f.Flags}, want)
			}
			for _, flag := range []domain.ParseFlag{domain.FlagFilePartial, domain.FlagFilesOverLimit} {
				is.Equal(slices.Contains(m.Flags, flag), slices.Contains(c.flags, flag))
			}
			for _, n := range []int{-1, len(c.want)} {
				_, err := mail.Interpreter{}.File(domain.Source{MediaType: mail.MediaType, Bytes: []byte(c.raw)}, n)
				is.True(errors.Is(err, domain.ErrNotFound))
			}
		})
	}
}

// contentOf returns the content of a file, which must be what was said of it.
func contentOf(t testing.TB, raw string, f domain.File) string {
	t.Helper()
	is := is.New(t)
	content, err := mail.Interpreter{}.File(domain.Source{MediaType: mail.MediaType, Bytes: []byte(raw)}, f.Number)
	is.NoErr(err)
	is.Equal(int64(len(content)), f.Size)
	is.Equal(domain.DigestOf(content), f.Digest)
	return string(content)
}

func TestInlineFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header, contentID string
		inline            bool
	}{
		"photo of the text": {"Content-Type: image/jpeg\r\nContent-ID: <p1@x>\r\nContent-Disposition: inline", "p1@x", true},
		"nothing said":      {"Content-Type: image/jpeg", "", false},
		"named by the text": {"Content-Type: image/jpeg\r\nContent-ID: <p1>", "p1", true},
		"attached after all": {"Content-Type: image/jpeg\r\nContent-ID: <p1>\r\nContent-Disposition: ATTACHMENT", "p1",
			false},
		"control characters": {"Content-Type: image/jpeg\r\nContent-ID: <p\x00\x071>", "p  1", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			f := fileOf(t, c.header, jpegFile)
			is.Equal(f.ContentID, c.contentID)
			is.Equal(f.Inline, c.inline)
			is.Equal(f.Name, "photo-1.jpg")
		})
	}
}

func TestManyFiles(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	parts := []string{text}
	for n := range 2000 {
		parts = append(parts, inBase64("Content-Type: image/gif; name=a.gif", gifFile+fmt.Sprint(n)+";"))
	}
	raw := mixed(parts...)
	m := mail.Interpreter{}.Parse([]byte(raw), time.Time{})
	is.Equal(m.Body, "Bonjour")
	is.Equal(len(m.Files), domain.MaxFiles)
	is.True(slices.Contains(m.Flags, domain.FlagFilesOverLimit))
	is.Equal(contentOf(t, raw, m.Files[domain.MaxFiles-1]), gifFile+"99;")
	_, err := mail.Interpreter{}.File(domain.Source{MediaType: mail.MediaType, Bytes: []byte(raw)}, domain.MaxFiles)
	is.True(errors.Is(err, domain.ErrNotFound)) // what is not listed is not given out
}

func TestLargeFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		size int
		over bool
	}{
		"largest":   {domain.MaxFileBytes, false},
		"too large": {domain.MaxFileBytes + 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			content := bytes.Repeat([]byte{0, 1, 2, 3}, c.size/4+1)[:c.size]
			raw := []byte(mixed(text, "Content-Type: application/x-own; name=a.own\r\nContent-Transfer-Encoding: binary\r\n\r\n"+string(content)))
			m := mail.Interpreter{}.Parse(raw, time.Time{})
			is.Equal(len(m.Files), 1)
			is.Equal(m.Files[0].Size, int64(c.size))
			is.Equal(m.Files[0].Digest, domain.DigestOf(content))
			is.Equal(has(m.Files[0], domain.FileNotRead), c.over)
			is.Equal(slices.Contains(m.Flags, domain.FlagFilesOverLimit), c.over)
			got, err := mail.Interpreter{}.File(domain.Source{MediaType: mail.MediaType, Bytes: raw}, 0)
			is.Equal(errors.Is(err, domain.ErrNotFound), c.over)
			is.True(c.over || bytes.Equal(got, content))
		})
	}
}

func TestFileNotTransmitted(t *testing.T) {
	t.Parallel()
	photo := inBase64("Content-Type: image/jpeg; name=a.jpg", jpegFile)
	for name, c := range map[string]struct {
		words string
		parts []string
		want  bool
	}{
		"Amazon's words":      {"Bonjour,\r\n\r\n\xc3\x89l\xc3\xa9ment photo", nil, true},
		"in two characters":   {"E\u0301le\u0301ment photo", nil, true},
		"a buyer's":           {"See the ATTACHED IMAGE.", nil, true},
		"a buyer's in German": {"Ein Foto ist im Anhang.", nil, true},
		"with the photo":      {"See the attached image.", []string{photo}, false},
		"of no photo":         {"Where is my order?", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := mixed(append([]string{"Content-Type: text/plain; charset=utf-8\r\n\r\n" + c.words}, c.parts...)...)
			m := mail.Interpreter{}.Parse([]byte(raw), time.Time{})
			is.New(t).Equal(slices.Contains(m.Flags, domain.FlagFileNotTransmitted), c.want)
		})
	}
}

func TestFileOfNoMail(t *testing.T) {
	t.Parallel()
	_, err := mail.Interpreter{}.File(domain.Source{Bytes: []byte("Content-Type: application/pdf\r\n\r\n" + pdfFile)}, 0)
	is.New(t).True(errors.Is(err, domain.ErrNotFound))
}

// Whatever a mail holds, what is said of its files is true, and their names are safe.
func FuzzFiles(f *testing.F) {
	var quoted strings.Builder
	w := quotedprintable.NewWriter(&quoted)
	_, _ = w.Write([]byte(pngFile))
	_ = w.Close()
	f.Add([]byte(mixed(text, inBase64("Content-Type: image/jpeg\r\nContent-ID: <a>", jpegFile))))
	f.Add([]byte(mixed("Content-Type: image/png\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"+quoted.String(), text)))
	f.Add([]byte(mixed(text, "Content-Disposition: attachment; filename*0*=UTF-8'fr'%C3%89cr; filename*1=\"an.jpg\"\r\n\r\n"+gifFile)))
	f.Add([]byte(mixed(text, inBase64("Content-Type: application/pdf; name=\"=?UTF-8?Q?=C3=89?=.pdf.exe\"", pdfFile))[:300]))
	f.Fuzz(func(t *testing.T, raw []byte) { checkFiles(t, string(raw)) })
}

// checkFiles checks what must hold for the files of every mail.
func checkFiles(t *testing.T, raw string) {
	t.Helper()
	files := mail.Interpreter{}.Parse([]byte(raw), time.Time{}).Files
	for n, f := range files {
		valid := utf8.ValidString(f.OriginalName) && !strings.Contains(f.OriginalName, "\x00") && len(f.OriginalName) <= domain.MaxField
		if f.Number != n || f.Type == "" || !isSafeName(f.Name) || !valid || len(f.ContentID) > domain.MaxField || !slices.IsSorted(f.Flags) {
			t.Fatalf("%+v", f)
		}
		contentOf(t, raw, f)
	}
	_, err := mail.Interpreter{}.File(domain.Source{MediaType: mail.MediaType, Bytes: []byte(raw)}, len(files))
	if !errors.Is(err, domain.ErrNotFound) {
		t.Fatalf("a file that is not listed: %v", err)
	}
}

// BenchmarkParseLarge reads a mail of 13 MB with a photo of 10 MB.
func BenchmarkParseLarge(b *testing.B) {
	photo := strings.TrimSuffix(jpegFile, "\xff\xd9") + strings.Repeat("0123456789abcdef", 600<<10) + "\xff\xd9"
	raw := []byte(mixed(text, inBase64("Content-Type: image/jpeg; name=a.jpg", photo)))
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		files := mail.Interpreter{}.Parse(raw, time.Time{}).Files
		if len(files) != 1 || len(files[0].Flags) > 0 {
			b.Fatalf("%+v", files)
		}
	}
}
