package httpapi

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// defaultLimit is how many rows a page holds when the client does not say.
const defaultLimit = 50

// pageAnswer is one page of a list.
type pageAnswer[T any] struct {
	Data       []T     `json:"data"`
	NextCursor *string `json:"nextCursor"` // null when there are no more
}

// newPage makes an answer of rows; show turns each into what clients see.
func newPage[Row, Shown any](l list, rows []Row, next ports.Position, show func(Row) Shown) pageAnswer[Shown] {
	return pageAt(rows, writeCursor(l, next), show)
}

// pageAt is newPage for a list with cursors of its own.
func pageAt[Row, Shown any](rows []Row, next *string, show func(Row) Shown) pageAnswer[Shown] {
	p := pageAnswer[Shown]{Data: make([]Shown, len(rows)), NextCursor: next}
	for i, row := range rows {
		p.Data[i] = show(row)
	}
	return p
}

// parameters are the query of a request.
type parameters url.Values

// parametersOf reads the query of a list, which has cursor, limit and these names. Another one is refused: a filter that is
// misspelled must not show everything.
func parametersOf(r *http.Request, names ...string) (parameters, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &refusal{status: http.StatusBadRequest, detail: "the query cannot be read: check its escapes"}
	}
	known := append([]string{"cursor", "limit"}, names...)
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if slices.Contains(known, name) {
			continue
		}
		if len(name) > maxEcho || strings.ContainsFunc(name, unicode.IsControl) {
			name = "query"
		}
		return nil, wrongField(http.StatusBadRequest, name, "unknown parameter: this list has "+strings.Join(known, ", "))
	}
	return parameters(q), nil
}

// readParameter reads the parameter with parse. The zero T if it is absent or empty.
func readParameter[T any](p parameters, name string, parse func(string) (T, error)) (T, error) {
	var none T
	values := p[name]
	switch {
	case len(values) > 1:
		return none, wrongField(http.StatusBadRequest, name, "give it once")
	case len(values) == 0 || values[0] == "":
		return none, nil
	}
	v, err := parse(values[0])
	if err != nil {
		return none, wrongField(http.StatusBadRequest, name, domain.Message(err))
	}
	return v, nil
}

// paging reads the two parameters that every list has.
func (p parameters) paging(l list) (after ports.Position, limit int, err error) {
	cursor, err := readParameter(p, "cursor", func(s string) (string, error) { return s, nil })
	if err != nil {
		return after, 0, err
	}
	if after, err = readCursor(l, cursor); err != nil {
		return after, 0, err
	}
	limit, err = p.limit()
	return after, limit, err
}

// limit reads how many rows a page may have.
func (p parameters) limit() (int, error) {
	limit, err := readParameter(p, "limit", parseLimit)
	if err == nil && limit == 0 {
		limit = defaultLimit
	}
	return limit, err
}

func parseLimit(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > app.MaxList {
		return 0, domain.Errorf(domain.ErrInvalid, "give a number from 1 to %d", app.MaxList)
	}
	return n, nil
}
