package mailtest

import (
	"encoding/base64"
	"mime/quotedprintable"
	"strings"
)

const utf8Plain, utf8HTML = "text/plain; charset=UTF-8", "text/html; charset=UTF-8"

// part is one leaf with its header.
func part(contentType, encoding, content string) string {
	return "Content-Type: " + contentType + "\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + encode(encoding, content)
}

// attachment is a leaf that is a file. fields are those of its header that name it, each with its line end.
func attachment(fields, content string) string {
	return fields + "Content-Transfer-Encoding: base64\r\n\r\n" + encode("base64", content)
}

// encode writes content in a transfer encoding, with the line ends of mails.
func encode(encoding, content string) string {
	switch encoding {
	case "quoted-printable":
		var b strings.Builder
		b.Grow(len(content) + len(content)/3)
		w := quotedprintable.NewWriter(&b)
		_, _ = w.Write([]byte(crlf(content)))
		_ = w.Close()
		return b.String()
	case "base64":
		const line = 57 // 76 letters
		lines := make([]byte, 0, (len(content)/line+1)*78)
		for len(content) > line {
			lines = append(base64.StdEncoding.AppendEncode(lines, []byte(content[:line])), "\r\n"...)
			content = content[line:]
		}
		return string(append(base64.StdEncoding.AppendEncode(lines, []byte(content)), "\r\n"...))
	}
	return crlf(content)
}

// crlf gives s the line ends of mails.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// multi joins parts to a multipart.
func (m *maker) multi(subtype string, parts ...string) string {
	return multiWith("----=_Part_"+m.letters(5, digits)+"_"+m.letters(9, digits)+"."+m.letters(13, digits), subtype, parts...)
}

// multiWith joins parts at a boundary. subtype may have parameters.
func multiWith(boundary, subtype string, parts ...string) string {
	size := 100 + 3*len(boundary)
	for _, p := range parts {
		size += len(p) + len(boundary) + 6
	}
	var b strings.Builder
	b.Grow(size)
	b.WriteString("Content-Type: multipart/" + subtype + "; \r\n\tboundary=\"" + boundary + "\"\r\n\r\n")
	for _, p := range parts {
		b.WriteString("--" + boundary + "\r\n")
		b.WriteString(p)
		b.WriteString("\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	return b.String()
}

// alternative is how Amazon sends most messages.
func (m *maker) alternative(b body) string {
	return m.multi("alternative", part(utf8Plain, "quoted-printable", b.plain()), part(utf8HTML, "quoted-printable", b.html()))
}
