package mail

import (
	"bytes"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/keybuzzio/marketplaces/domain"
)

// File implements ports.Interpreter.
func (i Interpreter) File(raw domain.Source, number int) ([]byte, error) {
	if root := cutMail(cutHeader(raw.Bytes)).root; isMail(root.header) {
		n := 0
		for a := range attachments(root) {
			if n == number && n < domain.MaxFiles {
				return a.content()
			}
			n++
		}
	}
	return nil, domain.Errorf(domain.ErrNotFound, "the message has no such file")
}

// readFiles describes the files of a mail, and returns what people should know of them all.
func readFiles(root *part) (files []domain.File, flags []domain.ParseFlag) {
	var partial, over bool
	for a := range attachments(root) {
		if len(files) == domain.MaxFiles {
			over = true
			break
		}
		f := a.describe(len(files))
		files = append(files, f)
		partial = partial || slices.Contains(f.Flags, domain.FilePartial)
		over = over || slices.Contains(f.Flags, domain.FileNotRead)
	}
	if partial {
		flags = append(flags, domain.FlagFilePartial)
	}
	if over {
		flags = append(flags, domain.FlagFilesOverLimit)
	}
	return files, flags
}

// attachment is a file of a mail, still encoded.
type attachment struct {
	name      string // as it was sent, decoded
	declared  string // media type
	contentID string
	inline    bool
	encoding  string
	body      []byte
	cut       bool // the mail ends before it does, or so it looks
}

// attachments yields the files of a mail in their order, and those inside of containers of Outlook's behind them all, so that
// no number depends on what can be read of these. Mails that are attached are files like others: nobody looks inside for
// texts or ids.
func attachments(root *part) iter.Seq[attachment] {
	return func(yield func(attachment) bool) {
		var containers []attachment
		for p := range root.leaves {
			if !p.isFile() {
				continue
			}
			a := newAttachment(p)
			if a.isWinmail() {
				containers = append(containers, a)
			}
			if !yield(a) {
				return
			}
		}
		for _, c := range containers {
			for _, a := range c.within() {
				if !yield(a) {
					return
				}
			}
		}
	}
}

// newAttachment returns what the header of a part says of it.
func newAttachment(p *part) attachment {
	contentID := cleanLine(strings.Trim(p.header.get("content-id"), "<> "))
	return attachment{
		name: sentName(p.header), declared: declaredType(p.header), contentID: contentID,
		inline:   p.disposition == "inline" || p.disposition != "attachment" && contentID != "",
		encoding: p.encoding(), body: p.body, cut: p.cut,
	}
}

// declaredType returns the media type in a header, "" when there is none.
func declaredType(h header) string {
	field := h.get("content-type")
	if end := strings.IndexAny(field, "; \t"); end >= 0 {
		field = field[:end]
	}
	isToken := strings.Trim(strings.ToLower(field), "abcdefghijklmnopqrstuvwxyz0123456789!#$&^_.+-/") == ""
	if len(field) > 255 || strings.Count(field, "/") != 1 || !isToken {
		return ""
	}
	return strings.ToLower(field)
}

// content decodes a file.
func (a attachment) content() ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(a.body))
	writeDecoded(&out, a.body, a.encoding)
	if out.Len() > domain.MaxFileBytes {
		return nil, domain.Errorf(domain.ErrNotFound, "the file is too large to be given out")
	}
	return out.Bytes(), nil
}

// describe reads a file once, without holding its content.
func (a attachment) describe(number int) domain.File {
	var c contentReader
	whole := writeDecoded(&c, a.body, a.encoding)
	c.finish()
	f := domain.File{
		Number: number, Name: cleanFileName(a.name), OriginalName: cut(strings.ReplaceAll(a.name, "\x00", ""), domain.MaxField),
		DeclaredType: a.declared, Type: c.kind.name(), Size: c.size, Digest: c.digest(), Inline: a.inline, ContentID: a.contentID,
	}
	if f.Name == "" {
		f.Name = a.makeName(number, c.kind)
	}
	for _, flag := range []struct {
		name domain.FileFlag
		set  bool
	}{ // sorted
		{domain.FileExecutable, c.kind.runs(f.Name)},
		{domain.FileMessage, a.isMessage(c.kind)},
		{domain.FileMismatch, c.size > 0 && c.kind.contradicts(a.declared, f.Name)},
		{domain.FileNotRead, f.Size > domain.MaxFileBytes},
		{domain.FilePartial, c.isPartial(whole && !a.cut)},
		{domain.FileRenamed, f.Name != f.OriginalName},
		{domain.FileWinmail, a.isWinmail()},
	} {
		if flag.set {
			f.Flags = append(f.Flags, flag.name)
		}
	}
	return f
}

func (a attachment) isMessage(t fileType) bool {
	return a.declared == "message/rfc822" || a.declared == "message/global" || within(t.MIME, "message/rfc822")
}

// makeName makes a name for a file that was sent without.
func (a attachment) makeName(number int, t fileType) string {
	ext := t.Extension()
	if declared := mimetype.Lookup(a.declared); declared != nil && (t.Parent() == nil || t.Is("text/plain")) {
		ext = declared.Extension()
	}
	what := "file"
	switch kind, _, _ := strings.Cut(t.name(), "/"); {
	case a.isMessage(t):
		what, ext = "message", ".eml"
	case kind == "image":
		what = "photo"
	case kind == "audio", kind == "video":
		what = kind
	case a.isWinmail():
		what, ext = "winmail", ".dat"
	}
	return what + "-" + strconv.Itoa(number+1) + ext
}
