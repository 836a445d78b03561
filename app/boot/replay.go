package boot

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// replayArguments are the flags of the command replay.
type replayArguments struct {
	tenant, since, message string
	rejected, apply        bool
}

func (a *replayArguments) register(flags *flag.FlagSet) {
	flags.StringVar(&a.tenant, "tenant", "", "")
	flags.StringVar(&a.since, "since", "", "")
	flags.StringVar(&a.message, "message", "", "")
	flags.BoolVar(&a.rejected, "rejected", false, "")
	flags.BoolVar(&a.apply, "apply", false, "")
}

// command is what the flags ask for. The error lists everything that is wrong with them.
func (a replayArguments) command() (app.ReplayCommand, error) {
	cmd := app.ReplayCommand{Rejected: a.rejected, Apply: a.apply, Actor: domain.ActorAgent, ActorID: "worker replay"}
	var wrong []error
	var err error
	if a.tenant == "" {
		wrong = append(wrong, errors.New("--tenant is missing: say whose messages, such as --tenant acme"))
	} else if cmd.Tenant, err = domain.ParseTenantID(a.tenant); err != nil {
		wrong = append(wrong, fmt.Errorf("--tenant: %w", err))
	}
	named := 0
	for _, is := range []bool{a.rejected, a.since != "", a.message != ""} {
		if is {
			named++
		}
	}
	if named != 1 {
		wrong = append(wrong, errors.New("say which messages: one of --rejected, --since TIME and --message ID"))
	}
	if a.since != "" {
		if cmd.Since, err = parseTime(a.since); err != nil {
			wrong = append(wrong, fmt.Errorf("--since: %w", err))
		}
	}
	if a.message != "" {
		if cmd.Message, err = domain.ParseID[domain.MessageID](a.message); err != nil {
			wrong = append(wrong, fmt.Errorf("--message: %w", err))
		}
	}
	if len(wrong) > 0 {
		wrong = append(wrong, errors.New("see worker replay --help"))
	}
	return cmd, errors.Join(wrong...)
}

// parseTime reads a time or a date, which begins at midnight UTC.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && t.Unix() > 0 {
			return t, nil
		}
	}
	return time.Time{}, errors.New("give a time such as 2026-11-02T15:04:05Z, or a date such as 2026-11-02, after 1970")
}

// replay runs the command and shows what differs, how far it is, and what came of it.
func replay(ctx context.Context, a *app.App, cmd app.ReplayCommand, log *slog.Logger, io Streams) error {
	s := newReplayScreen(io, log)
	cmd.Progress, cmd.Differs = s.progress, s.differs
	result, err := a.Replay.Run(ctx, cmd)
	s.end(cmd, result, err)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errors.New("interrupted: what was done is stored, and running the same again goes on")
	case errors.Is(err, domain.ErrNotFound) && cmd.Message != domain.MessageID{}:
		return fmt.Errorf("--message: tenant %s has no such message: give what the API calls externalMessageId", cmd.Tenant)
	case errors.Is(err, domain.ErrForbidden):
		return fmt.Errorf("%w: name it in KEYBUZZ_MARKETPLACES and run the same again", err)
	}
	return fmt.Errorf("%w: what was done is stored, and running the same again goes on", err)
}

// replayScreen is what a replay shows: on the output one line a difference and the result, beside it how far it is.
type replayScreen struct {
	out      *bufio.Writer
	io       Streams
	log      *slog.Logger
	terminal bool      // progress is a line that is written over again and again
	shown    time.Time // when progress was last told
	fields   map[string]int
}

func newReplayScreen(io Streams, log *slog.Logger) *replayScreen {
	return &replayScreen{
		out: bufio.NewWriter(io.Out), io: io, log: log, terminal: isTerminal(io.Err), shown: time.Now(), fields: map[string]int{},
	}
}

// How often progress is told.
const (
	redrawEvery = 200 * time.Millisecond
	logEvery    = 10 * time.Second
)

func (s *replayScreen) progress(p app.ReplayProgress) {
	every := logEvery
	if s.terminal {
		every = redrawEvery
	}
	if time.Since(s.shown) < every {
		return
	}
	s.shown = time.Now()
	_ = s.out.Flush()
	differ := p.Changed + p.Kept + p.Accepted + p.Duplicate
	if s.terminal {
		_, _ = fmt.Fprintf(s.io.Err, "\r%d of %d messages read, %d differ\x1b[K", p.Read, max(p.Total, p.Read), differ)
		return
	}
	s.log.Info("replaying", "read", p.Read, "total", max(p.Total, p.Read), "differ", differ)
}

// clear takes the progress away before something else is written.
func (s *replayScreen) clear() {
	if s.terminal {
		_, _ = fmt.Fprint(s.io.Err, "\r\x1b[K")
	}
}

func (s *replayScreen) differs(d app.ReplayDifference) {
	if s.out.Buffered() == 0 {
		s.clear()
	}
	if d.Kept == "" {
		s.fields[d.Subject+"."+d.Field]++
	}
	_, _ = fmt.Fprintln(s.out, d.Subject, d.ID, d.Difference)
}

// end writes the result.
func (s *replayScreen) end(cmd app.ReplayCommand, r app.ReplayResult, err error) {
	s.clear()
	if len(s.fields) > 0 {
		var counts []string
		for _, field := range slices.Sorted(maps.Keys(s.fields)) {
			counts = append(counts, fmt.Sprintf("%s=%d", field, s.fields[field]))
		}
		_, _ = fmt.Fprintln(s.out, "fields:", strings.Join(counts, " "))
	}
	change := r.Changed + r.Accepted + r.Duplicate
	if cmd.Rejected {
		_, _ = fmt.Fprintf(s.out, "read=%d accepted=%d duplicates=%d rejected=%d\n", r.Read, r.Accepted, r.Duplicate, r.Rejected)
	} else {
		_, _ = fmt.Fprintf(s.out, "read=%d unchanged=%d changed=%d kept=%d ticketed=%d\n", r.Read, r.Unchanged, r.Changed, r.Kept, r.Ticketed)
	}
	switch {
	case err == nil && r.Read == 0:
		_, _ = fmt.Fprintf(s.out, "tenant %s has no such messages\n", cmd.Tenant)
	case cmd.Apply:
	case change == 0:
		_, _ = fmt.Fprintln(s.out, "nothing was changed: there is nothing to change")
	default:
		_, _ = fmt.Fprintln(s.out, "nothing was changed: run again with --apply")
	}
	_ = s.out.Flush()
}

const replayHelp = `worker replay reads stored messages again, with this version's code, and rebuilds what follows from them.

Usage:
  worker [--dev] replay --tenant TENANT (--rejected | --since TIME | --message ID) [--apply]

Flags:
  --tenant TENANT   whose messages
  --rejected        those that could not be understood: what this version understands becomes tickets
  --since TIME      those that were stored since then, such as 2026-11-02T15:04:05Z or 2026-11-02 (UTC)
  --message ID      one: what the API calls externalMessageId
  --apply           write; without it the differences are shown and nothing is changed
  --dev             development mode, as for the worker

Example, after an update that reads names better:
  worker replay --tenant acme --since 2026-11-02             what would change?
  worker replay --tenant acme --since 2026-11-02 --apply     change it

It shows a line for each field that differs, on the standard output; of buyers' words the length only:
  message 0199f3a2-… body: 120 characters → 98 characters
A difference that says "kept" is never written: the identity of a message stays, and what people may have seen or
done stays, such as a ticket's status, a lowered priority, and which ticket a message is on.

It can be run beside the worker. Interrupted or killed, it has stored whole pages: run it again and it goes on.
It needs the settings of the worker: see worker --help. The exit code is 1 if not everything could be read.
`
