package mailserver

import (
	"errors"
	"io"
	"net"

	"github.com/emersion/go-smtp"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// firstPiece is what a mail gets to begin with; most need no more.
const firstPiece = 32 << 10

// read returns the text of a mail as it came, without the dots that SMTP adds, and what to call when it is needed no more.
// Its memory is asked for before it grows beyond app.SmallMail; size is what the client said of it. Of a text that cannot be
// taken the rest is read all the same, as far as that is bearable: its sender reads no answer before it has sent it all.
func (s *session) read(r io.Reader, size int64) ([]byte, func(), error) {
	s.conn.beginText()
	t := text{session: s, size: size, lines: lineEnds{last: '\n'}}
	err := t.readAll(r)
	if err == nil {
		return t.raw, t.release, nil
	}
	t.release()
	switch {
	case errors.Is(err, errLineEnds):
		s.drain(r)
		s.conn.hangUp() // where the text ended is anybody's guess
	case errors.Is(err, smtp.ErrDataTooLarge):
		// The protocol drains: r gives no more.
	case domain.KindOf(err) == domain.ErrThrottled, s.base.Err() != nil:
		s.drain(r)
	case isTimeout(err):
		err = errSlow
		s.conn.hangUp()
	default:
		err = errBroken
	}
	return nil, nil, err
}

func (s *session) drain(r io.Reader) { _, _ = io.Copy(pieces{s.conn}, r) }

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// pieces takes what is read and forgets it.
type pieces struct{ *conn }

func (p pieces) Write(b []byte) (int, error) {
	p.progress()
	return len(b), nil
}

// text is a mail that is being read.
type text struct {
	*session
	size     int64
	raw      []byte
	lines    lineEnds
	releases []func()
}

func (t *text) release() {
	for _, release := range t.releases {
		release()
	}
	t.raw, t.releases = nil, nil
}

// readAll reads the text to its end. Its error is nil, one of the answers, or that of r or of app.Deliver.Reserve.
func (t *text) readAll(r io.Reader) error {
	for {
		if len(t.raw) == cap(t.raw) {
			if err := t.grow(); err != nil {
				return err
			}
		}
		n, err := r.Read(t.raw[len(t.raw):cap(t.raw)])
		piece := t.raw[len(t.raw) : len(t.raw)+n]
		t.raw = t.raw[:len(t.raw)+n]
		t.conn.progress()
		if !t.lines.sound(piece) || errors.Is(err, io.EOF) && t.lines.last == '\r' {
			return errLineEnds
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// grow makes room: twice as much while the mail is small, then once for the size that the client said and once for the
// largest that it may have.
func (t *text) grow() error {
	now, most := int64(cap(t.raw)), t.o.MaxSize
	next := max(firstPiece, 2*now)
	if next > app.SmallMail {
		next = most
		if said := t.size + t.size/8; said > now { // what is added on the way, such as Received
			next = min(said, most)
		}
		if next <= now {
			return smtp.ErrDataTooLarge
		}
		release, err := t.deliver.Reserve(t.base, next-now)
		if err != nil {
			return err
		}
		t.releases = append(t.releases, release)
	}
	t.raw = append(make([]byte, 0, next), t.raw...)
	return nil
}

// lineEnds looks whether each CR is followed by an LF and each LF comes after a CR, in a text that comes in pieces.
type lineEnds struct{ last byte }

func (l *lineEnds) sound(piece []byte) bool {
	for _, b := range piece {
		if (b == '\n') != (l.last == '\r') {
			return false
		}
		l.last = b
	}
	return true
}
