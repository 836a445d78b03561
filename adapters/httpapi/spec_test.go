package httpapi_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/gorilla/mux"
	"github.com/matryer/is"
)

// spec is openapi.yaml, stricter than for clients: its objects have no field that it does not name.
type spec struct {
	doc    *openapi3.T
	router routers.Router
}

var readSpec = sync.OnceValues(func() (*spec, error) {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	no := false
	for _, s := range doc.Components.Schemas {
		if s.Value.Type.Is("object") {
			s.Value.AdditionalProperties.Has = &no
		}
	}
	router, err := gorillamux.NewRouter(doc)
	return &spec{doc, router}, err
})

func loadSpec(t testing.TB) *spec {
	t.Helper()
	s, err := readSpec()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// check fails the test if the answer to r is not one that the document promises. Off its routes there are only problems.
func (s *spec) check(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	if r.Method == http.MethodHead { // as GET, and net/http drops the body
		r = r.Clone(r.Context())
		r.Method = http.MethodGet
	}
	isJSON := strings.HasSuffix(a.Header().Get("Content-Type"), "json")
	route, vars, err := s.router.FindRoute(r)
	if err != nil {
		var v any = a.json()
		if err := s.doc.Components.Schemas["Problem"].Value.VisitJSON(v, openapi3.EnableJSONSchema2020()); err != nil || a.Code < 400 {
			t.Errorf("%s %s: %d is no problem: %v", r.Method, r.URL.Path, a.Code, err)
		}
		return
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: route, PathParams: vars},
		Status:                 a.Code, Header: a.Header(), Body: io.NopCloser(bytes.NewReader(a.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: !isJSON, MultiError: true},
	}
	if err := openapi3filter.ValidateResponse(r.Context(), input); err != nil {
		t.Errorf("%s %s: %d is not in openapi.yaml: %v", r.Method, r.URL.Path, a.Code, err)
	}
}

func TestTheSpecificationIsSoundAndItsExamplesToo(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), loadSpec(t)
	is.NoErr(s.doc.Validate(t.Context()))
	is.Equal(s.doc.OpenAPI, "3.1.0")
}

// operation is a route with one method.
type operation struct{ Method, Path string }

// riverPages is what River itself answers and documents.
const riverPages = "/ops/river"

// operations returns all that the router answers. HEAD goes with GET and is not documented.
func operations(t testing.TB, s *stage) []operation {
	t.Helper()
	var all []operation
	err := s.Walk(func(r *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		if r.GetHandler() == nil {
			return nil
		}
		path, err := r.GetPathTemplate()
		if err != nil {
			return err
		}
		if strings.HasPrefix(path, riverPages) {
			return nil
		}
		methods, err := r.GetMethods()
		if err != nil {
			return err
		}
		for _, m := range methods {
			if m != http.MethodHead {
				all = append(all, operation{m, path})
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryRouteIsInTheSpecificationAndBack(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	routed := operations(t, s)
	var documented []operation
	for path, item := range s.spec.doc.Paths.Map() {
		for method, op := range item.Operations() {
			documented = append(documented, operation{method, path})
			public := op.Security != nil && len(*op.Security) == 0
			is.Equal(public, !strings.HasPrefix(path, "/api/v1/") || browsersOnly[operation{method, path}] != "") // what needs no token
		}
	}
	is.True(len(routed) >= 15)
	for _, o := range routed {
		is.True(slices.Contains(documented, o)) // in the file
	}
	for _, o := range documented {
		is.True(slices.Contains(routed, o)) // in the router
	}
}
