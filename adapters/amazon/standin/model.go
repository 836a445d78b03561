package standin

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin/models"
)

// operation is one of a model's.
type operation struct {
	api, id, method, path string
	parts                 []string // of path
	params                []Parameter
	cases                 []Case
}

// operations are those of all models, by model, path and method. The models are part of the program: what is wrong with them
// is found by the first test that asks.
var operations = sync.OnceValue(func() []operation {
	files, err := models.Files.ReadDir(".")
	if err != nil {
		panic(err)
	}
	var all []operation
	for _, f := range files {
		text, err := models.Files.ReadFile(f.Name())
		if err != nil {
			panic(err)
		}
		ops, err := readModel(strings.TrimSuffix(f.Name(), ".json"), text)
		if err != nil {
			panic(fmt.Errorf("%s: %w", f.Name(), err))
		}
		all = append(all, ops...)
	}
	return all
})

// methods are those that models use, in the order that operations are given in.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}

// The parts of a Swagger file that are read.
type (
	swagger struct {
		Paths map[string]map[string]json.RawMessage // methods, and extensions beside them
	}
	swaggerOperation struct {
		OperationID string
		Parameters  []struct {
			Name, In string
			Required bool
		}
		Responses map[string]struct {
			Sandbox struct {
				Static []swaggerCase
			} `json:"x-amzn-api-sandbox"`
		}
	}
	swaggerCase struct {
		Request struct {
			Parameters map[string]struct{ Value json.RawMessage }
		}
		Response json.RawMessage
	}
)

func readModel(api string, text []byte) ([]operation, error) {
	var model swagger
	if err := json.Unmarshal(text, &model); err != nil {
		return nil, err
	}
	var ops []operation
	for _, route := range slices.Sorted(maps.Keys(model.Paths)) {
		for _, method := range methods {
			text, ok := model.Paths[route][strings.ToLower(method)]
			if !ok {
				continue
			}
			var o swaggerOperation
			if err := json.Unmarshal(text, &o); err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, route, err)
			}
			op, err := o.read(operation{api: api, id: o.OperationID, method: method, path: route, parts: strings.Split(route, "/")})
			if err != nil {
				return nil, fmt.Errorf("%s: %w", op.id, err)
			}
			ops = append(ops, op)
		}
	}
	return ops, nil
}

// read adds parameters and cases to op.
func (o swaggerOperation) read(op operation) (operation, error) {
	for _, p := range o.Parameters {
		op.params = append(op.params, Parameter{Name: p.Name, In: p.In, Required: p.Required})
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		for i, c := range o.Responses[status].Sandbox.Static {
			code, err := strconv.Atoi(status)
			if err != nil {
				return op, err
			}
			params := slices.Clone(op.params)
			for j := range params {
				params[j].Value = c.Request.Parameters[params[j].Name].Value
			}
			op.cases = append(op.cases, Case{
				Name: fmt.Sprintf("%s %s #%d", op.id, status, i+1), API: op.api, Operation: op.id, Method: op.method, Path: op.path,
				Status: code, Parameters: params, Response: c.Response,
			})
		}
	}
	return op, nil
}
