package mailserver

import (
	"errors"
	"log/slog"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// The answers that are no good news. None says more than its sender may know.
var (
	errUnknown  = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "There is no such address here"}
	errRetired  = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 2, 1}, Message: "The address takes no mail any more"}
	errLineEnds = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 6, 11}, Message: "A line of the mail does not end with CR LF"}
	errNotNow   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "The mail cannot be stored now, try again later"}
	errBusy     = &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "Too many mails at once, try again later"}
	errSlow     = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 4, 2}, Message: "The mail took too long to come"}
	errBroken   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 4, 2}, Message: "The mail did not come to its end"}
	errStopping = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "The server takes no more mail on this connection"}
)

// answerTo returns what a client is told of an error.
func answerTo(err error) *smtp.SMTPError {
	var answer *smtp.SMTPError
	if errors.As(err, &answer) {
		return answer
	}
	switch domain.KindOf(err) {
	case domain.ErrNotFound:
		return errUnknown
	case domain.ErrForbidden:
		return errRetired
	case domain.ErrThrottled:
		return errBusy
	}
	return errNotNow
}

// outcomeOf names an answer for metrics and logs.
func outcomeOf(answer *smtp.SMTPError) ports.DeliveryOutcome {
	switch {
	case answer.Temporary():
		return ports.DeliveryDeferred
	case answer == errUnknown:
		return ports.DeliveryUnknown
	case answer == errRetired:
		return ports.DeliveryRetired
	}
	return ports.DeliveryRefused
}

// refuse returns the answer to an error that a recipient, or a mail for n of them, meets before it is delivered, and makes
// it known.
func (s *session) refuse(arrived time.Time, err error, n int) *smtp.SMTPError {
	answer := answerTo(err)
	outcome := outcomeOf(answer)
	for range n {
		s.deliver.Report(s.via, outcome, arrived)
	}
	s.count(outcome, n)
	s.report(outcome, err)
	return answer
}

// report logs a mail that was not taken. What keeps us from taking it matters more than what its sender did.
func (s *session) report(outcome ports.DeliveryOutcome, err error, more ...any) {
	answer, level := answerTo(err), slog.LevelInfo
	if answer == errNotNow || answer == errBusy {
		level = slog.LevelWarn
	}
	args := append([]any{"peer", s.conn.peer.String(), "outcome", string(outcome), "code", answer.Code, "error", err}, more...)
	s.o.Log.Log(s.base, level, "mail not taken", args...)
}
