package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/keybuzzio/marketplaces/app"
)

// workerMemory is what the worker's heap is asked to keep below, so that a backlog of any size stays around 100 MB. The
// variable GOMEMLIMIT overrides it.
const workerMemory = 64 << 20

// Worker is the program worker. It returns nil when it did what args ask for, and an error for the user otherwise: with
// --once also when any tenant's poll failed.
func Worker(ctx context.Context, args, environ []string, io Streams) error {
	a, err := program{name: "worker", help: workerHelp, once: true, commands: []string{"poll", "migrate"}}.parse(args, io.Out)
	if err != nil {
		return unlessHelp(err)
	}
	c, err := Load(environ, a.dev)
	if a.command == "poll" {
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
	s, err := open(ctx, c, log)
	if err != nil {
		return err
	}
	defer s.Close()
	if a.once {
		return pollOnce(ctx, s.app, io)
	}
	log.InfoContext(ctx, "worker started", "interval", c.pollInterval().String(), "concurrency", pollConcurrency)
	s.app.PollLoop.Run(ctx, c.pollLoop())
	log.InfoContext(ctx, "worker stopped")
	return nil
}

// pollOnce polls everything once and prints what came.
func pollOnce(ctx context.Context, a *app.App, io Streams) error {
	summary, err := a.PollAll.Run(ctx, app.PollAllCommand{Concurrency: pollConcurrency})
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
