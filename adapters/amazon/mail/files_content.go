package mail

import (
	"crypto/sha256"
	"hash"

	"github.com/keybuzzio/marketplaces/domain"
)

// contentReader takes the content of a file in pieces and keeps what is told of it: no more than its beginning and its end.
type contentReader struct {
	size int64
	kind fileType // once it is known

	hash hash.Hash
	head []byte
	end  ending // nil when the type shows none
}

// Write implements io.Writer. It never fails.
func (c *contentReader) Write(b []byte) (int, error) {
	if c.hash == nil {
		c.hash = sha256.New()
	}
	c.hash.Write(b)
	c.size += int64(len(b))
	n := len(b)
	if c.kind.MIME == nil {
		more := min(n, sniffed-len(c.head))
		c.head = append(c.head, b[:more]...)
		if b = b[more:]; len(c.head) == sniffed {
			c.sniff()
		}
	}
	if c.end != nil {
		c.end.follow(b)
	}
	return n, nil
}

func (c *contentReader) sniff() {
	c.kind = typeOf(c.head)
	if c.end = endingOf(c.kind); c.end != nil {
		c.end.follow(c.head)
	}
}

// finish is called when all content was written.
func (c *contentReader) finish() {
	if c.kind.MIME == nil {
		_, _ = c.Write(nil)
		c.sniff()
	}
}

func (c *contentReader) digest() (d domain.Digest) {
	c.hash.Sum(d[:0])
	return d
}

// isPartial reports whether the file ends before it should. What its own bytes show comes before what surrounds them.
func (c *contentReader) isPartial(whole bool) bool {
	if c.end != nil {
		return !c.end.seen()
	}
	return !whole || c.size == 0
}
