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
	"time"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/migrations"
)

// readyTimeout bounds one look at the database for /readyz.
const readyTimeout = 2 * time.Second

// Server is the program server. It returns nil when it did what args ask for or was stopped by ctx, and an error for the
// user otherwise.
func Server(ctx context.Context, args, environ []string, io Streams) error {
	a, err := program{name: "server", help: serverHelp, commands: []string{"serve", "migrate"}}.parse(args, io.Out)
	if err != nil {
		return unlessHelp(err)
	}
	c, err := Load(environ, a.dev)
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
	handler, err := httpapi.New(s.app, httpapi.Options{
		Auth: keys, Log: log, Version: version(),
		Ready: func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, readyTimeout)
			defer cancel()
			return migrations.Check(ctx, s.db)
		},
	})
	if err != nil {
		return err
	}
	var inside sync.WaitGroup
	defer inside.Wait()
	defer stop()
	if c.Dev {
		inside.Go(func() {
			s.app.PollLoop.Run(ctx, c.pollLoop())
		})
		if err := greet(io.Out, "http://"+listener.Addr().String(), c); err != nil {
			return err
		}
	}
	log.InfoContext(ctx, "server started", "address", listener.Addr().String())
	err = httpapi.Serve(ctx, listener, handler, log)
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
