package httpapi

import (
	"errors"
	"net/http"
	"strings"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// mailboxBody is a mailbox as a seller types it. It is only ever read.
type mailboxBody struct {
	Host     string         `json:"host"`
	Port     int            `json:"port"`
	TLS      domain.TLSMode `json:"tls"`
	User     string         `json:"user"`
	Password domain.Secret  `json:"password"`
	Mailbox  string         `json:"mailbox"`

	Submission *submissionBody `json:"submission"`
}

// submissionBody is an SMTP account as a seller types it.
type submissionBody struct {
	Host     string         `json:"host"`
	Port     int            `json:"port"`
	TLS      domain.TLSMode `json:"tls"`
	User     string         `json:"user"`
	Password domain.Secret  `json:"password"`
	From     string         `json:"from"`
}

// submission is nil for a mailbox that is only read.
func (b *submissionBody) submission() *domain.Submission {
	if b == nil {
		return nil
	}
	return &domain.Submission{Host: b.Host, Port: b.Port, TLS: b.TLS, User: b.User, Password: b.Password, From: b.From}
}

func (s *Server) setMailbox(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	var body mailboxBody
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	c, err := s.app.SetMailbox.Run(r.Context(), app.SetMailboxCommand{
		Tenant: tenant, Marketplace: domain.Amazon, By: exchangeOf(r).subject,
		Mailbox: domain.Mailbox{
			Host: body.Host, Port: body.Port, TLS: body.TLS, User: body.User, Password: body.Password, Name: body.Mailbox,
		},
		Submission: body.Submission.submission(),
	})
	if err != nil {
		return mailboxRefusal(err)
	}
	return writeJSON(w, showConnection(c))
}

// mailboxRefusal makes 422 of a mailbox that could be read and cannot be right. domain.NewMailbox and NewSubmission begin
// their messages with the field.
func mailboxRefusal(err error) error {
	var known *domain.Error
	if !errors.As(err, &known) || known.Kind != domain.ErrInvalid {
		return err
	}
	if field, detail, ok := strings.Cut(known.Msg, ": "); ok {
		switch strings.TrimPrefix(field, "submission.") {
		case "from", "host", "port", "tls", "user", "password", "mailbox":
			return wrongField(http.StatusUnprocessableEntity, field, detail)
		}
	}
	return &refusal{status: http.StatusUnprocessableEntity, detail: known.Msg}
}
