package httpapi

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// mailType is the media type of a mail as it came.
const mailType = "message/rfc822"

// maxMail is the longest mail that is taken, in bytes. Amazon allows 10 MB of files, a third more in base64.
const maxMail = 30 << 20

type deliveryAnswer struct {
	Outcome string `json:"outcome"`
}

// receiveMail takes a mail that a mail server of the operator's pushes here. Whoever cannot sign learns nothing; who can
// learns what became of the mail once that is committed.
func (s *Server) receiveMail(w http.ResponseWriter, r *http.Request) error {
	if len(s.keys) == 0 {
		return domain.Errorf(domain.ErrForbidden, "this server takes no mail by HTTP: its operator sets INBOUND_WEBHOOK_KEY")
	}
	cmd, release, err := s.readMail(w, r)
	if err != nil {
		s.app.Deliver.Report(ports.ViaWebhook, outcomeOf(err), time.Now())
		return mailRefusal(err)
	}
	defer release()
	outcome, err := s.app.Deliver.Run(r.Context(), cmd)
	if err != nil {
		return mailRefusal(err)
	}
	return writeJSON(w, deliveryAnswer{string(outcome)})
}

// readMail reads a signed mail and looks up whose it is. release gives back the memory that it is allowed to take.
func (s *Server) readMail(w http.ResponseWriter, r *http.Request) (cmd app.DeliverCommand, release func(), err error) {
	c, err := claimOf(r, time.Now())
	if err != nil {
		return cmd, nil, err
	}
	if release, err = s.reserve(r); err != nil {
		return cmd, nil, err
	}
	cmd = app.DeliverCommand{Via: ports.ViaWebhook, Source: domain.Source{MediaType: mailType}}
	cmd.Source.Bytes, err = readAll(w, r, maxMail)
	cmd.Arrived = time.Now()
	if err == nil {
		err = s.check(r, c, cmd.Source.Bytes)
	}
	if err == nil {
		cmd.Address, err = s.app.Deliver.Route(r.Context(), c.to)
	}
	if err != nil {
		release()
	}
	return cmd, release, err
}

// What bodies may take that nobody has signed yet, and how long one waits for it. It is apart from what mail servers have, so
// that strangers cannot keep those waiting.
const (
	maxUnsigned      = 2 * maxMail
	unsignedPatience = 10 * time.Second
)

// reserve asks for the memory that the body takes. One that does not say how long it is may be as long as they get.
func (s *Server) reserve(r *http.Request) (release func(), err error) {
	n := r.ContentLength
	switch {
	case n > maxMail:
		return nil, tooLarge(maxMail)
	case n < 0:
		n = maxMail
	case n <= app.SmallMail:
		return func() {}, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), unsignedPatience)
	defer cancel()
	if err := s.unsigned.Acquire(ctx, n); err != nil {
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		return nil, &domain.Error{Kind: domain.ErrThrottled, Msg: "too many large mails come at once: send it again", RetryAfter: unsignedPatience}
	}
	return func() { s.unsigned.Release(n) }, nil
}

// check refuses what is not signed, and then whatever else is wrong with a request.
func (s *Server) check(r *http.Request, c claim, mail []byte) error {
	switch {
	case !c.signed(s.keys, sha256.Sum256(mail)):
		return errBadSignature
	case c.to == "", strings.Contains(c.to, ","):
		return wrongField(http.StatusBadRequest, headerTo, "give the one recipient of this copy")
	case len(mail) == 0:
		return &refusal{status: http.StatusBadRequest, detail: "the body is the mail as it came, and must not be empty"}
	}
	return mustBe(r, mailType)
}

// mailRefusal sees to it that the status says whether to send the mail again. What does not speak against the mail, its
// sender or its recipient is for now.
func mailRefusal(err error) error {
	var refused *refusal
	if errors.As(err, &refused) {
		return err
	}
	switch domain.KindOf(err) {
	case domain.ErrForbidden:
		return &refusal{status: http.StatusGone, detail: domain.Message(err)}
	case domain.ErrNotFound, domain.ErrUnavailable, domain.ErrThrottled, nil:
		return err
	}
	return domain.Wrap(domain.ErrUnavailable, err, "the mail could not be stored now: send it again")
}

// outcomeOf names how a mail is answered that was not handed on.
func outcomeOf(err error) ports.DeliveryOutcome {
	var refused *refusal
	switch kind := domain.KindOf(err); {
	case errors.As(err, &refused):
		return ports.DeliveryRefused
	case kind == domain.ErrNotFound:
		return ports.DeliveryUnknown
	case kind == domain.ErrForbidden:
		return ports.DeliveryRetired
	}
	return ports.DeliveryDeferred
}
