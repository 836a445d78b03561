package mailtest

import (
	"bytes"
	"regexp"
)

// Transports are what may happen to a mail on its way. What a reader must make of it stays the same, but for the line ends
// of mails that are attached, and for the header in which Amazon says what a mail is.
func Transports() map[string]func(raw []byte) []byte {
	return map[string]func([]byte) []byte{
		"as sent":         bytes.Clone,
		"with bare LF":    bareLF,
		"with mixed ends": mixedEnds,
		"by a forwarder":  forward,
		"with Return-Path": func(raw []byte) []byte {
			return append([]byte("Return-Path: <>\r\nDelivered-To: seller@inbox.example\r\n"), raw...)
		},
	}
}

func bareLF(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")) }

// mixedEnds is a gateway that pipes the content through a script, and writes the header itself.
func mixedEnds(raw []byte) []byte {
	header, content, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		return bytes.Clone(raw)
	}
	return append(append(bytes.Clone(header), "\r\n\r\n"...), bareLF(content)...)
}

var (
	addressee = regexp.MustCompile(`(?m)^To: .*\r\n`)
	private   = regexp.MustCompile(`(?m)^X-[A-Za-z-]+: .*\r\n`)
)

// forward is a gateway that writes its own To and drops what it does not know.
func forward(raw []byte) []byte {
	end := bytes.Index(raw, []byte("\r\n\r\n"))
	if end < 0 {
		end = len(raw)
	}
	header := addressee.ReplaceAll(raw[:end], []byte("To: shop@forwarded.example\r\n"))
	header = private.ReplaceAll(header, nil)
	return append(bytes.Clone(header), raw[end:]...)
}
