package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

type replies struct{ intake }

// replyTable is how a reply is written. What may change of it is changedReplies.
var (
	changedReplies = newTable("replies", byID,
		idColumn("id", func(r domain.ReplyState) uuid.UUID { return r.ID.UUID }),
		textColumn("delivery", func(r domain.ReplyState) string { return string(r.Delivery) }),
		textOrNull("external_id", func(r domain.ReplyState) string { return r.ExternalID }),
		timeColumn("due_at", func(r domain.ReplyState) time.Time { return r.DueAt }),
		newColumn("attempts", "integer", func(r domain.ReplyState) int { return r.Attempts }),
		timeColumn("handed_over_at", func(r domain.ReplyState) time.Time { return r.HandedOverAt }),
		textOrNull("cause", func(r domain.ReplyState) string { return r.Cause }),
		timeColumn("changed_at", func(r domain.ReplyState) time.Time { return r.ChangedAt }),
	)
	newReplies = newTable("replies", noKey, append([]column[domain.ReplyState]{
		idColumn("connection_id", func(r domain.ReplyState) uuid.UUID { return r.Connection.UUID }),
		idColumn("ticket_id", func(r domain.ReplyState) uuid.UUID { return r.Ticket.UUID }),
		idColumn("message_id", func(r domain.ReplyState) uuid.UUID { return r.Message.UUID }),
		textColumn("key", func(r domain.ReplyState) string { return r.Key }),
		digestColumn("digest", func(r domain.ReplyState) domain.Digest { return r.Digest }),
		textOrNull("author", func(r domain.ReplyState) string { return r.Author }),
		textOrNull("language", func(r domain.ReplyState) string { return r.Language }),
		newColumn("critical", "bool", func(r domain.ReplyState) bool { return r.Critical }),
		textOrNull("to_address", func(r domain.ReplyState) string { return r.To }),
		textOrNull("from_address", func(r domain.ReplyState) string { return r.From }),
		textColumn("subject", func(r domain.ReplyState) string { return r.Subject }),
		textOrNull("thread_id", func(r domain.ReplyState) string { return r.ThreadID }),
		textOrNull("order_id", func(r domain.ReplyState) string { return r.OrderID }),
		textOrNull("answers", func(r domain.ReplyState) string { return r.Answers }),
		textOrNull("in_reply_to", func(r domain.ReplyState) string { return r.InReplyTo }),
		textColumn("mail_id", func(r domain.ReplyState) string { return r.MessageID }),
		jsonOrNull("overrides", func(r domain.ReplyState) (any, bool) { return overridesJSON(r.Overrides), len(r.Overrides) > 0 }),
		timeColumn("deadline", func(r domain.ReplyState) time.Time { return r.Deadline }),
		timeColumn("created_at", func(r domain.ReplyState) time.Time { return r.CreatedAt }),
	}, changedReplies.columns...)...)
	repliedMessages = newTable("ticket_messages", byTenantAndID,
		idColumn("id", func(r domain.ReplyState) uuid.UUID { return r.Message.UUID }),
		textOrNull("delivery", func(r domain.ReplyState) string { return string(r.Delivery) }),
	)
)

// overrideJSON is an Override as it is stored. Its names never change.
type overrideJSON struct {
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
}

func overridesJSON(all []domain.Override) []overrideJSON {
	out := make([]overrideJSON, len(all))
	for i, o := range all {
		out[i] = overrideJSON(o)
	}
	return out
}

// Insert implements ports.Replies.
func (q replies) Insert(ctx context.Context, r *domain.Reply) error {
	var b batch
	insert(&b, newReplies, []domain.ReplyState{r.State()})
	if err := q.send(ctx, b); isForeignKey(err) {
		return errNone
	} else if err != nil {
		return err
	}
	return nil
}

// Save implements ports.Replies.
func (q replies) Save(ctx context.Context, r *domain.Reply) error {
	rows := []domain.ReplyState{r.State()}
	var b batch
	update(&b, changedReplies, rows)
	update(&b, repliedMessages, rows)
	return q.send(ctx, b)
}

// HandOver implements ports.Replies.
func (q replies) HandOver(ctx context.Context, r *domain.Reply) error {
	var b batch
	update(&b, changedReplies, []domain.ReplyState{r.State()})
	return q.send(ctx, b)
}

// The columns of a reply as scan reads them.
const replyColumns = `r.id, r.connection_id, r.ticket_id, r.message_id, r.delivery, r.key, r.digest, coalesce(r.author, ''),
	coalesce(r.language, ''), r.critical, coalesce(r.to_address, ''), coalesce(r.from_address, ''), r.subject,
	coalesce(r.thread_id, ''), coalesce(r.order_id, ''), coalesce(r.answers, ''), coalesce(r.in_reply_to, ''), r.mail_id,
	coalesce(r.external_id, ''), r.overrides::text, r.due_at, r.deadline, r.attempts, r.handed_over_at, coalesce(r.cause, ''),
	r.changed_at, r.created_at`

func (q replies) read(ctx context.Context, op, query string, args ...any) (all []domain.ReplyState, err error) {
	err = q.each(ctx, op, func(rows *sql.Rows) error {
		s := domain.ReplyState{Tenant: q.tenant}
		var digest, overrides []byte
		var handedOver sql.NullTime
		err := rows.Scan(&s.ID, &s.Connection, &s.Ticket, &s.Message, &s.Delivery, &s.Key, &digest, &s.Author, &s.Language,
			&s.Critical, &s.To, &s.From, &s.Subject, &s.ThreadID, &s.OrderID, &s.Answers, &s.InReplyTo, &s.MessageID,
			&s.ExternalID, &overrides, &s.DueAt, &s.Deadline, &s.Attempts, &handedOver, &s.Cause, &s.ChangedAt, &s.CreatedAt)
		if err != nil {
			return err
		}
		copy(s.Digest[:], digest)
		s.DueAt, s.Deadline, s.HandedOverAt = utc(s.DueAt), utc(s.Deadline), utc(handedOver.Time)
		s.ChangedAt, s.CreatedAt = utc(s.ChangedAt), utc(s.CreatedAt)
		if overrides != nil {
			var stored []overrideJSON
			if err := json.Unmarshal(overrides, &stored); err != nil {
				return err
			}
			for _, o := range stored {
				s.Overrides = append(s.Overrides, domain.Override(o))
			}
		}
		all = append(all, s)
		return nil
	}, query, args...)
	return all, err
}

func (q replies) one(ctx context.Context, op, where string, args ...any) (*domain.Reply, error) {
	found, err := q.read(ctx, op, `SELECT `+replyColumns+` FROM marketplace.replies r WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errNone
	}
	return domain.RestoreReply(found[0])
}

// Get implements ports.Replies.
func (q replies) Get(ctx context.Context, id domain.ReplyID) (*domain.Reply, error) {
	return q.one(ctx, "get reply", `r.id = $1`, uuidValue(id.UUID))
}

// ByKey implements ports.Replies.
func (q replies) ByKey(ctx context.Context, key string) (*domain.Reply, error) {
	return q.one(ctx, "find reply by key", `r.tenant_id = $1 AND r.key = $2`, q.tenant.String(), key)
}

// Lock implements ports.Replies.
func (q replies) Lock(ctx context.Context, id domain.ReplyID) (*domain.Reply, error) {
	return q.one(ctx, "lock reply", `r.id = $1 FOR NO KEY UPDATE`, uuidValue(id.UUID))
}

// List implements ports.Replies.
func (q replies) List(ctx context.Context, f ports.ReplyQuery) ([]domain.ReplyState, error) {
	if f.Limit < 1 {
		return nil, errLimit
	}
	states := make([]string, len(f.Deliveries))
	for i, d := range f.Deliveries {
		states[i] = string(d)
	}
	at, id := f.After.At, f.After.ID
	if f.After == (ports.Position{}) {
		at, id = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), beforeAllIDs
	}
	where := `r.tenant_id = $1 AND ($2::text[] = '{}' OR r.delivery = ANY ($2))
		AND ($3::timestamptz IS NULL OR r.changed_at < $3) AND (r.created_at, r.id) < ($4, $5::text::uuid)`
	args := []any{q.tenant.String(), states, orNull(f.Before), at, id, f.Limit}
	if (f.Ticket != domain.TicketID{}) {
		where, args = where+` AND r.ticket_id = $7`, append(args, uuidValue(f.Ticket.UUID))
	}
	return q.read(ctx, "list replies", `SELECT `+replyColumns+` FROM marketplace.replies r WHERE `+where+`
		ORDER BY r.created_at DESC, r.id DESC LIMIT $6`, args...)
}

// Due implements ports.Replies.
func (q replies) Due(ctx context.Context, c domain.ConnectionID, now time.Time, limit int) ([]domain.ReplyState, error) {
	if limit < 1 {
		return nil, errLimit
	}
	return q.read(ctx, "list due replies", `SELECT `+replyColumns+` FROM marketplace.replies r
		WHERE r.connection_id = $1 AND r.delivery IN ('QUEUED', 'SENDING') AND (r.due_at <= $2 OR r.delivery = 'SENDING')
		ORDER BY r.due_at, r.id LIMIT $3`, uuidValue(c.UUID), now, limit)
}

// NextDue implements ports.Replies.
func (q replies) NextDue(ctx context.Context, c domain.ConnectionID) (time.Time, error) {
	var next sql.NullTime
	err := q.each(ctx, "find the next due reply", func(rows *sql.Rows) error { return rows.Scan(&next) }, `
		SELECT min(r.due_at) FROM marketplace.replies r
		WHERE r.connection_id = $1 AND r.delivery IN ('QUEUED', 'SENDING') AND r.delivery = 'QUEUED'`, uuidValue(c.UUID))
	return utc(next.Time), err
}
