package standin

import (
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"time"
	"unicode/utf8"
)

// Message is what a seller sent to a buyer.
type Message struct {
	Seller, Order, Marketplace string
	Type                       string // the last part of its path: "unexpectedProblem"
	Text                       string
	Files                      []string // names
	At                         time.Time
}

// Messages returns what sellers have sent, the oldest first.
func (a *Amazon) Messages() (sent []Message) {
	a.do(func() { sent = slices.Clone(a.messages) })
	return sent
}

// aboutOrder finds the order that a call of Messaging is about.
func (c *call) aboutOrder() (Order, answer, bool) {
	marketplace, refusal, good := c.marketplace()
	if !good {
		return Order{}, refusal, false
	}
	id := c.params["amazonOrderId"]
	if !orderID.MatchString(id) {
		return Order{}, invalid("amazonOrderId is not an order id."), false
	}
	o, found := c.order(id)
	switch {
	case !found:
		return Order{}, notFound("The order does not exist for this selling partner."), false
	case o.MarketplaceID != marketplace:
		return Order{}, unauthorized(denied), false
	}
	return o, answer{}, true
}

type linkJSON struct {
	Href string `json:"href"`
	Name string `json:"name,omitempty"`
}

func (c *call) messagingActions() answer {
	o, refusal, good := c.aboutOrder()
	if !good {
		return refusal
	}
	types, listed := o.permitted(c.a.apiNow())
	if !listed {
		return combination()
	}
	base, query := "/messaging/v1/orders/"+o.ID, "?marketplaceIds="+o.MarketplaceID
	actions, embedded := []linkJSON{}, []any{}
	for _, t := range types {
		link := linkJSON{base + "/messages/" + t + query, t}
		actions = append(actions, link)
		embedded = append(embedded, map[string]any{
			"_links":  map[string]any{"self": link, "schema": linkJSON{base + "/messages/" + t + "/schema" + query, t}},
			"payload": map[string]string{"name": t},
		})
	}
	actions = append(actions, linkJSON{base + "/attributes" + query, "attributes"}) // listed, and no message
	return answer{status: http.StatusOK, kind: typeHAL, body: map[string]any{
		"_links": map[string]any{"self": linkJSON{Href: base + query}, "actions": actions}, "_embedded": map[string]any{"actions": embedded},
	}}
}

func (c *call) attributes() answer {
	o, refusal, good := c.aboutOrder()
	if !good {
		return refusal
	}
	buyer := map[string]string{}
	if o.Locale != "" {
		buyer["locale"] = o.Locale
	}
	return answer{status: http.StatusOK, kind: typeHAL, body: map[string]any{"buyer": buyer}}
}

// rule is what a message must be like.
type rule struct {
	text      int // longest text; 0 for messages that have none
	files     int // most attachments
	needFile  bool
	needDates bool
}

// messageJSON is the body of any message.
type messageJSON struct {
	Text        string
	Attachments []struct{ UploadDestinationID, FileName string }
	Start       *time.Time `json:"coverageStartDate"`
	End         *time.Time `json:"coverageEndDate"`
}

// broken says which rule a message breaks, "" if none.
func (r rule) broken(m messageJSON) string {
	switch n := utf8.RuneCountInString(m.Text); {
	case r.text == 0 && n > 0:
		return "A message of this type has no text."
	case r.text > 0 && (n == 0 || n > r.text):
		return "The text is missing or too long."
	case len(m.Attachments) > r.files, r.needFile && len(m.Attachments) == 0:
		return "There are too few or too many attachments."
	case r.needDates && (m.Start == nil || m.End == nil || m.End.Before(*m.Start)):
		return "The dates of coverage are missing or in the wrong order."
	}
	for _, f := range m.Attachments {
		if f.UploadDestinationID == "" || f.FileName == "" {
			return "An attachment needs uploadDestinationId and fileName."
		}
	}
	return ""
}

// message is the operation that sends a message to which a rule applies.
func message(r rule) func(*call) answer {
	return func(c *call) answer {
		o, refusal, good := c.aboutOrder()
		if !good {
			return refusal
		}
		var m messageJSON
		if err := json.Unmarshal(c.body, &m); err != nil {
			return invalid("The body is not what the model says.")
		}
		if wrong := r.broken(m); wrong != "" {
			return invalid(wrong)
		}
		kind := path.Base(c.op.path)
		if types, _ := o.permitted(c.a.apiNow()); !slices.Contains(types, kind) {
			return combination()
		}
		sent := Message{Seller: c.seller.ID, Order: o.ID, Marketplace: o.MarketplaceID, Type: kind, Text: m.Text, At: c.a.apiNow()}
		for _, f := range m.Attachments {
			sent.Files = append(sent.Files, f.FileName)
		}
		c.a.do(func() { c.a.messages = append(c.a.messages, sent) })
		return answer{status: http.StatusCreated, kind: typeHAL, body: map[string]any{}}
	}
}
