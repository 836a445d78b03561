package mailtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// Diff returns how got, which was read of m, is not as Enqueue says, a line for each difference. A reader that is not told
// AuthServer cannot find anything authentic: that is then to be set in Enqueue.
func (m Mail) Diff(got domain.InboundMessage) []string {
	d := diff{want: m.Want}
	w, buyers := m.Want, m.Want.Kind == domain.KindBuyerMessage
	d.text("Kind", string(got.Kind), string(w.Kind), true)
	d.text("Subject", got.Subject, w.Subject, true)
	d.text("ReceivedAt", got.ReceivedAt.String(), w.ReceivedAt.String(), true)
	d.text("MailID", got.MailID, w.MailID, true)
	d.text("Unreadable", got.Unreadable, w.Unreadable, true)
	d.text("Evidence", got.Evidence, w.Evidence, false)
	d.text("OrderID", got.OrderID, w.OrderID, buyers)
	d.text("ThreadID", got.ThreadID, w.ThreadID, buyers)
	d.text("BuyerName", got.BuyerName, w.BuyerName, buyers)
	d.text("BuyerEmail", got.BuyerEmail, w.BuyerEmail, buyers)
	d.text("Language", got.Language, w.Language, buyers)
	d.text("Body", got.Body, w.Body, buyers)
	d.text("Quoted", got.Quoted, w.Quoted, buyers)
	d.text("Code", got.Code, w.Code, true)
	if buyers || w.References != nil {
		d.text("References", strings.Join(got.References, " "), strings.Join(w.References, " "), true)
	}
	if buyers {
		d.text("Authentic", fmt.Sprint(got.Authentic), fmt.Sprint(w.Authentic), true)
		d.flags(got.Flags, m.May)
		d.files(got.Files)
	}
	for key, value := range w.Facts {
		d.text("Facts["+key+"]", got.Facts[key], value, true)
	}
	d.clean(got)
	return d.found
}

type diff struct {
	want  domain.InboundMessage
	found []string
}

func (d *diff) add(format string, args ...any) {
	d.found = append(d.found, fmt.Sprintf(format, args...))
}

// text compares a field. An empty one that is wanted counts where it is always held.
func (d *diff) text(field, got, want string, always bool) {
	if want != Any && got != want && (always || want != "") {
		d.add("%s is %.300q, not %.300q", field, got, want)
	}
}

func (d *diff) flags(got, may []domain.ParseFlag) {
	if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
		d.add("Flags are not sorted, each once: %q", got)
	}
	for _, f := range d.want.Flags {
		if !slices.Contains(got, f) {
			d.add("Flags have no %s", f)
		}
	}
	for _, f := range got {
		if !slices.Contains(d.want.Flags, f) && !slices.Contains(may, f) {
			d.add("Flags have %s", f)
		}
	}
}

// files compares the files. Those inside a container of Outlook's may stand behind all others.
func (d *diff) files(got []domain.File) {
	want := d.want.Files
	inside := slices.ContainsFunc(want, func(f domain.File) bool { return slices.Contains(f.Flags, domain.FileWinmail) })
	if len(got) < len(want) || len(got) > len(want) && !inside {
		d.add("there are %d files, not %d: %.500v", len(got), len(want), got)
		return
	}
	for i, w := range want {
		g, field := got[i], fmt.Sprintf("Files[%d].", i)
		d.text(field+"Number", fmt.Sprint(g.Number), fmt.Sprint(w.Number), true)
		d.text(field+"Name", g.Name, w.Name, true)
		d.text(field+"OriginalName", g.OriginalName, w.OriginalName, true)
		d.text(field+"DeclaredType", g.DeclaredType, w.DeclaredType, true)
		d.text(field+"Type", g.Type, w.Type, true)
		d.text(field+"Inline", fmt.Sprint(g.Inline), fmt.Sprint(w.Inline), true)
		d.text(field+"ContentID", g.ContentID, w.ContentID, true)
		d.text(field+"Flags", fmt.Sprint(slices.Sorted(slices.Values(g.Flags))), fmt.Sprint(slices.Sorted(slices.Values(w.Flags))), true)
		if w.Digest != (domain.Digest{}) {
			d.text(field+"Size", fmt.Sprint(g.Size), fmt.Sprint(w.Size), true)
			d.text(field+"Digest", g.Digest.String(), w.Digest.String(), true)
		}
		if !fit(g.Name) {
			d.add("%sName is not fit for a file system and a header: %q", field, g.Name)
		}
	}
}

// fit reports whether a name is one that domain.File allows.
func fit(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= 200 && !strings.ContainsFunc(name, func(r rune) bool {
		return r < ' ' || r == 0x7f || r == '/' || r == '\\' || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
	})
}

// clean holds what is so of every message that was read, whatever it came from.
func (d *diff) clean(got domain.InboundMessage) {
	for field, text := range map[string]string{
		"Evidence": got.Evidence, "Subject": got.Subject, "BuyerName": got.BuyerName, "MailID": got.MailID, "ThreadID": got.ThreadID,
		"OrderID": got.OrderID, "BuyerEmail": got.BuyerEmail,
	} {
		if strings.ContainsAny(text, "\r\n\x00") {
			d.add("%s is not one line: %.300q", field, text)
		}
	}
	if strings.ContainsAny(got.Body+got.Quoted, "\r\x00") {
		d.add("the text holds a CR or a NUL: %.300q", got.Body)
	}
	if got.Evidence == "" || len(got.Evidence) > 200 || strings.Contains(got.Evidence, "@") {
		d.add("Evidence is %.300q", got.Evidence)
	}
}
