package standin

import (
	"encoding/json"
	"iter"
	"slices"
)

// Case is a static sandbox case of one of Amazon's models: the sandbox gives this answer to a request with these values.
type Case struct {
	Name      string // unlike that of any other case: "getOrder 200 #2"
	API       string // as Amazon names the model: "orders_2026-01-01"
	Operation string // as Amazon names the operation: "getOrder"
	Method    string // GET
	Path      string // with the names of parameters in it: /orders/2026-01-01/orders/{orderId}
	Status    int
	// Parameters are all that the operation has, in the model's order. Those without a Value have no part in the choice of
	// the answer; where they are Required, a request must have them all the same.
	Parameters []Parameter
	Response   json.RawMessage
}

// Parameter is one of an operation's.
type Parameter struct {
	Name     string
	In       string // path, query or body
	Required bool
	Value    json.RawMessage // what the request must hold; nil for anything
}

// Cases yields the static sandbox cases of the models that are here, by model, path, method and status.
func Cases() iter.Seq[Case] {
	return func(yield func(Case) bool) {
		for _, op := range operations() {
			for _, c := range op.cases {
				c.Parameters, c.Response = slices.Clone(c.Parameters), slices.Clone(c.Response)
				for i, p := range c.Parameters {
					c.Parameters[i].Value = slices.Clone(p.Value)
				}
				if !yield(c) {
					return
				}
			}
		}
	}
}
