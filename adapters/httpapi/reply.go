package httpapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/content"
)

// replyBody is an answer as its author wrote it.
type replyBody struct {
	Body          string         `json:"body"`
	Language      string         `json:"language"`
	SeenMessageID string         `json:"seenMessageId"`
	DelaySeconds  *int           `json:"delaySeconds"`
	Critical      bool           `json:"critical"`
	Override      []overrideBody `json:"override"`
}

type overrideBody struct {
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
}

// defaultDelay is how long a reply can be taken back when its author does not say.
const defaultDelay = 10 * time.Second

// maxReply is the most characters of a reply, in bytes; marketplaces take fewer.
const maxReply = 64 << 10

type replyAnswer struct {
	ID        uuid.UUID      `json:"id"`
	TicketID  uuid.UUID      `json:"ticketId"`
	MessageID uuid.UUID      `json:"messageId"`
	State     string         `json:"state"`
	Cause     *string        `json:"cause"`
	Body      *string        `json:"body"`
	Language  *string        `json:"language"`
	Author    *string        `json:"author"`
	Critical  bool           `json:"critical"`
	Override  []overrideBody `json:"override"`
	Attempts  int            `json:"attempts"`
	SendAt    time.Time      `json:"sendAt"`
	Deadline  time.Time      `json:"deadline"`
	ChangedAt time.Time      `json:"changedAt"`
	CreatedAt time.Time      `json:"createdAt"`
}

func showReply(s domain.ReplyState) replyAnswer {
	a := replyAnswer{
		ID: s.ID.UUID, TicketID: s.Ticket.UUID, MessageID: s.Message.UUID, State: string(s.Delivery), Cause: orNull(s.Cause),
		Language: orNull(s.Language), Author: orNull(s.Author), Critical: s.Critical, Override: make([]overrideBody, len(s.Overrides)),
		Attempts: s.Attempts, SendAt: s.DueAt, Deadline: s.Deadline, ChangedAt: s.ChangedAt, CreatedAt: s.CreatedAt,
	}
	for i, o := range s.Overrides {
		a.Override[i] = overrideBody(o)
	}
	return a
}

func showWritten(w app.WrittenReply) replyAnswer {
	a := showReply(w.ReplyState)
	a.Body = &w.Text
	return a
}

// violationAnswer is a place where a text breaks a rule. It holds no word of the text.
type violationAnswer struct {
	Rule        string  `json:"rule"`
	Start       int     `json:"start"`
	End         int     `json:"end"`
	Message     string  `json:"message"`
	Source      string  `json:"source"`
	Term        *string `json:"term"`
	Overridable bool    `json:"overridable"`
}

// ruleTexts say to people what each rule wants.
var ruleTexts = map[content.Rule]string{
	content.RuleEmpty:       "write an answer",
	content.RuleQuotedOnly:  "there is nothing but what was written before: write an answer",
	content.RuleTooShort:    "the marketplace takes no answers this short",
	content.RuleTooLong:     "the marketplace takes no answers this long: shorten it from here on",
	content.RuleNoText:      "this type of message carries files only",
	content.RuleCharacters:  "remove this character: it cannot be sent",
	content.RuleHTML:        "remove the markup: buyers see plain text",
	content.RuleEmoji:       "remove the picture: marketplaces do",
	content.RuleEmail:       "remove the e-mail address: buyers must be answered through the marketplace",
	content.RulePhone:       "remove the telephone number: buyers must be answered through the marketplace",
	content.RuleLink:        "remove the link: only the marketplace's own and carriers' tracking pages are allowed",
	content.RuleAdvertising: "remove the advertising",
	content.RuleReview:      "remove the request for a review",
	content.RuleLanguage:    "answer in the buyer's language",
	content.RuleFileCount:   "one message carries fewer files",
	content.RuleFileSize:    "the files are too large together",
	content.RuleFileType:    "the marketplace does not take files of this type",
	content.RuleFileMissing: "this type of message needs a file",
}

func showViolation(v content.Violation) violationAnswer {
	return violationAnswer{string(v.Rule), v.Start, v.End, ruleTexts[v.Rule], v.Source, orNull(v.Term), v.Overridable}
}

func showViolations(all []content.Violation) []violationAnswer {
	out := make([]violationAnswer, len(all))
	for i, v := range all {
		out[i] = showViolation(v)
	}
	return out
}

func (s *Server) writeReply(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	ticket, err := ticketOf(r)
	if err != nil {
		return err
	}
	var body replyBody
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	cmd := app.ReplyCommand{
		TicketQuery: app.TicketQuery{Tenant: tenant, Ticket: ticket}, Author: exchangeOf(r).subject, Key: r.Header.Get("Idempotency-Key"),
		Text: body.Body, Language: body.Language, Critical: body.Critical, Delay: defaultDelay,
	}
	if cmd.Key == "" {
		return wrongField(http.StatusBadRequest, "Idempotency-Key", "this header is needed: a value of your own for each reply, such as a UUID")
	}
	if cmd.Seen, err = domain.ParseID[domain.TicketMessageID](body.SeenMessageID); err != nil {
		return wrongField(http.StatusBadRequest, "seenMessageId", "give the id of the last message that you saw")
	}
	if d := body.DelaySeconds; d != nil && (*d < 0 || *d > int(domain.MaxReplyDelay.Seconds())) {
		return wrongField(http.StatusBadRequest, "delaySeconds", "give 0 to 3600")
	}
	if body.DelaySeconds != nil {
		cmd.Delay = time.Duration(*body.DelaySeconds) * time.Second
	}
	if len(body.Body) > maxReply {
		return wrongField(http.StatusBadRequest, "body", "a reply is longer than any marketplace takes")
	}
	for _, o := range body.Override {
		if strings.TrimSpace(o.Reason) == "" {
			return wrongField(http.StatusBadRequest, "override", "give a reason for each rule that you override")
		}
		cmd.Overrides = append(cmd.Overrides, domain.Override(o))
	}
	if cmd.Asked, err = json.Marshal(body); err != nil { // the same in every order of fields
		return err
	}
	done, err := s.app.WriteReply.Run(r.Context(), cmd)
	if err != nil {
		return err
	}
	status := http.StatusAccepted
	if done.Repeated {
		status = http.StatusOK
	}
	w.Header().Set("Location", apiBase+"/tickets/"+ticket.String()+"/replies/"+done.ID.String())
	return writeJSONStatus(w, status, showWritten(done.WrittenReply))
}

// replyQuery reads {id} and {replyId}. What cannot be an id names nothing that exists.
func replyQuery(r *http.Request, tenant domain.TenantID) (q app.ReplyQuery, err error) {
	q.Tenant = tenant
	if q.Ticket, err = ticketOf(r); err != nil {
		return q, err
	}
	if q.Reply, err = domain.ParseID[domain.ReplyID](mux.Vars(r)["replyId"]); err != nil {
		return q, domain.Errorf(domain.ErrNotFound, "there is no such reply")
	}
	return q, nil
}

func (s *Server) getReply(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	q, err := replyQuery(r, tenant)
	if err != nil {
		return err
	}
	found, err := s.app.GetReply.Run(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, showWritten(found))
}

func (s *Server) cancelReply(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	q, err := replyQuery(r, tenant)
	if err != nil {
		return err
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	found, err := s.app.CancelReply.Run(r.Context(), app.ReplyAct{ReplyQuery: q, By: exchangeOf(r).subject})
	if err != nil {
		return err
	}
	return writeJSON(w, showWritten(found))
}

// resolveBody says what a person found out.
type resolveBody struct {
	Outcome string `json:"outcome"`
}

func (s *Server) resolveReply(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	q, err := replyQuery(r, tenant)
	if err != nil {
		return err
	}
	var body resolveBody
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	if body.Outcome != "sent" && body.Outcome != "not_sent" {
		return wrongField(http.StatusBadRequest, "outcome", "use sent or not_sent")
	}
	found, err := s.app.ResolveReply.Run(r.Context(), app.ResolveCommand{
		ReplyAct: app.ReplyAct{ReplyQuery: q, By: exchangeOf(r).subject}, Sent: body.Outcome == "sent",
	})
	if err != nil {
		return err
	}
	return writeJSON(w, showWritten(found))
}

func (s *Server) listTicketReplies(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	ticket, err := ticketOf(r)
	if err != nil {
		return err
	}
	p, err := parametersOf(r)
	if err != nil {
		return err
	}
	q := app.ListRepliesQuery{Tenant: tenant}
	q.Ticket = ticket
	return s.answerReplies(w, r, p, q)
}

// unconfirmed is a view and no state: accepted for a while, and no copy came.
const unconfirmed = "UNCONFIRMED"

var replyStates = []domain.DeliveryStatus{
	domain.DeliveryQueued, domain.DeliverySending, domain.DeliveryAccepted, domain.DeliveryConfirmed, domain.DeliveryFailed,
	domain.DeliveryUnknown, domain.DeliveryOptedOut, domain.DeliveryCancelled,
}

func (s *Server) listReplies(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	p, err := parametersOf(r, "state")
	if err != nil {
		return err
	}
	q := app.ListRepliesQuery{Tenant: tenant}
	states, err := readParameter(p, "state", func(s string) ([]string, error) { return strings.Split(s, ","), nil })
	if err != nil {
		return err
	}
	for _, state := range states {
		switch d := domain.DeliveryStatus(state); {
		case state == unconfirmed && len(states) == 1:
			q.Unconfirmed = true
		case slices.Contains(replyStates, d):
			q.Deliveries = append(q.Deliveries, d)
		default:
			return wrongField(http.StatusBadRequest, "state", "use states such as UNKNOWN,FAILED with commas between, or UNCONFIRMED alone")
		}
	}
	return s.answerReplies(w, r, p, q)
}

func (s *Server) answerReplies(w http.ResponseWriter, r *http.Request, p parameters, q app.ListRepliesQuery) (err error) {
	if q.After, q.Limit, err = p.paging(replyList); err != nil {
		return err
	}
	found, next, err := s.app.ListReplies.Run(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, newPage(replyList, found, next, showReply))
}

// checkBody is a text for a ticket.
type checkBody struct {
	TicketID string `json:"ticketId"`
	Body     string `json:"body"`
	Language string `json:"language"`
}

type checkAnswer struct {
	Violations []violationAnswer `json:"violations"`
}

func (s *Server) checkReply(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	var body checkBody
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	ticket, err := domain.ParseID[domain.TicketID](body.TicketID)
	if err != nil {
		return wrongField(http.StatusBadRequest, "ticketId", domain.Message(err))
	}
	found, err := s.app.CheckReply.Run(r.Context(), app.CheckCommand{
		TicketQuery: app.TicketQuery{Tenant: tenant, Ticket: ticket}, Text: body.Body, Language: body.Language,
	})
	if err != nil {
		return err
	}
	return writeJSON(w, checkAnswer{showViolations(found)})
}

// noteBody is a note for colleagues.
type noteBody struct {
	Body string `json:"body"`
}

func (s *Server) addNote(w http.ResponseWriter, r *http.Request, tenant domain.TenantID) error {
	ticket, err := ticketOf(r)
	if err != nil {
		return err
	}
	var body noteBody
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	note, err := s.app.AddNote.Run(r.Context(), app.NoteCommand{
		TicketQuery: app.TicketQuery{Tenant: tenant, Ticket: ticket}, Author: exchangeOf(r).subject, Text: body.Body,
	})
	if err != nil {
		return err
	}
	return writeJSONStatus(w, http.StatusCreated, showMessage(note))
}
