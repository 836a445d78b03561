package mailtest

import (
	"bytes"
	"regexp"
)

// Transports are what may happen to a mail on its way. What a reader must make of it stays the same.
func Transports() map[string]func(raw []byte) []byte {
	return map[string]func([]byte) []byte{
		"as sent":        bytes.Clone,
		"with bare LF":   func(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")) },
		"by a forwarder": forward,
		"with Return-Path": func(raw []byte) []byte {
			return append([]byte("Return-Path: <>\r\nDelivered-To: "+recipient+"\r\n"), raw...)
		},
	}
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
