package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// How long a client may take, and how much header it may send.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 20 * time.Second               // header and body
	writeTimeout      = requestTimeout + 5*time.Second // from the end of the header to the end of the answer
	idleTimeout       = 2 * time.Minute                // between two requests
	maxHeaderBytes    = 32 << 10
)

// How long stopping may take: together less than the 10 seconds after which a supervisor kills, of which the last traces
// need 2.
const (
	finishTimeout = 5 * time.Second // requests under way may finish
	cancelTimeout = 2 * time.Second // then they are cancelled and may still say so
)

// errStopping is why requests are cancelled that did not finish in time.
var errStopping = errors.New("server is stopping")

// Serve answers the requests that come to l with h until ctx is done, and closes l. Then it takes no new request, lets
// those under way finish, cancels those that need too long, and returns nil within 10 seconds. Slow clients are cut
// off. Any other end is an error.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	return serve(ctx, l, newHTTPServer(h, log), finishTimeout)
}

func newHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

func serve(ctx context.Context, l net.Listener, s *http.Server, finish time.Duration) error {
	// Requests outlive ctx: the end of ctx begins the stop, it does not break off what is under way.
	base, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(errStopping)
	s.BaseContext = func(net.Listener) context.Context { return base }

	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	if shutdown(s, finish) != nil {
		stop(errStopping)
		if shutdown(s, cancelTimeout) != nil {
			_ = s.Close()
		}
	}
	<-ended
	return nil
}

// shutdown waits for at most timeout until all requests are answered.
func shutdown(s *http.Server, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return s.Shutdown(ctx)
}
