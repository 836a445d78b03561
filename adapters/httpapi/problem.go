package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// problem is an error as clients see it (RFC 9457).
type problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail"`
	Instance  string         `json:"instance"`
	RequestID string         `json:"requestId"`
	Errors    []fieldProblem `json:"errors,omitempty"`

	// Of answers to buyers only.
	Code       string            `json:"code,omitempty"`
	Messages   []messageAnswer   `json:"messages,omitempty"`   // what came, with conversation_moved
	Violations []violationAnswer `json:"violations,omitempty"` // with content_rules

	header http.Header
}

// fieldProblem says what is wrong with one field of the body or one parameter.
type fieldProblem struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// problemTypes names the kinds of problem, one per status. The name is the anchor on the /docs page that explains it.
var problemTypes = map[int]struct{ name, title string }{
	http.StatusBadRequest:            {"invalid", "Invalid request"},
	http.StatusUnauthorized:          {"unauthorized", "Not authenticated"},
	http.StatusForbidden:             {"forbidden", "Not allowed here"},
	http.StatusNotFound:              {"not-found", "Not found"},
	http.StatusMethodNotAllowed:      {"method-not-allowed", "Method not allowed"},
	http.StatusRequestTimeout:        {"timeout", "Request too slow"},
	http.StatusConflict:              {"conflict", "Conflict"},
	http.StatusGone:                  {"gone", "Gone for good"},
	http.StatusRequestEntityTooLarge: {"too-large", "Body too large"},
	http.StatusUnsupportedMediaType:  {"unsupported-media-type", "Unsupported media type"},
	http.StatusUnprocessableEntity:   {"rejected", "Rejected"},
	http.StatusInternalServerError:   {"internal", "Internal error"},
	http.StatusServiceUnavailable:    {"unavailable", "Temporarily unavailable"},
}

const (
	internalDetail = "something went wrong on our side: tell us the request id"
	slowDetail     = "it took too long and was stopped; what was done until then stays: try again"
	stopDetail     = "the server is restarting: try again"
)

// statusClientGone is for the log only: nobody is there to read an answer.
const statusClientGone = 499

// retryAfter is how long a client is told to wait when nobody knows better.
const retryAfter = 10 * time.Second

// A refusal is an error that HTTP itself has a status for.
type refusal struct {
	status int
	detail string
	header http.Header    // more headers for the answer
	fields []fieldProblem // which fields are at fault
}

// Error is for logs.
func (e *refusal) Error() string { return e.detail }

// wrongField is the refusal of one field of the body or one parameter.
func wrongField(status int, field, detail string) error {
	return &refusal{status: status, detail: field + ": " + detail, fields: []fieldProblem{{field, detail}}}
}

func newProblem(status int, detail string) problem {
	t := problemTypes[status]
	return problem{Type: "/docs#" + t.name, Title: t.title, Status: status, Detail: detail}
}

// problemOf translates an error. What is not meant for users stays here: their problem says nothing of it.
func problemOf(ctx context.Context, err error) problem {
	var refused *refusal
	if errors.As(err, &refused) {
		p := newProblem(refused.status, refused.detail)
		p.header, p.Errors = refused.header, refused.fields
		return p
	}
	switch {
	case errors.Is(context.Cause(ctx), errStopping):
		return unavailable(stopDetail, retryAfter)
	case errors.Is(ctx.Err(), context.Canceled):
		return newProblem(statusClientGone, "")
	}
	if errors.Is(err, app.ErrErased) {
		return newProblem(http.StatusGone, domain.Message(err))
	}
	if p, ok := replyProblem(err); ok {
		return p
	}
	if known := knownError(err); known != nil {
		if statusOf[known.Kind] == http.StatusServiceUnavailable {
			return unavailable(known.Msg, known.RetryAfter)
		}
		return newProblem(statusOf[known.Kind], known.Msg)
	}
	if errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return unavailable(slowDetail, retryAfter)
	}
	return newProblem(http.StatusInternalServerError, internalDetail)
}

// The codes of problems with replies. They are part of the API and never change.
const (
	codeMoved    = "conversation_moved"
	codeConflict = "idempotency_conflict"
	codeRules    = "content_rules"
)

// replyProblem is the problem of a reply that its author must look at again; ok is false for any other error.
func replyProblem(err error) (p problem, ok bool) {
	var moved *app.ConversationMoved
	var broken *app.BrokenRules
	switch {
	case errors.As(err, &moved):
		p = newProblem(http.StatusConflict, moved.Error())
		p.Code = codeMoved
		for _, m := range moved.News {
			p.Messages = append(p.Messages, showMessage(m))
		}
	case errors.As(err, &broken):
		p = newProblem(http.StatusUnprocessableEntity, broken.Error())
		p.Code, p.Violations = codeRules, showViolations(broken.Violations)
	case errors.Is(err, app.ErrKeyReused):
		p = newProblem(http.StatusConflict, domain.Message(err))
		p.Code = codeConflict
	default:
		return p, false
	}
	return p, true
}

// statusOf is the status of each kind of error.
var statusOf = map[error]int{
	domain.ErrInvalid:     http.StatusBadRequest,
	domain.ErrNotFound:    http.StatusNotFound,
	domain.ErrConflict:    http.StatusConflict,
	domain.ErrForbidden:   http.StatusForbidden,
	domain.ErrRejected:    http.StatusUnprocessableEntity,
	domain.ErrUnavailable: http.StatusServiceUnavailable,
	domain.ErrThrottled:   http.StatusServiceUnavailable,
}

// knownError returns the domain error that err is, nil if it is none. The outermost one decides, because its cause may
// be of another kind; a kind that nobody gave a message speaks for itself.
func knownError(err error) *domain.Error {
	var known *domain.Error
	if errors.As(err, &known) && statusOf[known.Kind] != 0 {
		return known
	}
	for kind := range statusOf {
		if errors.Is(err, kind) {
			return &domain.Error{Kind: kind, Msg: kind.Error()}
		}
	}
	return nil
}

func unavailable(detail string, wait time.Duration) problem {
	if wait <= 0 {
		wait = retryAfter
	}
	p := newProblem(http.StatusServiceUnavailable, detail)
	p.header = http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(wait.Seconds())))}}
	return p
}

// fail answers with the problem that err is.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(w, r, s.problemFor(r, err))
}

// problemFor translates an error of a request. From 500 up it is logged, with the cause.
func (s *Server) problemFor(r *http.Request, err error) problem {
	x := exchangeOf(r)
	p := problemOf(r.Context(), err)
	if p.Status >= http.StatusInternalServerError {
		s.log.ErrorContext(r.Context(), "request failed", "request_id", x.id, "route", x.route, "tenant", x.tenant.String(),
			"status", p.Status, "error", err)
	}
	return p
}

func writeProblem(w http.ResponseWriter, r *http.Request, p problem) {
	if p.Status == statusClientGone {
		w.WriteHeader(p.Status)
		return
	}
	p.Instance, p.RequestID = r.URL.EscapedPath(), exchangeOf(r).id
	body, _ := json.Marshal(p) // strings and numbers always marshal
	for name, values := range p.header {
		w.Header()[name] = values
	}
	write(w, p.Status, "application/problem+json", append(body, '\n'))
}
