package boot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"time"

	"github.com/keybuzzio/marketplaces/app"
)

// workerMemory is what the worker's heap is asked to keep below, so that a backlog of any size stays around 100 MB. The
// variable GOMEMLIMIT overrides it.
const workerMemory = 64 << 20

// oncePatience is how long a poll of --once, which has no queue to put it off to, waits for its turn at a busy mail server.
const oncePatience = time.Minute

// Worker is the program worker. It returns nil when it did what args ask for, and an error for the user otherwise: with
// --once also when any tenant's poll failed.
func Worker(ctx context.Context, args, environ []string, io Streams) error {
	a, err := program{name: "worker", help: workerHelp, once: true, tenants: true, commands: []string{"poll", "migrate", "replay", "erase"}}.parse(args, io.Out)
	if err != nil {
		return unlessHelp(err)
	}
	var again app.ReplayCommand
	if a.command == "replay" {
		if again, err = a.replay.command(); err != nil {
			return err
		}
	}
	var erasing app.EraseRawsCommand
	if a.command == "erase" {
		if erasing, err = a.erase.command(); err != nil {
			return err
		}
	}
	c, err := Load(environ, a.dev)
	c.program = "worker"
	if a.command != "migrate" {
		err = errors.Join(err, c.checkSecrets())
	}
	if err != nil {
		return err
	}
	log := newLog(c, io.Err)
	if a.command == "migrate" {
		return migrate(ctx, c, log)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(workerMemory)
	}
	if a.once {
		c.imapPatience = oncePatience
	}
	var metrics net.Listener // taken first: it is what fails fastest
	if a.command == "poll" && !a.once {
		if metrics, err = listenMetrics(ctx, c); err != nil {
			return err
		}
		defer closeListener(metrics)
	}
	s, err := open(ctx, c, log)
	if err != nil {
		return err
	}
	defer s.Close()
	if a.command == "replay" {
		return replay(ctx, s.app, again, log, io)
	}
	if a.command == "erase" {
		return erase(ctx, s, erasing, a.erase.yes, io)
	}
	if a.once {
		return pollOnce(ctx, c, s.app, io)
	}
	hide, err := s.show(ctx, c, metrics, log)
	if err != nil {
		return err
	}
	defer hide()
	log.InfoContext(ctx, "worker started", "interval", c.pollInterval(), "concurrency", c.Workers)
	err = s.work(ctx, c, log)
	log.InfoContext(ctx, "worker stopped")
	return err
}

// pollOnce polls everything once and prints what came.
func pollOnce(ctx context.Context, c Config, a *app.App, io Streams) error {
	summary, err := a.PollAll.Run(ctx, app.PollAllCommand{Concurrency: int(c.Workers)})
	for _, tenant := range summary.Tenants {
		_, _ = fmt.Fprintln(io.Out, tenant)
	}
	_, _ = fmt.Fprintln(io.Out, summary)
	if ctx.Err() != nil {
		return errors.New("interrupted: what was read is stored, and the next run goes on from there")
	}
	if err == nil && summary.Failed > 0 {
		err = fmt.Errorf("polling failed for %d of %d tenants: the log above says why", summary.Failed, len(summary.Tenants))
	}
	return err
}

// unlessHelp makes a run that printed its help a good one.
func unlessHelp(err error) error {
	if errors.Is(err, errHelp) {
		return nil
	}
	return err
}
