package spapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// call is one operation, asked with certain values.
type call struct {
	operation domain.Operation
	as        caller
	method    string
	path      string // escaped
	query     query
	body      any // nil for none

	// once is for what must not be done twice, such as a message to a buyer: when nobody can tell whether it was done, it is
	// not repeated.
	once bool
}

// query is what stands behind the path. Lists are written as Amazon's models have them: with commas between their items, and
// a comma within an item escaped.
type query map[string][]string

func (q query) encode() string {
	var b strings.Builder
	names := make([]string, 0, len(q))
	for name := range q {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if len(q[name]) == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(name))
		b.WriteByte('=')
		for i, item := range q[name] {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(url.QueryEscape(item))
		}
	}
	return b.String()
}

// segment is a foreign id as one segment of a path. ErrInvalid for what would name another path.
func segment(id string) (string, error) {
	if id == "" || id == "." || id == ".." || len(id) > 256 {
		return "", domain.Errorf(domain.ErrInvalid, "this is no id of Amazon's")
	}
	return url.PathEscape(id), nil
}

// request builds the request of one attempt.
func (c *Client) request(ctx context.Context, k call, token domain.Secret) (*http.Request, error) {
	base, known := c.options.Endpoints.API[k.as.region]
	if !known {
		return nil, domain.Errorf(domain.ErrInvalid, "Amazon has no region %q", k.as.region)
	}
	address := base + k.path
	if q := k.query.encode(); q != "" {
		address += "?" + q
	}
	var body []byte
	if k.body != nil {
		var err error
		if body, err = json.Marshal(k.body); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, k.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, withoutURL(err)
	}
	if k.body != nil {
		r.Header.Set("content-type", "application/json")
	}
	r.Header.Set("accept", "application/json")
	r.Header.Set("x-amz-access-token", token.Reveal())
	r.Header.Set("x-amz-date", c.options.Clock.Now().UTC().Format("20060102T150405Z"))
	return r, nil
}
