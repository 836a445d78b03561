package standin

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// resource is what a restricted data token is good for.
type resource struct {
	Method   string   `json:"method"`
	Path     string   `json:"path"`
	Elements []string `json:"dataElements,omitempty"`
}

// covers reports whether the resource is the one that a call is for. Its path may have names in it: {orderId}.
func (r resource) covers(c *call) bool {
	if r.Method != c.op.method {
		return false
	}
	path := c.op.path
	for name, value := range c.params {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return r.Path == c.op.path || r.Path == path
}

const restrictedLife = time.Hour

func (c *call) restrictedDataToken() answer {
	var body struct{ RestrictedResources []resource }
	refuse := func(details string) answer {
		return failure(http.StatusBadRequest, "InvalidRequest", "Request is missing or has invalid parameters", details)
	}
	if json.Unmarshal(c.body, &body) != nil || len(body.RestrictedResources) == 0 {
		return refuse("Resource not provided.")
	}
	if len(body.RestrictedResources) > 50 {
		return refuse("More than 50 resources.")
	}
	for _, r := range body.RestrictedResources {
		if !slices.Contains(methods, r.Method) || !strings.HasPrefix(r.Path, "/") {
			return refuse("Resource not provided.")
		}
		for _, e := range r.Elements {
			if e != "buyerInfo" && e != "shippingAddress" && e != "buyerTaxInformation" {
				return refuse("Unknown data element.")
			}
		}
	}
	t := c.token
	t.Ends, t.Resources = c.a.apiNow().Add(restrictedLife).UnixNano(), body.RestrictedResources
	return ok(map[string]any{"restrictedDataToken": c.a.seal(restrictedPrefix, t), "expiresIn": int(restrictedLife / time.Second)})
}
