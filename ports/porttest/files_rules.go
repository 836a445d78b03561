package porttest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// files have every field set, and none.
func files() []domain.File {
	return []domain.File{
		{
			Number: 0, Name: "facture.pdf", OriginalName: "../facture.pdf", DeclaredType: "application/octet-stream", Type: "application/pdf",
			Size: 1 << 33, Digest: domain.DigestOf([]byte("a")), Inline: true, ContentID: "part1@mail.example.com",
			Flags: []domain.FileFlag{domain.FileMismatch, domain.FileRenamed},
		},
		{Number: 1, Name: awkward, OriginalName: awkward, DeclaredType: awkward, Type: awkward, ContentID: awkward, Flags: []domain.FileFlag{awkward}},
		{Number: 2},
	}
}

// withFiles is a buyer's message with files.
func withFiles(id, thread string, files []domain.File) domain.InboundMessage {
	m := inbound(id, thread, "", start)
	m.Files = files
	return m
}

// filed stores new messages with their files as they are, which screening would have made fit.
func (f RepositoryFixture) filed(t *testing.T, c domain.ConnectionState, page ...domain.InboundMessage) {
	t.Helper()
	in := domain.Thread(c, page, domain.Candidates{}, start)
	for i := range in.Messages {
		at := slices.IndexFunc(page, func(m domain.InboundMessage) bool { return m.ExternalID == in.Messages[i].ExternalID })
		in.Messages[i].Files = page[at].Files
	}
	f.store(t, c, in)
}

// fileRules are about files, and about single messages of a ticket.
var fileRules = rules[RepositoryFixture]{
	"files come back with every field, in their order and with ids of their own": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		given := files()
		f.filed(t, c, withFiles("m1", "thread", given), withFiles("m2", "thread", files()[:1]), inbound("m3", "thread", "", start))
		is.Equal(given, files()) // the caller's stay as they are
		stored := f.messages(t, c)
		seen := map[domain.FileID]bool{{}: true}
		for i, want := range [][]domain.File{files(), files()[:1], nil} {
			for _, file := range stored[i].Files {
				is.True(!seen[file.ID])
				seen[file.ID] = true
			}
			is.Equal(withoutIDs(stored[i].Files), want)
		}
		for _, m := range f.allStored(t, c.Tenant, everything, 1<<30) {
			i := slices.IndexFunc(stored, func(s domain.ExternalMessage) bool { return s.ID == m.Message.ID })
			is.Equal(plainFiles(m.Message.Files), stored[i].Files)
		}
		for _, m := range f.holding(t, c.Tenant).Messages {
			i := slices.IndexFunc(stored, func(s domain.ExternalMessage) bool { return s.ID == m.ExternalMessage })
			is.Equal(m.Files, stored[i].Files)
		}
	},
	"a file is found by its ticket and its id, with the message that holds it and its raw": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.filed(t, c, withFiles("m1", "thread", files()), withFiles("m2", "thread", files()), withFiles("m3", "other", files()))
		for _, m := range f.messages(t, c) {
			for _, want := range m.Files {
				f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
					file, in, err := tx.Tickets.File(ctx, m.Ticket, want.ID)
					is.NoErr(err)
					is.Equal(plainFiles([]domain.File{file}), []domain.File{want})
					is.Equal(in.ID, m.ID)
					is.Equal(in.Type, m.Type)
					is.Equal(in.ReceivedAt, m.ReceivedAt)
					is.Equal(in.Source, m.Source)
					return nil
				})
			}
		}
	},
	"a file of another ticket, of no ticket and of another tenant is ErrNotFound": func(t *testing.T, f RepositoryFixture) {
		is, t2 := is.New(t), tenant(t, "t2")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		notice := withFiles("m3", "", files())
		notice.Kind = domain.KindNotice
		f.filed(t, c, withFiles("m1", "thread", files()), withFiles("m2", "other", files()), notice)
		m := f.messages(t, c)
		for name, ask := range map[string]struct {
			tenant domain.TenantID
			ticket domain.TicketID
			file   domain.FileID
		}{
			"another ticket": {c.Tenant, m[1].Ticket, m[0].Files[0].ID},
			"no ticket":      {c.Tenant, domain.TicketID{}, m[2].Files[0].ID},
			"no such ticket": {c.Tenant, domain.NewID[domain.TicketID](), m[0].Files[0].ID},
			"no such file":   {c.Tenant, m[0].Ticket, domain.NewID[domain.FileID]()},
			"no file":        {c.Tenant, m[0].Ticket, domain.FileID{}},
			"another tenant": {t2, m[0].Ticket, m[0].Files[0].ID},
		} {
			f.view(t, ask.tenant, func(ctx context.Context, tx ports.Tx) error {
				_, _, err := tx.Tickets.File(ctx, ask.ticket, ask.file)
				if !errors.Is(err, domain.ErrNotFound) {
					t.Errorf("%s: %v", name, err)
				}
				return nil
			})
		}
		is.Equal(len(f.holding(t, t2).Messages), 0)
	},
	"Rewrite replaces files: those with an id keep it, the new get one, the others go": func(t *testing.T, f RepositoryFixture) {
		is := is.New(t)
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.filed(t, c, withFiles("m1", "thread", files()), withFiles("m2", "thread", files()))
		before := f.messages(t, c)
		old := before[0].Files
		kept := old[2]
		kept.Number, kept.Name, kept.Type, kept.Flags, kept.Inline = 0, "renamed.png", "image/png", []domain.FileFlag{domain.FilePartial}, true
		fresh := domain.File{Number: 1, Name: "new.pdf", Size: 5}
		last := old[0]
		last.Number = 2
		f.rewrite(t, c, func(m *domain.Stored) { m.Message.Files = []domain.File{kept, fresh, last} }, before[0].ID)
		after := f.messages(t, c)
		got := after[0].Files
		is.Equal(len(got), 3)
		fresh.ID = got[1].ID
		is.Equal(got, []domain.File{kept, fresh, last})
		is.True(fresh.ID != domain.FileID{} && !slices.ContainsFunc(old, func(o domain.File) bool { return o.ID == fresh.ID }))
		is.Equal(after[1], before[1]) // another message's stay
		f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			_, _, err := tx.Tickets.File(ctx, before[0].Ticket, old[1].ID)
			is.True(errors.Is(err, domain.ErrNotFound))
			return nil
		})
		f.rewrite(t, c, func(m *domain.Stored) { m.Message.Files = nil }, before[0].ID)
		is.Equal(len(f.messages(t, c)[0].Files), 0)
	},
	"a message is found by its ticket and its id, with its files": func(t *testing.T, f RepositoryFixture) {
		is, t2 := is.New(t), tenant(t, "t2")
		c := f.connect(t, tenant(t, "t1"), domain.Amazon)
		f.filed(t, c, withFiles("m1", "thread", files()), inbound("m2", "thread", "", minute(1)), inbound("m3", "other", "", minute(2)))
		all := f.holding(t, c.Tenant).Messages
		is.Equal(len(all), 3)
		f.view(t, c.Tenant, func(ctx context.Context, tx ports.Tx) error {
			for _, want := range all {
				got, err := tx.Tickets.Message(ctx, want.Ticket, want.ID)
				is.NoErr(err)
				is.Equal(plainTicketMessage(got), want)
				for _, other := range all {
					_, err := tx.Tickets.Message(ctx, other.Ticket, want.ID)
					is.Equal(errors.Is(err, domain.ErrNotFound), other.Ticket != want.Ticket)
				}
			}
			_, err := tx.Tickets.Message(ctx, all[0].Ticket, domain.NewID[domain.TicketMessageID]())
			is.True(errors.Is(err, domain.ErrNotFound))
			return nil
		})
		f.view(t, t2, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Tickets.Message(ctx, all[0].Ticket, all[0].ID)
			is.True(errors.Is(err, domain.ErrNotFound))
			return nil
		})
	},
}

// withoutIDs is files as they were before they were stored.
func withoutIDs(files []domain.File) []domain.File {
	files = plainFiles(files)
	for i := range files {
		files[i].ID = domain.FileID{}
	}
	return files
}
