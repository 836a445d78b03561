package app_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// onStores runs a test on both stores.
func onStores(t *testing.T, test func(t *testing.T, s *replayStage)) {
	for name, open := range map[string]func(testing.TB) store{
		"memory":   func(testing.TB) store { return memory.NewStore() },
		"postgres": func(t testing.TB) store { return pgtest.Repository(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newReplayStage(t, open(t)))
		})
	}
}

// replayStage is a stage with a connection whose messages are read again, as the test scripts.
type replayStage struct {
	*stage
	who domain.TenantID
	c   domain.ConnectionState
}

// today is what today's code reads in a raw.
type today struct {
	mu    sync.Mutex
	reads map[string]domain.InboundMessage // by raw
}

func (y *today) Interpret(raw domain.Source, received time.Time) domain.InboundMessage {
	y.mu.Lock()
	defer y.mu.Unlock()
	m, ok := y.reads[string(raw.Bytes)]
	switch {
	case !ok:
		return domain.InboundMessage{Source: raw, ReceivedAt: received, Unreadable: "not in the script"}
	case m.Subject == panics:
		panic(m.Body)
	}
	m.Source = raw
	return m
}

func (y *today) File(domain.Source, int) ([]byte, error) {
	return nil, domain.Errorf(domain.ErrNotFound, "there are no files in this play")
}

// panics is the subject of a message that the interpreter fails on.
const panics = "panic"

// read scripts what today's code reads in a message's raw: the message with changes.
func (y *today) read(m domain.InboundMessage, changes ...func(*domain.InboundMessage)) {
	y.mu.Lock()
	defer y.mu.Unlock()
	raw := string(m.Source.Bytes)
	for _, change := range changes {
		change(&m)
	}
	y.reads[raw] = m
}

func newToday() *today { return &today{reads: map[string]domain.InboundMessage{}} }

func newReplayStage(t testing.TB, s store) *replayStage {
	t.Helper()
	r := &replayStage{stage: newStage(t, s), who: tenant(t, "t1")}
	r.source.size = domain.MaxPage
	r.c = r.connect(t, r.who)
	return r
}

// ingest polls messages in, which today's code reads as they were read then.
func (r *replayStage) ingest(t testing.TB, messages ...domain.InboundMessage) {
	t.Helper()
	for _, m := range messages {
		r.today.read(m)
	}
	r.source.add(messages...)
	if _, err := r.Poll.Run(t.Context(), app.PollCommand{Tenant: r.who, Connection: r.c.ID}); err != nil {
		t.Fatal(err)
	}
}

// replay runs a replay that must succeed and returns what differed.
func (r *replayStage) replay(t testing.TB, cmd app.ReplayCommand) (app.ReplayResult, []string) {
	t.Helper()
	result, differences, err := r.tryReplay(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	return result, differences
}

// tryReplay replays everything that is stored if cmd names nothing.
func (r *replayStage) tryReplay(ctx context.Context, cmd app.ReplayCommand) (app.ReplayResult, []string, error) {
	if cmd.Tenant.IsZero() {
		cmd.Tenant = r.who
	}
	if !cmd.Rejected && cmd.RejectedID == (domain.RejectedID{}) && cmd.Message == (domain.MessageID{}) && cmd.Since.IsZero() {
		cmd.Since = time.Unix(1, 0)
	}
	cmd.Actor, cmd.ActorID = domain.ActorAgent, "somebody"
	var differences []string
	cmd.Differs = func(d app.ReplayDifference) { differences = append(differences, d.Subject+" "+d.Difference.String()) }
	result, err := r.Replay.Run(ctx, cmd)
	return result, differences, err
}

// contents is all that a tenant has.
type contents struct {
	Stored  []domain.Stored
	Tickets []domain.TicketState
	Events  []domain.TicketEvent
	Pending int // rejected messages that were not replayed
}

func (r *replayStage) contents(t testing.TB, who domain.TenantID) contents {
	t.Helper()
	all := r.archived(t, who)
	all.Tickets = r.tickets(t, who)
	for _, k := range all.Tickets {
		all.Events = append(all.Events, r.events(t, k, domain.EventMessageReceived)...)
		all.Events = append(all.Events, r.events(t, k, domain.EventStatusChanged)...)
	}
	return all
}

// archived is the part of contents that needs no look at each ticket.
func (r *replayStage) archived(t testing.TB, who domain.TenantID) (all contents) {
	t.Helper()
	err := r.store.View(t.Context(), who, func(ctx context.Context, tx ports.Tx) (err error) {
		if all.Stored, err = tx.Archive.Messages(ctx, domain.MessageID{}, 100_000, 1<<30); err == nil {
			all.Pending, err = tx.DeadLetters.Count(ctx)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// stored returns a message by its external id.
func (c contents) stored(t testing.TB, externalID string) domain.Stored {
	t.Helper()
	for _, m := range c.Stored {
		if m.Message.ExternalID == externalID {
			return m
		}
	}
	t.Fatalf("%s is not stored", externalID)
	return domain.Stored{}
}

// ticketOf returns the ticket that a message is on.
func (c contents) ticketOf(t testing.TB, externalID string) domain.TicketState {
	t.Helper()
	id := c.stored(t, externalID).Message.Ticket
	for _, k := range c.Tickets {
		if k.ID == id {
			return k
		}
	}
	t.Fatalf("%s is on no ticket", externalID)
	return domain.TicketState{}
}

// has reports whether a line of lines holds every one of parts.
func has(lines []string, parts ...string) bool {
	for _, line := range lines {
		all := true
		for _, part := range parts {
			all = all && strings.Contains(line, part)
		}
		if all {
			return true
		}
	}
	return false
}
