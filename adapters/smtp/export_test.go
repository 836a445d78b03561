package smtp

import (
	"bytes"
	"context"
	"io"
	"net"

	"github.com/keybuzzio/marketplaces/domain"
)

// DialBy has s reach servers by dial instead of the network.
func (s *Sender) DialBy(dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	s.dialBy = dial
}

// Compose returns m as it leaves, without a signature, and the size that a server is told.
func Compose(ctx context.Context, m domain.OutgoingMessage) (raw []byte, size int64, err error) {
	l, err := newLetter(m)
	if err != nil {
		return nil, 0, err
	}
	var b bytes.Buffer
	err = l.write(&b, from(ctx))
	return b.Bytes(), l.bytes, err
}

// FileName is what a file is called in a message.
func FileName(s string) string { return fileName(s) }

// ComposeTo writes m as it leaves.
func ComposeTo(ctx context.Context, w io.Writer, m domain.OutgoingMessage) error {
	l, err := newLetter(m)
	if err != nil {
		return err
	}
	return l.write(w, from(ctx))
}
