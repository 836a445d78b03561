package standin

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
)

// notices are the destinations of the application in a region, and its sellers' subscriptions there.
type notices struct {
	destinations  []destinationJSON
	subscriptions []subscription
}

type destinationJSON struct {
	ID       string       `json:"destinationId"`
	Name     string       `json:"name"`
	Resource resourceJSON `json:"resource"`
}

type resourceJSON struct {
	SQS         *sqsJSON         `json:"sqs,omitempty"`
	EventBridge *eventBridgeJSON `json:"eventBridge,omitempty"`
}

type sqsJSON struct {
	ARN string `json:"arn"`
}

type eventBridgeJSON struct {
	AccountID string `json:"accountId"`
	Region    string `json:"region"`
	Name      string `json:"name,omitempty"`
}

type subscriptionJSON struct {
	ID          string          `json:"subscriptionId"`
	Version     string          `json:"payloadVersion"`
	Destination string          `json:"destinationId"`
	Directive   json.RawMessage `json:"processingDirective,omitempty"`
}

type subscription struct {
	subscriptionJSON
	seller, kind string
}

// notices returns those of the call's region. The caller has a.mu.
func (c *call) notices() *notices {
	n := c.a.notices[c.region]
	if n == nil {
		n = &notices{}
		c.a.notices[c.region] = n
	}
	return n
}

// with runs f on the notices of the call's region.
func (c *call) with(f func(n *notices) answer) (said answer) {
	c.a.do(func() { said = f(c.notices()) })
	return said
}

func exists(details string) answer {
	return failure(http.StatusConflict, "Conflict", "The resource already exists", details)
}

func (c *call) destinations() answer {
	return c.with(func(n *notices) answer { return payload(append([]destinationJSON{}, n.destinations...)) })
}

func (c *call) createDestination() answer {
	var body struct {
		Name          string
		Specification resourceJSON `json:"resourceSpecification"`
	}
	if json.Unmarshal(c.body, &body) != nil || body.Name == "" || (body.Specification.SQS == nil) == (body.Specification.EventBridge == nil) {
		return invalid("A destination needs a name and either sqs or eventBridge.")
	}
	return c.with(func(n *notices) answer {
		for _, d := range n.destinations {
			if d.Name == body.Name || reflect.DeepEqual(d.Resource, body.Specification) {
				return exists("Destination " + d.ID)
			}
		}
		d := destinationJSON{rand.Text(), body.Name, body.Specification}
		n.destinations = append(n.destinations, d)
		return payload(d)
	})
}

// place returns where a destination is among those that there are.
func (n *notices) place(id string) int {
	return slices.IndexFunc(n.destinations, func(d destinationJSON) bool { return d.ID == id })
}

func (c *call) destination() answer {
	return c.with(func(n *notices) answer {
		if i := n.place(c.params["destinationId"]); i >= 0 {
			return payload(n.destinations[i])
		}
		return notFound("There is no such destination.")
	})
}

func (c *call) deleteDestination() answer {
	return c.with(func(n *notices) answer {
		i := n.place(c.params["destinationId"])
		if i < 0 {
			return notFound("There is no such destination.")
		}
		if slices.ContainsFunc(n.subscriptions, func(s subscription) bool { return s.Destination == n.destinations[i].ID }) {
			return failure(http.StatusConflict, "Conflict", "The destination has subscriptions", "")
		}
		n.destinations = slices.Delete(n.destinations, i, i+1)
		return ok(map[string]any{})
	})
}
