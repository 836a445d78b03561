package postgres

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
)

// fileOf is a file and the message that it came with.
type fileOf struct {
	message domain.MessageID
	file    domain.File
}

var attachments = newTable("attachments", noKey,
	idColumn("id", func(f fileOf) uuid.UUID { return f.file.ID.UUID }),
	idColumn("external_message_id", func(f fileOf) uuid.UUID { return f.message.UUID }),
	newColumn("number", "integer", func(f fileOf) int { return f.file.Number }),
	textColumn("name", func(f fileOf) string { return f.file.Name }),
	textColumn("original_name", func(f fileOf) string { return f.file.OriginalName }),
	textColumn("declared_type", func(f fileOf) string { return f.file.DeclaredType }),
	textColumn("type", func(f fileOf) string { return f.file.Type }),
	newColumn("size", "bigint", func(f fileOf) int64 { return f.file.Size }),
	digestColumn("digest", func(f fileOf) domain.Digest { return f.file.Digest }),
	newColumn("inline", "bool", func(f fileOf) bool { return f.file.Inline }),
	textOrNull("content_id", func(f fileOf) string { return f.file.ContentID }),
	jsonOrNull("flags", func(f fileOf) (any, bool) { return f.file.Flags, len(f.file.Flags) > 0 }),
)

// filesOf returns the files of messages, with ids for those that have none.
func filesOf(messages []domain.ExternalMessage) (all []fileOf) {
	for _, m := range messages {
		for _, f := range m.Files {
			if f.ID == (domain.FileID{}) {
				f.ID = domain.NewID[domain.FileID]()
			}
			all = append(all, fileOf{m.ID, f})
		}
	}
	return all
}

// fileColumns are what scanFile takes, of an attachment a.
const fileColumns = `a.external_message_id, a.id, a.number, a.name, a.original_name, a.declared_type, a.type, a.size, a.digest,
	a.inline, coalesce(a.content_id, ''), coalesce(a.flags, '[]')::text`

func scanFile(rows *sql.Rows) (of fileOf, err error) {
	f := &of.file
	var digest []byte
	var flags string
	if err := rows.Scan(&of.message, &f.ID, &f.Number, &f.Name, &f.OriginalName, &f.DeclaredType, &f.Type, &f.Size, &digest,
		&f.Inline, &f.ContentID, &flags); err != nil {
		return of, err
	}
	copy(f.Digest[:], digest)
	if flags != "[]" {
		err = json.Unmarshal([]byte(flags), &f.Flags)
	}
	return of, err
}

// files returns the files of messages in their order.
func (q intake) files(ctx context.Context, messages []domain.MessageID) (map[domain.MessageID][]domain.File, error) {
	found := map[domain.MessageID][]domain.File{}
	if len(messages) == 0 {
		return found, nil
	}
	err := q.each(ctx, "list files", func(rows *sql.Rows) error {
		of, err := scanFile(rows)
		found[of.message] = append(found[of.message], of.file)
		return err
	}, `
		SELECT a.* FROM unnest($1::uuid[]) AS key (id), LATERAL (
			SELECT `+fileColumns+`
			FROM marketplace.attachments a WHERE a.external_message_id = key.id ORDER BY a.number OFFSET 0) AS a`,
		uuids(messages, func(id domain.MessageID) uuid.UUID { return id.UUID }))
	return found, err
}

// replaceFiles makes the files of messages those that they have now.
func replaceFiles(b *batch, messages []domain.ExternalMessage) {
	if len(messages) == 0 {
		return
	}
	*b = append(*b, statement{op: "delete files", must: anyRows, text: `
		DELETE FROM marketplace.attachments t USING unnest($2::uuid[]) AS r (id), LATERAL (
			SELECT ctid AS place FROM marketplace.attachments WHERE external_message_id = r.id OFFSET 0) AS found
		WHERE t.ctid = found.place AND t.tenant_id || '' = $1`,
		args: []any{uuids(messages, func(m domain.ExternalMessage) uuid.UUID { return m.ID.UUID })}})
	insert(b, attachments, filesOf(messages))
}
