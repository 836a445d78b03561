package standin

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
	"sync"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Parse(pageText))
})

// pagePolicy lets pages have their style and their form, and nothing else. A form may lead anywhere on the web: browsers hold
// all redirects that follow it against form-action, those of the application and of who sent the seller to it among them.
var pagePolicy = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'"
})

// page is what a page shows.
type page struct {
	Kind        string // consent, cancelled, appstore, withdrawn or refused
	Title       string
	Style       template.CSS
	Application Application
	Choices     []choice
	Chosen      string // value of the choice that is made
	Roles       []roleText
	Target      string // host that the seller comes back to
	Again       string // URL of the page before
	Refusal     refusal
}

// roleText is a role for people.
type roleText struct {
	Role
	Means string
}

var roleTexts = []roleText{
	{RoleBuyerCommunication, "Send the messages about orders that Amazon permits"},
	{RoleOrders, "See orders: dates, items, shipping"},
	{RoleInsights, "See in which marketplaces you sell"},
}

// refusal is an error page of Seller Central's.
type refusal struct {
	Code string // MD1000; "" where Amazon has none that is known
	Text string
}

// servePage is Seller Central, and the Appstore.
func (a *Amazon) servePage(w http.ResponseWriter, r *http.Request, p place) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	switch {
	case p.path == consentPath, strings.HasPrefix(p.path, invitedPath):
		a.serveConsent(w, r, p)
	case p.path == "/", p.path == "/appstore":
		a.serveAppstore(w, r, p)
	default:
		http.NotFound(w, r)
	}
}

func (p page) write(w http.ResponseWriter, status int) {
	p.Style = template.CSS(pageStyle)
	var out bytes.Buffer
	if err := pageTemplate().Execute(&out, p); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy())
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes())
}

func (r refusal) write(w http.ResponseWriter, app Application) {
	page{Kind: "refused", Title: "We cannot show this consent", Application: app, Refusal: r}.write(w, http.StatusBadRequest)
}
