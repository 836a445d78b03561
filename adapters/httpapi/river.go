package httpapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
)

// RiverPath is where River's own pages are: Options.River answers what is there and below, with the whole path.
const RiverPath = "/ops/river"

// riverPolicy lets River's pages use what comes from this server and nothing else. Their scripts add styles to the page as
// they go; scripts in it they need none.
const riverPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// riverPages answers what is below RiverPath: River's pages for an operator's session, the page to sign in for browsers
// without one, and a problem for everybody else. What another site's page asks for is refused before anything else.
func (s *Server) riverPages(w http.ResponseWriter, r *http.Request) error {
	if err := s.sameOrigin.Check(r); err != nil {
		return &refusal{status: http.StatusForbidden, detail: "another site asked for this"}
	}
	c, err := s.sessionOf(r)
	if err != nil {
		if needsToken(err) && isVisit(r) {
			signIn(w)
			return nil
		}
		return err
	}
	exchangeOf(r).caller = c
	_, err = c.operator()
	if err != nil || isVisit(r) {
		s.noteOperator(r, c, err == nil)
	}
	if err == nil {
		err = s.noteAction(w, r, c)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", riverPolicy)
	s.river.ServeHTTP(w, r)
	return nil
}

// needsToken reports whether another token would help.
func needsToken(err error) bool {
	var refused *refusal
	return errors.As(err, &refused) && refused.status == http.StatusUnauthorized
}

// isVisit reports whether a person opens a page.
func isVisit(r *http.Request) bool {
	return isReading(r) && strings.Contains(r.Header.Get("Accept"), "text/html")
}

func isReading(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}

const (
	// maxAction is the longest body that River's pages send, in bytes: a thousand ids.
	maxAction = 64 << 10
	// maxActionPath is how much of a path the log's line holds, in bytes.
	maxActionPath = 200
)

// noteAction writes who changes what in the queue, and to which jobs. It reads the body ahead.
func (s *Server) noteAction(w http.ResponseWriter, r *http.Request, c caller) error {
	if isReading(r) {
		return nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAction))
	if err != nil {
		return &refusal{status: http.StatusBadRequest, detail: "the body could not be read to its end"}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	action := strings.TrimPrefix(r.URL.Path, RiverPath)
	s.noteOperator(r, c, true, slog.String("action", action[:min(len(action), maxActionPath)]), slog.Any("jobs", jobsIn(body)))
	return nil
}

// jobsIn reads the ids that an action names, as numbers or as text. What has none, River refuses or needs none for.
func jobsIn(body []byte) []int64 {
	var action struct {
		IDs []json.RawMessage `json:"ids"`
	}
	_ = json.Unmarshal(body, &action)
	ids := make([]int64, 0, len(action.IDs))
	for _, raw := range action.IDs {
		if id, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// signInPage exchanges a token for a session. Its style and script are inside: it needs nothing else from a server that
// lets nobody in.
//
//go:embed signin.html
var signInPage string

func signIn(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src '"+hashOf("style")+"'; script-src '"+hashOf("script")+
		"'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("WWW-Authenticate", `Bearer realm="keybuzz"`)
	write(w, http.StatusUnauthorized, "text/html; charset=utf-8", []byte(signInPage))
}

// hashOf is how a Content-Security-Policy names what is within the page's one element of a name.
func hashOf(element string) string {
	_, rest, _ := strings.Cut(signInPage, "<"+element+">")
	inside, _, _ := strings.Cut(rest, "</"+element+">")
	sum := sha256.Sum256([]byte(inside))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
