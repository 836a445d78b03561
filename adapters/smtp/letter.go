package smtp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"

	"github.com/keybuzzio/marketplaces/domain"
)

// letter is an answer as it leaves (RFC 5322). Lines end with CRLF and hold at most 998 bytes, all of them ASCII, so
// that it passes relays without 8BITMIME. It can be written more than once, and is the same each time.
type letter struct {
	from, to  string
	header    mail.Header
	text      string // lines end with CRLF
	files     []domain.OutgoingFile
	signature string // a whole header field; "" without
	bytes     int64
}

// newLetter checks m. What the seller or a colleague wrote and cannot leave is domain.ErrInvalid; what came from
// outside (the subject, ids of others' messages, names of files) is mended.
func newLetter(m domain.OutgoingMessage) (*letter, error) {
	switch {
	case !isAddress(m.From):
		return nil, domain.Errorf(domain.ErrInvalid,
			"the sender is no plain mail address: answer from the address that received the message")
	case !isAddress(m.To):
		return nil, domain.Errorf(domain.ErrInvalid,
			"the buyer's address is no plain mail address: answer at the marketplace")
	case !isMessageID(m.MessageID):
		return nil, domain.Errorf(domain.ErrInvalid, "the answer's Message-ID is malformed")
	case m.Date.IsZero():
		return nil, domain.Errorf(domain.ErrInvalid, "the answer has no date")
	case !isText(m.Text):
		return nil, domain.Errorf(domain.ErrInvalid, "the text holds control characters or is not UTF-8: write it again")
	}
	l := &letter{from: m.From, to: m.To, text: crlf(m.Text), files: slices.Clone(m.Files)}
	l.header = header(m)
	for i, f := range l.files {
		if f.Size < 0 || f.Open == nil {
			return nil, domain.Errorf(domain.ErrInvalid, "a file has no content: attach it again")
		}
		l.files[i].Name, l.files[i].MediaType = fileName(f.Name), mediaType(f.MediaType)
	}
	if len(l.files) == 0 {
		l.describeText(&l.header.Header)
	} else {
		params := map[string]string{"boundary": boundary(m.MessageID)}
		l.header.Set("Content-Type", mime.FormatMediaType("multipart/mixed", params))
	}
	// The size is told to the server before the text (RFC 1870). Writing zeros costs less than opening the files twice.
	var size counter
	if err := l.write(&size, zeros); err != nil {
		return nil, domain.Wrap(domain.ErrInvalid, err, "the answer cannot be written as mail")
	}
	l.bytes = int64(size)
	return l, nil
}

// header returns the fields of m. The library writes the last one first.
//
//   - From stands alone: RFC 5322 §3.6.2 asks for a Sender only where they differ, and reports go to the envelope's sender.
//   - There is no Reply-To: answers come to From.
//   - There is no Auto-Submitted (RFC 3834 §5): a person wrote, or answers for what was written.
func header(m domain.OutgoingMessage) mail.Header {
	var h mail.Header
	if isLanguage(m.Language) {
		h.Set("Content-Language", m.Language)
	}
	answered, thread := threadIDs(m.InReplyTo, m.References)
	h.SetMsgIDList("References", thread)
	h.SetMsgIDList("In-Reply-To", answered)
	h.SetMessageID(m.MessageID)
	h.Set("Subject", unstructured(m.Subject))
	h.SetAddressList("To", []*mail.Address{{Address: m.To}})
	h.SetAddressList("From", []*mail.Address{{Address: m.From}})
	h.SetDate(m.Date)
	return h
}

// describeText says what the text is, for the part that holds it. Quoted-printable stays readable and is shorter for
// European languages, base64 for others. A line that begins with "From " would be changed by some mailboxes on the way.
func (l *letter) describeText(h *message.Header) {
	h.Set("Content-Transfer-Encoding", l.textEncoding())
	h.Set("Content-Type", mime.FormatMediaType("text/plain", map[string]string{"charset": "utf-8"}))
}

// The transfer encodings that pass 7-bit relays (RFC 2045 §6).
const (
	quotedPrintable = "quoted-printable"
	base64          = "base64"
)

func (l *letter) textEncoding() string {
	foreign := 0
	for i := range len(l.text) {
		if l.text[i] >= 0x80 {
			foreign++
		}
	}
	// A byte costs 3 in quoted-printable and 4/3 in base64.
	if foreign*6 > len(l.text) || strings.HasPrefix(l.text, "From ") || strings.Contains(l.text, "\nFrom ") {
		return base64
	}
	return quotedPrintable
}

// boundary derives the line between the parts from the Message-ID. No line of base64 or quoted-printable holds "=_".
func boundary(messageID string) string {
	sum := sha256.Sum256([]byte(messageID))
	return "=_" + hex.EncodeToString(sum[:12])
}

// opener gives the content of a file.
type opener func(f domain.OutgoingFile) (io.ReadCloser, error)

// from opens files as whoever attached them does.
func from(ctx context.Context) opener {
	return func(f domain.OutgoingFile) (io.ReadCloser, error) { return f.Open(ctx) }
}

// zeros stands in for content of the same size.
func zeros(f domain.OutgoingFile) (io.ReadCloser, error) {
	return io.NopCloser(io.LimitReader(zero{}, f.Size)), nil
}

type zero struct{}

func (zero) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// counter counts what is written.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// write writes the letter. Files are read while they are written: what is held of them is a buffer of some KB. What
// is wrong with a file is a fileError, so that it is not taken for a fault of the server that is written to.
func (l *letter) write(w io.Writer, open opener) error {
	if _, err := io.WriteString(w, l.signature); err != nil {
		return err
	}
	body, err := message.CreateWriter(w, l.header.Header)
	if err != nil {
		return err
	}
	if len(l.files) == 0 {
		if _, err := io.WriteString(body, l.text); err != nil {
			return err
		}
		if err := body.Close(); err != nil || l.textEncoding() != base64 {
			return err
		}
		_, err := io.WriteString(w, "\r\n") // the last line of base64 has no end
		return err
	}
	var h message.Header
	l.describeText(&h)
	if err := writePart(body, h, strings.NewReader(l.text)); err != nil {
		return err
	}
	for _, f := range l.files {
		if err := writeFile(body, f, open); err != nil {
			return err
		}
	}
	return body.Close()
}

func writePart(body *message.Writer, h message.Header, content io.Reader) error {
	part, err := body.CreatePart(h)
	if err != nil {
		return err
	}
	if _, err := io.Copy(part, content); err != nil {
		return err
	}
	return part.Close()
}

// writeFile writes one file. Its name is in Content-Disposition only, as RFC 2231 says; an encoded word of RFC 2047
// would be against §5 of that, and what the library's SetFilename writes.
func writeFile(body *message.Writer, f domain.OutgoingFile, open opener) (err error) {
	content, err := open(f)
	if err != nil {
		return &fileError{err}
	}
	defer func() {
		if closed := content.Close(); closed != nil && err == nil {
			err = &fileError{closed}
		}
	}()
	var h message.Header
	h.Set("Content-Transfer-Encoding", base64)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Type", f.MediaType)
	return writePart(body, h, &exactly{content, f.Size})
}

// fileError is what is wrong with a file, not with the server.
type fileError struct{ err error }

func (e *fileError) Error() string { return "file: " + e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// unwrapFile gives an error of a file back as it was.
func unwrapFile(err error) error {
	var file *fileError
	if errors.As(err, &file) {
		return file.err
	}
	return err
}

// exactly reads content that must have left bytes: the server was told how many, and a signature was made over them.
type exactly struct {
	content io.Reader
	left    int64
}

func (e *exactly) Read(b []byte) (int, error) {
	n, err := e.content.Read(b)
	e.left -= int64(n)
	switch {
	case e.left < 0 || errors.Is(err, io.EOF) && e.left > 0:
		return 0, &fileError{domain.Errorf(domain.ErrInvalid, "a file is not as long as it says: attach it again")}
	case err != nil && !errors.Is(err, io.EOF):
		return n, &fileError{err}
	}
	return n, err
}
