package mail

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/keybuzzio/marketplaces/domain"
)

// listed is a mail as the server lists it.
type listed struct {
	uid     imap.UID
	seqNum  uint32
	size    int64 // as the server says; some are wrong by a little
	arrived time.Time
}

// fetched is a mail as the server gave it.
type fetched struct {
	listed
	raw     []byte
	partial bool // raw is the beginning only
	refused bool // the server lists the mail but does not hand it out
}

// newest returns the UID of the last mail in the folder, 0 if there is none. It asks by sequence number: a range of
// UIDs up to "*" always yields the last mail, also one from before the range.
func (s *session) newest(ctx context.Context) (imap.UID, error) {
	if s.folder.NumMessages == 0 {
		return 0, nil
	}
	mails, err := s.list(ctx, imap.SeqSetNum(s.folder.NumMessages), 1)
	if err != nil || len(mails) == 0 {
		return 0, err
	}
	return mails[0].uid, nil
}

// window bounds the UIDs that are searched at once, and with it the answer: 3 MiB at most.
const window = 1 << 18

// search returns the UIDs from first to last that there are, by rising number.
func (s *session) search(ctx context.Context, first, last imap.UID) ([]imap.UID, error) {
	var uids []imap.UID
	err := s.line.exchange(ctx, s.limit, smallAnswer+11*window, func() error {
		data, err := s.imap.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{{{Start: first, Stop: last}}}}, nil).Wait()
		if err != nil {
			return err
		}
		set, _ := data.All.(imap.UIDSet)
		for _, r := range set { // not set.Nums, which never ends on a range up to the highest number
			for uid := uint64(max(r.Start, first)); uid <= uint64(min(r.Stop, last)); uid++ {
				uids = append(uids, imap.UID(uid))
			}
		}
		return nil
	})
	return uids, translate(ctx, err, refusedReading)
}

// maxSize keeps sums of sizes that a server makes up from running over.
const maxSize = 1 << 40

// list returns what the server says of some mails, at most n, by rising UID. Those that are gone are left out.
func (s *session) list(ctx context.Context, which imap.NumSet, n int) ([]listed, error) {
	var mails []listed
	err := s.line.exchange(ctx, s.limit, smallAnswer, func() error {
		cmd := s.imap.Fetch(which, &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true})
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			m, err := data.Collect()
			if err == nil && m.UID != 0 && len(mails) < n {
				mails = append(mails, listed{m.UID, m.SeqNum, min(m.RFC822Size, maxSize), m.InternalDate})
			}
		}
		return cmd.Close()
	})
	slices.SortFunc(mails, func(a, b listed) int { return cmp.Compare(a.uid, b.uid) })
	return mails, translate(ctx, err, refusedReading)
}

// fetch returns the mails of a list, in its order. Those that have gone since are left out. A mail of more than limit
// bytes stands alone in its list and comes with its beginning only.
func (s *session) fetch(ctx context.Context, mails []listed, limit int) ([]fetched, error) {
	uids := imap.UIDSet{}
	o := bodyOptions{limit: limit, beginning: len(mails) == 1 && mails[0].size > int64(limit)}
	for _, m := range mails {
		uids.AddNum(m.uid)
		o.expected += m.size
	}
	got, err := s.bodies(ctx, uids, o)
	if err != nil {
		return nil, err
	}
	out := make([]fetched, 0, len(mails))
	for _, m := range mails {
		f, ok := got[m.uid]
		if !ok {
			o.expected = m.size
			if f, ok, err = s.fetchMissing(ctx, m, o); err != nil {
				return nil, err
			}
		}
		if ok {
			f.listed = m
			out = append(out, f)
		}
	}
	return out, nil
}

// fetchMissing asks again for a mail that the server has left out of an answer. It may put the UID behind the text,
// where the library does not find it: then asking by sequence number helps. Or the mail is gone. Or the server hands
// out others, and this one not.
func (s *session) fetchMissing(ctx context.Context, m listed, o bodyOptions) (f fetched, there bool, err error) {
	for range 2 { // the second time with a sequence number that is new
		got, err := s.bodies(ctx, imap.SeqSetNum(m.seqNum), o)
		if err != nil {
			return f, false, err
		}
		if f, there = got[m.uid]; there {
			return f, true, nil
		}
		again, err := s.list(ctx, imap.UIDSetNum(m.uid), 1)
		if err != nil || len(again) == 0 {
			return f, false, err
		}
		m.seqNum = again[0].seqNum
	}
	if !s.served {
		return f, false, domain.Errorf(domain.ErrUnavailable, "the mail server lists mails but does not hand them out")
	}
	return fetched{refused: true}, true, nil
}

// bodyOptions say what is fetched of mails.
type bodyOptions struct {
	expected  int64 // bytes of all together, as the server says
	limit     int   // bytes of each
	beginning bool  // only the beginning
}

// bodies fetches texts without marking them as seen. A no of the server is no error: it may be about one of them only.
func (s *session) bodies(ctx context.Context, which imap.NumSet, o bodyOptions) (map[imap.UID]fetched, error) {
	section := &imap.FetchItemBodySection{Peek: true}
	if o.beginning {
		section.Partial, o.expected = &imap.SectionPartial{Size: keptOfLarge}, keptOfLarge
	}
	got := map[imap.UID]fetched{}
	err := s.line.exchange(ctx, s.limit, smallAnswer+2*o.expected, func() error {
		cmd := s.imap.Fetch(which, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			uid, f, err := readBody(data, o.limit)
			if err != nil {
				return err // without Close, which would read on beside the library's own reader
			}
			if uid != 0 && f.raw != nil {
				f.partial = f.partial || o.beginning
				got[uid], s.served = f, true
			}
		}
		return cmd.Close()
	})
	var said *imap.Error
	if errors.As(err, &said) && said.Type != imap.StatusResponseTypeBye {
		err = nil
	}
	return got, translate(ctx, err, refusedReading)
}

// readBody reads one mail of an answer, to its end or the first keptOfLarge bytes if it is larger than limit. A text
// that breaks off is an error: the library takes the end of a connection for the end of the text.
func readBody(data *imapclient.FetchMessageData, limit int) (uid imap.UID, f fetched, err error) {
	for item := data.Next(); item != nil; item = data.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = item.UID
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil || f.raw != nil {
				continue
			}
			size := item.Literal.Size()
			if f.partial = size > int64(limit); f.partial {
				size = min(size, keptOfLarge)
			}
			f.raw = make([]byte, size)
			if _, err := io.ReadFull(item.Literal, f.raw); err != nil {
				return 0, f, err
			}
		}
	}
	return uid, f, nil
}
