package mail

import (
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/sync/semaphore"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// keptOfLarge is how much is kept of a mail that is larger than Options.MaxMail, in bytes.
const keptOfLarge = 256 << 10

// reader walks through one mailbox once.
type reader struct {
	*session
	options Options
	held    *semaphore.Weighted // bytes of pages in hand
	yield   func(ports.Page) bool
	at      cursor // where the read began, then where the mailbox ends
	next    string // the cursor that the caller has
	left    bool   // the caller has left the loop
}

// run yields what came behind the cursor. An empty page ends it when only the cursor has something new to say.
func (r *reader) run(ctx context.Context) error {
	end, err := r.end(ctx)
	if err != nil {
		return err
	}
	first := uint64(r.at.last) + 1
	r.at.last, r.at.modSeq = max(r.at.last, uint32(end)), r.modSeq
	for ; first <= uint64(end); first += window {
		last := min(first+window-1, uint64(end))
		uids, err := r.search(ctx, imap.UID(first), imap.UID(last))
		if err != nil {
			return err
		}
		for len(uids) > 0 {
			n := min(len(uids), domain.MaxPage)
			if err := r.pages(ctx, uids[:n], last == uint64(end) && n == len(uids)); err != nil || r.left {
				return err
			}
			uids = uids[n:]
		}
	}
	if r.at.String() != r.next {
		r.give(nil, r.at)
	}
	return nil
}

// end returns the UID behind which there is nothing, that of the cursor when nothing has come.
//
// UIDNEXT says so, which every server sends with EXAMINE. Where the server keeps a number for the state of the folder
// (CONDSTORE), that has to agree; where it sends no UIDNEXT, that number stands in for it.
func (r *reader) end(ctx context.Context) (imap.UID, error) {
	next, seen := uint64(r.folder.UIDNext), imap.UID(r.at.last)
	if next > uint64(seen)+1 {
		return imap.UID(next - 1), nil
	}
	if r.modSeq == r.at.modSeq && (next != 0 || r.modSeq != 0) {
		return seen, nil
	}
	newest, err := r.newest(ctx)
	return max(seen, newest), err
}

// pages yields the mails with these UIDs, at most domain.MaxPage. final says that the mailbox ends with them.
func (r *reader) pages(ctx context.Context, uids []imap.UID, final bool) error {
	mails, err := r.list(ctx, imap.UIDSetNum(uids...), len(uids))
	if err != nil {
		return err
	}
	for len(mails) > 0 && !r.left {
		n, bytes := r.fitting(mails)
		at := cursor{r.at.validity, uint32(mails[n-1].uid), 0, r.at.mailbox}
		if final && n == len(mails) {
			at = r.at
		}
		if err := r.page(ctx, mails[:n], bytes, at); err != nil {
			return err
		}
		mails = mails[n:]
	}
	return nil
}

// page yields mails of so many bytes as a page, with the cursor behind it.
func (r *reader) page(ctx context.Context, mails []listed, bytes int64, at cursor) error {
	bytes = min(bytes, int64(r.options.HeldBytes))
	if err := r.held.Acquire(ctx, bytes); err != nil {
		return err
	}
	defer r.held.Release(bytes)
	got, err := r.fetch(ctx, mails, r.options.MaxMail)
	if err != nil {
		return err
	}
	messages := make([]domain.InboundMessage, len(got))
	for i, f := range got {
		messages[i] = r.message(f)
	}
	r.give(messages, at)
	return nil
}

// fitting returns how many of mails make a page, as many as its bytes allow and at least one, and their bytes.
func (r *reader) fitting(mails []listed) (n int, bytes int64) {
	bytes = mails[0].size
	for i, m := range mails[1:] {
		if bytes+m.size > int64(r.options.PageBytes) {
			return i + 1, bytes
		}
		bytes += m.size
	}
	return len(mails), bytes
}

func (r *reader) message(f fetched) domain.InboundMessage {
	if f.refused {
		return domain.InboundMessage{
			ExternalID: fmt.Sprintf("imap:%d:%d", r.at.validity, f.uid), ReceivedAt: f.arrived.UTC(),
			Unreadable: "the mail server lists this mail but does not hand it out",
		}
	}
	m := Interpreter{AuthServer: r.options.AuthServer}.Parse(f.raw, f.arrived)
	if f.partial {
		m.Source.MediaType = partialMediaType
		m.Unreadable = fmt.Sprintf("the mail has %d bytes, more than the %d that are read; its beginning is kept", f.size, r.options.MaxMail)
	}
	return m
}

// give yields a page.
func (r *reader) give(messages []domain.InboundMessage, at cursor) {
	r.next = at.String()
	r.left = !r.yield(ports.Page{Messages: messages, Next: r.next})
}
