package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/keybuzzio/marketplaces/domain"
)

// contentKey says which sealed raw it is. A plain raw has no content of its own: it stays with its message.
type contentKey struct {
	digest domain.Digest
	key    domain.SourceKeyID
}

// content is the bytes of a sealed raw.
type content struct {
	number int // in the order in which they came
	size   int // of the plain bytes
	bytes  []byte
	moved  bool // the bytes are in the object store, and not here
}

// put takes in what a message is kept as, and returns what stays with the message.
func (r *rows) put(raw domain.StoredSource) (domain.StoredSource, error) {
	raw.Bytes = slices.Clone(raw.Bytes)
	if !raw.Sealed() {
		return raw, nil
	}
	if r.rawKeys[raw.Key].erased {
		return raw, domain.Errorf(domain.ErrConflict, "the key was erased")
	}
	key := contentKey{raw.Digest, raw.Key}
	if _, there := r.contents[key]; !there {
		if raw.Bytes == nil {
			return raw, domain.Errorf(domain.ErrInvalid, "a sealed raw that is not stored yet needs its bytes")
		}
		r.contents[key] = content{number: len(r.contents), size: raw.Size, bytes: raw.Bytes}
	}
	raw.Bytes = nil
	return raw, nil
}

// kept is what a message is kept as, with its bytes unless they were moved.
func (r *rows) kept(raw domain.StoredSource) domain.StoredSource {
	if raw.Sealed() {
		raw.Bytes = r.contents[contentKey{raw.Digest, raw.Key}].bytes
	}
	raw.Bytes = slices.Clone(raw.Bytes)
	return raw
}

// message is a stored message with its raw.
func (r *rows) message(id domain.MessageID) domain.ExternalMessage {
	m := copyMessage(r.messages[id])
	m.Source = r.kept(m.Source)
	return m
}

// reject is a rejected message with its raw.
func (r *rows) reject(m domain.RejectedMessage) domain.RejectedMessage {
	m = copyRejected(m)
	m.Source = r.kept(m.Source)
	return m
}

// held returns the keys of the contents whose bytes are here, those that came first, first.
func (r *rows) held() []contentKey {
	keys := slices.SortedFunc(maps.Keys(r.contents), func(a, b contentKey) int {
		return cmp.Compare(r.contents[a].number, r.contents[b].number)
	})
	return slices.DeleteFunc(keys, func(k contentKey) bool { return r.contents[k].moved })
}

type raws struct{ *transaction }

func (x raws) Unarchived(ctx context.Context, limit, size int) ([]domain.StoredSource, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit < 1 || size < 1 {
		return nil, errNoPage
	}
	var page []domain.StoredSource
	for _, k := range x.rows.held() {
		if len(page) == limit || size <= 0 {
			break
		}
		raw := x.rows.kept(domain.StoredSource{Digest: k.digest, Size: x.rows.contents[k].size, Key: k.key})
		page, size = append(page, raw), size-len(raw.Bytes)
	}
	return page, nil
}

func (x raws) Moved(ctx context.Context, moved []domain.StoredSource) error {
	if err := x.change(ctx); err != nil {
		return err
	}
	for _, raw := range moved {
		key := contentKey{raw.Digest, raw.Key}
		if c, there := x.rows.contents[key]; there {
			c.bytes, c.moved = nil, true
			x.rows.contents[key] = c
		}
	}
	return nil
}

// Holding implements ports.UnarchivedSources.
func (s *Store) WithUnarchived(ctx context.Context, after string, limit int) ([]domain.TenantID, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit < 1 {
		return nil, errLimit
	}
	var ids []domain.TenantID
	for id, r := range s.all() {
		if id.String() > after && len(r.held()) > 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b domain.TenantID) int { return cmp.Compare(a.String(), b.String()) })
	return ids[:min(limit, len(ids))], nil
}
