package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"syscall"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
)

// Server is the program server. It returns nil when it did what args ask for or was stopped by ctx, and an error for the
// user otherwise.
func Server(ctx context.Context, args, environ []string, io Streams) error {
	a, err := program{name: "server", help: serverHelp, commands: []string{"serve", "migrate"}}.parse(args, io.Out)
	if err != nil {
		return unlessHelp(err)
	}
	c, err := Load(environ, a.dev)
	c.program = "server"
	if a.command == "serve" {
		err = errors.Join(err, c.checkSecrets(), c.checkAuth())
	}
	if err != nil {
		return err
	}
	log := newLog(c, io.Err)
	if a.command == "migrate" {
		return migrate(ctx, c, log)
	}
	return serve(ctx, c, log, io)
}

func serve(ctx context.Context, c Config, log *slog.Logger, io Streams) error {
	// The port is taken first: it is what fails most, and it fails fastest.
	listener, err := listen(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if c.Dev {
		c.origin = "http://" + listener.Addr().String()
	}
	mail, err := listenMail(ctx, c)
	if err != nil {
		return err
	}
	defer mail.close()
	s, err := open(ctx, c, log)
	if err != nil {
		return err
	}
	defer s.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	keys, err := openKeys(ctx, &c, log)
	if err != nil {
		return err
	}
	pages, err := s.queue.Pages(httpapi.RiverPath, log)
	if err != nil {
		return err
	}
	ready, err := s.watch(ctx, c, log)
	if err != nil {
		return err
	}
	handler, err := httpapi.New(s.app, httpapi.Options{
		Auth: keys, Ready: ready, Log: log, Metrics: s.registry, River: pages, Version: version(), WebhookKeys: c.webhookKeys(),
		SignIn: c.signIn(), Dev: s.devPage(c),
	})
	if err != nil {
		return err
	}
	var inside sync.WaitGroup
	defer inside.Wait()
	defer stop()
	inside.Go(func() {
		if err := mail.serve(ctx, s, log); err != nil {
			log.ErrorContext(ctx, "mail is not taken any more", "error", err)
			stop() // a server that looks well and takes no mail helps nobody
		}
	})
	if c.Dev {
		inside.Go(func() {
			if err := s.work(ctx, c, log); err != nil {
				log.ErrorContext(ctx, "the worker inside stopped", "error", err)
			}
		})
		if err := greet(io.Out, c); err != nil {
			return err
		}
	}
	log.InfoContext(ctx, "server started", "address", listener.Addr().String())
	err = httpapi.Serve(ctx, listener, s.tracing.Handler(handler), log)
	log.InfoContext(ctx, "server stopped")
	return err
}

// listen opens the port: on every address, or on loopback only in development mode.
func listen(ctx context.Context, c Config) (net.Listener, error) {
	host := ""
	if c.Dev {
		host = "127.0.0.1"
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(int(c.Port))))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is in use: set PORT to another one, or stop what uses it", c.Port)
	}
	return listener, err
}
