package domain

import (
	"errors"
	"fmt"
	"time"
)

// The kinds of error. Each is something a caller acts on; ask with errors.Is.
var (
	// ErrInvalid means that the caller gave something that can never work. Repeating it is useless.
	ErrInvalid = errors.New("invalid")
	// ErrNotFound means that there is no such thing for this tenant.
	ErrNotFound = errors.New("not found")
	// ErrConflict means that the present state does not allow it, or that somebody else was first.
	ErrConflict = errors.New("conflict")
	// ErrForbidden means that this installation or this role does not allow it, whatever the state.
	ErrForbidden = errors.New("forbidden")
	// ErrRejected means that the other side understood and refused: wrong password, withdrawn consent. Only a person
	// can mend it.
	ErrRejected = errors.New("rejected")
	// ErrUnavailable means that it did not work now and may work later.
	ErrUnavailable = errors.New("temporarily unavailable")
	// ErrThrottled means that a limit of our own says not now: nobody failed. RetryAfter says when it may go on.
	ErrThrottled = errors.New("throttled")
	// ErrOutcomeUnknown means that the other side was handed something and its answer was not heard: it may have taken it.
	// Nobody repeats it but a person.
	ErrOutcomeUnknown = errors.New("outcome unknown")
)

// Error is a kind with a message for people and a cause for logs.
type Error struct {
	Kind       error         // one of the kinds above
	Msg        string        // may be shown outside: no secret, no SQL, no buyer's text
	RetryAfter time.Duration // with ErrUnavailable, when the other side said so; always with ErrThrottled
	Err        error         // the cause, for logs; nil when there is none
}

// Errorf returns an *Error of kind. Its message may be shown to users, so its arguments must be fit for that; a cause
// belongs in [Wrap].
func Errorf(kind error, format string, args ...any) error {
	return &Error{Kind: kind, Msg: fmt.Sprintf(format, args...)}
}

// Wrap returns an *Error of kind whose message may be shown to users and whose cause err stays in logs.
func Wrap(kind, err error, format string, args ...any) error {
	return &Error{Kind: kind, Msg: fmt.Sprintf(format, args...), Err: err}
}

// Error is for logs: the message and the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Msg
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap lets errors.Is find the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// KindOf returns the kind of the outermost *Error in err, nil if there is none. It decides what err means as a whole,
// where errors.Is finds the kinds of causes too.
func KindOf(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return nil
}

// Message returns the part of err that may be shown to users and stored beside their data. An error that is no *Error
// says nothing about itself, because its text may hold anything.
func Message(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return "internal error"
}
