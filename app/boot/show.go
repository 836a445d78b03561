package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
)

// show answers on listener, if there is one, until hide is called: a worker's metrics and health.
func (s *service) show(ctx context.Context, c Config, listener net.Listener, log *slog.Logger) (hide func(), err error) {
	if listener == nil {
		return func() {}, nil
	}
	ready, err := s.watch(ctx, c, log)
	if err != nil {
		return nil, err
	}
	routes := http.NewServeMux()
	routes.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	routes.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := ready(r.Context()); err != nil {
			log.WarnContext(r.Context(), "not ready", "error", err)
			say(w, http.StatusServiceUnavailable, "not ready")
			return
		}
		say(w, http.StatusOK, "ready")
	})
	// The end of ctx begins the worker's stop, which is still to be seen.
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var showing sync.WaitGroup
	showing.Go(func() {
		if err := httpapi.Serve(ctx, listener, routes, log); err != nil {
			log.ErrorContext(ctx, "metrics are not shown any more", "error", err)
		}
	})
	log.InfoContext(ctx, "metrics shown", "address", listener.Addr().String())
	return func() { stop(); showing.Wait() }, nil
}

// closeListener closes l if there is one. Closing it again does nothing.
func closeListener(l net.Listener) {
	if l != nil {
		_ = l.Close()
	}
}

// say answers as the server's own health does.
func say(w http.ResponseWriter, code int, status string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, `{"status":"`+status+`"}`+"\n")
}

// checkListen checks an address to listen on, and opens nothing.
func checkListen(name, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("%s: give an address to listen on, such as :9090 or 127.0.0.1:9090", name)
	}
	return nil
}

// listenMetrics opens the address of KEYBUZZ_METRICS_ADDR; nil without one.
func listenMetrics(ctx context.Context, c Config) (net.Listener, error) {
	if c.MetricsAddr == "" {
		return nil, nil // it is optional
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", c.MetricsAddr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("KEYBUZZ_METRICS_ADDR: %s is in use: set another address, or stop what uses it", c.MetricsAddr)
	case err != nil:
		return nil, fmt.Errorf("KEYBUZZ_METRICS_ADDR: %w", err)
	}
	return listener, nil
}
