package porttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// backlog is n messages in threads of three, newest first, as some sources give them.
func backlog(n int) []domain.InboundMessage {
	messages := make([]domain.InboundMessage, n)
	for i := range messages {
		thread := fmt.Sprint("thread-", i/3)
		messages[n-1-i] = inbound(fmt.Sprint("message-", i), thread, "order-"+thread, minute(i))
	}
	return messages
}

// ingestRules are about the main job: pages of messages, screened and threaded by the domain, get in.
var ingestRules = rules[RepositoryFixture]{
	"full pages become tickets, and read again they change nothing": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		const pages = 3
		messages := backlog(pages * domain.MaxPage)
		for page := range slices.Chunk(messages, domain.MaxPage) {
			f.ingest(t, c, page...)
		}
		first := f.holding(t, c.Tenant)
		is.Equal(first.count(), [3]int{len(messages) / 3, len(messages), len(messages)})
		is.Equal(len(f.messages(t, c)), len(messages))
		for i, m := range first.Messages {
			is.Equal(m.Ticket, first.Tickets[i/3].ID)                                   // each in its own thread
			is.Equal(m.Body, fmt.Sprint("message message-", len(messages)-3-i/3*3+i%3)) // the oldest first
		}
		for page := range slices.Chunk(messages, domain.MaxPage) {
			in := f.ingest(t, c, page...)
			is.Equal(len(in.Messages), 0)
		}
		is.Equal(f.holding(t, c.Tenant), first)
	},
	"pages that overlap bring in each message once": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		messages := backlog(30)
		for from := 0; from+10 <= len(messages); from += 4 {
			f.ingest(t, c, messages[from:from+10]...)
		}
		is.Equal(f.holding(t, c.Tenant).count(), [3]int{10, 30, 30})
	},
	"a page with bad messages brings in the good ones and keeps the bad": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		bad := func(id, body string) domain.InboundMessage {
			m := inbound(id, "thread", "", minute(1))
			m.Body, m.Source.Bytes = body, []byte(body)
			return m
		}
		page := []domain.InboundMessage{
			inbound("good-1", "thread", "", minute(0)), bad("nul", "a\x00b"), bad("utf8", "a\xffb"), bad("", "no id"),
			bad("good-1", "another text under the same id"), inbound("good-2", "thread", "", minute(2)),
		}
		for range 2 { // the second time all of it is known
			f.ingest(t, c, page...)
			is.Equal(f.holding(t, c.Tenant).count(), [3]int{1, 2, 2})
			reasons := map[domain.RejectReason]string{}
			for _, r := range f.rejected(t, c) {
				reasons[r.Reason] = string(r.Source.Bytes)
			}
			is.Equal(reasons, map[domain.RejectReason]string{
				domain.RejectNUL: "a\x00b", domain.RejectUTF8: "a\xffb", domain.RejectNoID: "no id",
				domain.RejectDuplicateID: "another text under the same id",
			})
			is.Equal(len(f.rejected(t, c)), 4)
		}
	},
	"of pollers that read from one cursor one gets its page in": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon, connected)
		messages := backlog(60)
		for round := range 6 {
			from := f.syncStateOf(t, c).Cursor
			in := 0
			for _, err := range together(4, func(int) error {
				return f.Repository.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
					_, err := ingest(ctx, tx, c, from, fmt.Sprint("cursor-", round), messages[:10*(round+1)])
					return err
				})
			}) {
				if err == nil {
					in++
				} else {
					is.True(errors.Is(err, domain.ErrConflict))
				}
			}
			is.Equal(in, 1)
		}
		is.Equal(f.holding(t, c.Tenant).count(), [3]int{20, 60, 60})
		is.Equal(len(f.messages(t, c)), 60)
	},
}
