package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/keybuzzio/marketplaces/domain"
)

// What a look-up of the book finds. They stand in its rows.
const (
	foundTicket  = "ticket"  // a ticket
	foundThread  = "thread"  // the ticket of a thread
	foundMail    = "mail"    // the ticket of a Message-ID
	foundWaiting = "waiting" // a message without a ticket
)

// active is how far back what the seller sent, and tickets of a buyer's, are looked for.
const active = 30 * 24 * time.Hour

// joining are the kinds of messages that join a ticket when there is one.
var joining = []string{
	string(domain.KindCancelRequest), string(domain.KindReturnEvent), string(domain.KindRefundEvent), string(domain.KindClaimOpened),
	string(domain.KindClaimClosed), string(domain.KindChargeback), string(domain.KindSellerCopy),
}

// Candidates finds ids first, all in one statement that holds the look-ups which have keys, and then what they name. Messages
// are locked before tickets, as they are by whoever takes one out of quarantine.
func (q intake) Candidates(ctx context.Context, c domain.ConnectionID, keys domain.ConversationKeys, now time.Time) (domain.Candidates, error) {
	book := domain.Candidates{Threads: map[string]domain.TicketID{}, Mails: map[string]domain.TicketID{}}
	tickets, waiting := map[domain.TicketID]bool{}, map[domain.MessageID]bool{}
	query, arrays := lookUps(keys)
	if query == "" {
		return book, nil
	}
	err := q.each(ctx, "find conversations", func(rows *sql.Rows) error {
		var what, key string
		var id uuid.UUID
		err := rows.Scan(&what, &key, &id)
		switch ticket := (domain.TicketID{UUID: id}); what {
		case foundWaiting:
			waiting[domain.MessageID{UUID: id}] = true
			return err
		case foundThread:
			book.Threads[key] = ticket
		case foundMail:
			book.Mails[key] = ticket
		}
		tickets[domain.TicketID{UUID: id}] = true
		return err
	}, query, append([]any{uuidValue(c.UUID), now.Add(-active), joining}, arrays...)...)
	if err != nil {
		return domain.Candidates{}, err
	}
	if book.Waiting, err = q.waiting(ctx, slices.Collect(maps.Keys(waiting))); err != nil {
		return domain.Candidates{}, err
	}
	if book.Tickets, err = q.lockTickets(ctx, slices.Collect(maps.Keys(tickets))); err != nil {
		return domain.Candidates{}, err
	}
	if keys.Answers {
		book.Answers, err = q.answers(ctx, book.Tickets, now)
	}
	return book, err
}

// mailboxes are relay addresses without what differs from case to case.
func mailboxes(relays []string) (all []string) {
	for _, address := range relays {
		if address != "" {
			all = append(all, domain.RelayMailbox(address))
		}
	}
	return all
}

// lookUpsOf is the look-ups of each kind of keys, in the order of their arrays, which are $4 to $8. $1 is the connection, $2 since
// when a conversation is active, $3 the kinds that join a ticket.
var lookUpsOf = [...][]string{
	{ticketsByKey, ticketsByThread, waitingByThread}, // threads
	{ticketsByOrder, waitingByOrder},                 // orders
	{ticketsByMail},                                  // Message-IDs
	{ticketsByRelay},                                 // mailboxes of relay addresses
	{ticketsByName},                                  // buyers' names
}

// lookUpTexts are the statements, by the kinds of keys that each looks up, a bit for each.
var lookUpTexts = func() (texts [1 << len(lookUpsOf)]string) {
	for kinds := 1; kinds < len(texts); kinds++ {
		var parts []string
		for kind, lookUps := range lookUpsOf {
			if kinds>>kind&1 == 0 {
				continue
			}
			for _, lookUp := range lookUps {
				parts = append(parts, fmt.Sprintf(lookUp, fmt.Sprintf("unnest($%d::text[]) AS key (value)", 4+kind)))
			}
		}
		// Every parameter is named somewhere: the server asks for its type.
		texts[kinds] = "WITH given AS (SELECT $1::uuid, $2::timestamptz, $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) " +
			strings.Join(parts, " UNION ALL ")
	}
	return texts
}()

// lookUps is the statement with all look-ups that have keys, "" when none has, and the arrays of keys.
func lookUps(keys domain.ConversationKeys) (query string, arrays []any) {
	kinds := 0
	for kind, values := range [len(lookUpsOf)][]string{keys.Threads, keys.Orders, keys.Mails, mailboxes(keys.Relays), keys.Names} {
		if arrays = append(arrays, values); len(values) > 0 {
			kinds |= 1 << kind
		}
	}
	return lookUpTexts[kinds], arrays
}

const (
	ticketsByKey = `
		SELECT '` + foundTicket + `', '', t.id FROM %s, LATERAL (
			SELECT id FROM marketplace.tickets
			WHERE connection_id = $1 AND external_id = key.value AND channel <> 'MANUAL' OFFSET 0) AS t`
	ticketsByOrder = `
		SELECT '` + foundTicket + `', '', t.id FROM %s, LATERAL (
			SELECT id FROM marketplace.tickets WHERE connection_id = $1 AND order_id = key.value OFFSET 0) AS t`
	// Of an address, a@host, those that begin with a are read: a@host and a+case@host are among them. An index on what it is
	// compared with would not serve: row-level security lets only functions that are known to leak nothing go before its policies.
	ticketsByRelay = `
		SELECT '` + foundTicket + `', '', t.id FROM %s, LATERAL (
			SELECT id FROM marketplace.tickets
			WHERE connection_id = $1 AND customer_email IS NOT NULL AND last_message_at >= $2
				AND customer_email COLLATE "C" >= split_part(key.value, '@', 1) || '+'
				AND customer_email COLLATE "C" < split_part(key.value, '@', 1) || 'A'
				AND regexp_replace(customer_email, '\+[^@]*@', '@') = key.value
			ORDER BY last_message_at DESC, id DESC LIMIT 100) AS t`
	ticketsByName = `
		SELECT '` + foundTicket + `', '', t.id FROM %s, LATERAL (
			SELECT id FROM marketplace.tickets
			WHERE connection_id = $1 AND customer_name = key.value AND last_message_at >= $2
			ORDER BY last_message_at DESC, id DESC LIMIT 100) AS t`
	ticketsByThread = `
		SELECT '` + foundThread + `', key.value, m.ticket_id FROM %s, LATERAL (
			SELECT m.ticket_id FROM (
				SELECT * FROM marketplace.external_messages
				WHERE connection_id = $1 AND thread_id = key.value AND ticket_id IS NOT NULL
				ORDER BY received_at DESC, id DESC OFFSET 0) AS m, ` + itsTicket + `
			ORDER BY m.received_at DESC, m.id DESC LIMIT 1) AS m`
	ticketsByMail = `
		SELECT '` + foundMail + `', key.value, m.ticket_id FROM %s, LATERAL (
			SELECT m.ticket_id FROM (
				SELECT * FROM marketplace.ticket_messages WHERE mail_id = key.value OFFSET 0) AS m, ` + itsTicket + `
			ORDER BY m.sent_at DESC, m.id DESC LIMIT 1) AS m`
	// A person may have put a message on any ticket of the tenant's. The ticket is found by its id alone, and judged then: given the
	// connection too, the planner may read all of that.
	itsTicket = `LATERAL (
				SELECT connection_id, channel FROM marketplace.tickets WHERE id = m.ticket_id OFFSET 0) AS t
			WHERE t.connection_id = $1 AND t.channel <> 'MANUAL'`
	waitingByThread = `
		SELECT '` + foundWaiting + `', '', m.id FROM %s, LATERAL (
			SELECT id FROM marketplace.external_messages
			WHERE connection_id = $1 AND thread_id = key.value AND ticket_id IS NULL AND kind = ANY ($3)
			ORDER BY received_at DESC, id DESC LIMIT 100) AS m`
	waitingByOrder = `
		SELECT '` + foundWaiting + `', '', m.id FROM %s, LATERAL (
			SELECT id FROM marketplace.external_messages
			WHERE connection_id = $1 AND order_id = key.value AND ticket_id IS NULL AND kind = ANY ($3)
			ORDER BY received_at DESC, id DESC LIMIT 100) AS m`
)

// waiting locks and returns messages that are still without a ticket.
func (q intake) waiting(ctx context.Context, ids []domain.MessageID) (all []domain.ExternalMessage, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	// Rising ids, as for tickets. Each is looked up by itself: for a list of them in order, a plan that was made while the table was
	// empty reads all of the tenant's in order.
	slices.SortFunc(ids, func(a, b domain.MessageID) int { return bytes.Compare(a.UUID[:], b.UUID[:]) })
	err = q.each(ctx, "find waiting messages", func(rows *sql.Rows) error {
		var r messageRow
		if err := rows.Scan(r.fields()...); err != nil {
			return err
		}
		m, err := r.message(q.tenant)
		all = append(all, m)
		return err
	}, `
		SELECT `+messageColumns+` FROM unnest($2::uuid[]) AS key (id), LATERAL (
			SELECT * FROM marketplace.external_messages
			WHERE tenant_id = $1 AND id = key.id AND ticket_id IS NULL LIMIT 1 FOR NO KEY UPDATE) AS m`,
		q.tenant.String(), uuids(ids, func(id domain.MessageID) uuid.UUID { return id.UUID }))
	slices.SortStableFunc(all, func(a, b domain.ExternalMessage) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	return all, err
}

// lockTickets locks and returns tickets, but for MANUAL ones.
func (q intake) lockTickets(ctx context.Context, ids []domain.TicketID) ([]*domain.Ticket, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	// Rising ids keep two transactions from each holding what the other waits for.
	found, err := q.tx.Tx.QueryContext(ctx, `
		SELECT `+ticketColumns+` FROM marketplace.tickets t
		WHERE t.id = ANY ($1::uuid[]) AND t.channel <> 'MANUAL' ORDER BY t.id FOR NO KEY UPDATE`,
		prepared(uuids(ids, func(id domain.TicketID) uuid.UUID { return id.UUID }))...)
	if err != nil {
		return nil, translate(ctx, "find tickets", err)
	}
	var rows []ticketRow
	if err := q.db.ScanRows(ctx, found, &rows); err != nil { // it closes them
		return nil, translate(ctx, "find tickets", err)
	}
	return restoreTickets(rows, q.tenant)
}

// answers returns what was sent on tickets lately.
func (q intake) answers(ctx context.Context, tickets []*domain.Ticket, now time.Time) ([]domain.TicketMessage, error) {
	if len(tickets) == 0 {
		return nil, nil
	}
	var all []domain.TicketMessage
	err := q.each(ctx, "find answers", func(rows *sql.Rows) error {
		var r conversedRow
		if err := rows.Scan(r.fields()...); err != nil {
			return err
		}
		m, err := r.message(q.tenant)
		all = append(all, m)
		return err
	}, `
		SELECT `+conversedColumns+` FROM unnest($1::uuid[]) AS key (id), LATERAL (
			SELECT * FROM marketplace.ticket_messages
			WHERE ticket_id = key.id AND sent_at >= $2 AND sender_type IN ('AGENT', 'AI') AND NOT is_internal OFFSET 0) AS t
		ORDER BY t.sent_at, t.id`,
		uuids(tickets, func(t *domain.Ticket) uuid.UUID { return t.State().ID.UUID }), now.Add(-active))
	return all, err
}
