package standin

import (
	"cmp"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"time"
)

// fromCases answers as the static sandbox does: by the case whose values the request has.
func (c *call) fromCases() answer {
	for _, p := range c.op.params {
		if p.Required && !c.hasParameter(p) {
			return invalid("Missing or invalid request parameters: [" + p.Name + "]")
		}
	}
	if c.op.id == "sendTestNotification" { // the one operation that is not static
		return ok(map[string]any{})
	}
	// The case that wants most comes first: those that want nothing meet everything.
	byWants := slices.SortedStableFunc(slices.Values(c.op.cases), func(a, b Case) int { return cmp.Compare(b.wants(), a.wants()) })
	for _, known := range byWants {
		if !slices.ContainsFunc(known.Parameters, func(p Parameter) bool { return p.Value != nil && !c.hasValue(p) }) {
			said := answer{status: known.Status, body: known.Response}
			if c.op.api == "messaging" {
				said.kind = typeHAL
			}
			return said
		}
	}
	return failure(http.StatusBadRequest, "InvalidInput", "Could not match input arguments", "")
}

// wants is how many values a request must have for the case.
func (c Case) wants() (n int) {
	for _, p := range c.Parameters {
		if p.Value != nil {
			n++
		}
	}
	return n
}

func (c *call) hasParameter(p Parameter) bool {
	switch p.In {
	case "path":
		return c.params[p.Name] != ""
	case "query":
		return len(c.list(p.Name)) > 0
	}
	return json.Valid(c.body)
}

// hasValue reports whether the request has the value of a case.
func (c *call) hasValue(p Parameter) bool {
	var want any
	if json.Unmarshal(p.Value, &want) != nil {
		return false
	}
	switch list, isList := want.([]any); {
	case p.In == "path":
		return same(want, c.params[p.Name])
	case p.In == "query" && isList:
		have := c.list(p.Name)
		return len(have) == len(list) && !slices.ContainsFunc(list, func(v any) bool { return !slices.Contains(have, asText(v)) })
	case p.In == "query":
		return same(want, c.query.Get(p.Name))
	}
	var have any
	return json.Unmarshal(c.body, &have) == nil && same(want, have)
}

func asText(v any) string {
	s, _ := v.(string)
	return s
}

// same compares values of JSON. Times are the same however they are written.
func same(want, have any) bool {
	switch want := want.(type) {
	case string:
		have, isText := have.(string)
		if want == have {
			return isText
		}
		a, errA := time.Parse(time.RFC3339, want)
		b, errB := time.Parse(time.RFC3339, have)
		return errA == nil && errB == nil && a.Equal(b)
	case map[string]any:
		have, isMap := have.(map[string]any)
		if !isMap || len(have) != len(want) {
			return false
		}
		for name, value := range want {
			if other, there := have[name]; !there || !same(value, other) {
				return false
			}
		}
		return true
	case []any:
		have, isList := have.([]any)
		return isList && slices.EqualFunc(want, have, same)
	}
	return reflect.DeepEqual(want, have)
}
