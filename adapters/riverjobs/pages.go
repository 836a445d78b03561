package riverjobs

import (
	"fmt"
	"log/slog"
	"net/http"

	"riverqueue.com/riverui"
)

// Pages returns River's own pages (riverqueue.com/docs/river-ui) on the queue, to be served at path, such as /ops/river.
// They show jobs of all tenants and can retry, cancel and delete them and pause the queue: who may see them is the
// caller's business. They ask the database when somebody looks, and nothing otherwise.
//
// A poll job that is cancelled or deleted there leaves a CONNECTED connection that is not polled until the next upkeep
// finds it.
func (q *Queue) Pages(path string, log *slog.Logger) (http.Handler, error) {
	// Not started: that would count the jobs every few seconds in every process, whether somebody looks or not.
	pages, err := riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(q.client, nil), Logger: quiet(log), Prefix: path,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare River's pages: %w", err)
	}
	return pages, nil
}
