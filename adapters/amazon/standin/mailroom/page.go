package mailroom

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
)

// PagesAt is the path under which a Room's pages are.
const PagesAt = "/messages/"

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// pages are where a person writes as a buyer. They need no script, show nothing that was sent as anything but text,
// and are for one person on one machine: there is no log-in. What others could do by a page that such a person visits
// is refused by its origin.
type pages struct {
	room     *Room
	template *template.Template
	handler  http.Handler
	policy   string
}

func newPages(r *Room) *pages {
	sum := sha256.Sum256([]byte(pageStyle))
	p := &pages{
		room: r, template: template.Must(template.New("page").Parse(pageText)),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PagesAt+"{$}", p.list)
	mux.HandleFunc("POST "+PagesAt+"{$}", p.begin)
	mux.HandleFunc("POST "+PagesAt+"permissions", p.permit)
	mux.HandleFunc("GET "+PagesAt+"{id}", p.show)
	mux.HandleFunc("POST "+PagesAt+"{id}", p.goOn)
	mux.HandleFunc("POST "+PagesAt+"{id}/mood", p.mood)
	mux.HandleFunc("GET "+PagesAt+"{id}/{entry}/{file}", p.file)
	p.handler = http.NewCrossOriginProtection().Handler(mux) // a page elsewhere writes nothing here
	return p
}

// ServeHTTP implements http.Handler: the pages under PagesAt.
func (r *Room) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.pages.handler.ServeHTTP(w, req) }

// view is what a page shows.
type view struct {
	Style         template.CSS
	Problem       string // why the last thing did not work
	Letter        Letter // what was written in vain
	Countries     []string
	Conversations []Conversation
	Answers       []Answer
	One           *Conversation // the one that is shown; nil for the list
	Approved      bool
	Moods         any
}

func (p *pages) write(w http.ResponseWriter, status int, v view) {
	v.Style, v.Moods = template.CSS(pageStyle), Moods
	for _, s := range sites {
		v.Countries = append(v.Countries, s.country)
	}
	var out bytes.Buffer
	if err := p.template.Execute(&out, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes())
}

func (p *pages) list(w http.ResponseWriter, r *http.Request) {
	l := Letter{Country: "FR", Buyer: "Jeanne", Seller: r.FormValue("seller")}
	if all := p.room.Conversations(); l.Seller == "" && len(all) > 0 {
		l.Country, l.Seller = all[0].Country, all[0].Seller // as before
	}
	p.write(w, http.StatusOK, p.listed(l, ""))
}

func (p *pages) listed(l Letter, problem string) view {
	answers := p.room.Answers()
	slices.Reverse(answers)
	return view{Letter: l, Problem: problem, Conversations: p.room.Conversations(), Answers: answers[:min(len(answers), 50)]}
}

// begin writes a first message.
func (p *pages) begin(w http.ResponseWriter, r *http.Request) {
	l, err := p.read(w, r)
	if err == nil {
		var c Conversation
		if c, err = p.room.Write(r.Context(), l); err == nil {
			http.Redirect(w, r, PagesAt+c.ID, http.StatusSeeOther)
			return
		}
	}
	p.write(w, http.StatusUnprocessableEntity, p.listed(l, err.Error()))
}

// goOn writes another one.
func (p *pages) goOn(w http.ResponseWriter, r *http.Request) {
	l, err := p.read(w, r)
	l.Conversation = r.PathValue("id")
	if err == nil {
		if _, err = p.room.Write(r.Context(), l); err == nil {
			http.Redirect(w, r, PagesAt+l.Conversation, http.StatusSeeOther)
			return
		}
	}
	p.shown(w, r, http.StatusUnprocessableEntity, view{Letter: l, Problem: err.Error()})
}

// maxForm bounds what a person sends, files included.
const maxForm = 30 << 20

// read reads what a person has written. Its error comes with what could be read, so that the form is not empty again.
func (p *pages) read(w http.ResponseWriter, r *http.Request) (Letter, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		return Letter{}, err
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	l := Letter{
		Country: r.FormValue("country"), Buyer: r.FormValue("buyer"), Seller: r.FormValue("seller"), Order: r.FormValue("order"),
		Text: r.FormValue("text"),
	}
	for _, header := range r.MultipartForm.File["file"] {
		f, err := header.Open()
		if err != nil {
			return l, err
		}
		content, err := io.ReadAll(f)
		_ = f.Close()
		if err != nil {
			return l, err
		}
		mediaType, _, err := mime.ParseMediaType(header.Header.Get("Content-Type"))
		if err != nil {
			mediaType = "application/octet-stream"
		}
		l.Files = append(l.Files, File{header.Filename, mediaType, content})
	}
	return l, nil
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) { p.shown(w, r, http.StatusOK, view{}) }

func (p *pages) shown(w http.ResponseWriter, r *http.Request, status int, v view) {
	c, ok := p.room.Conversation(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	v.One, v.Approved = &c, p.room.Approved(c.Country, c.Seller)
	p.write(w, status, v)
}

// mood decides on the next answers.
func (p *pages) mood(w http.ResponseWriter, r *http.Request) {
	p.room.SetMood(r.PathValue("id"), Mood(r.FormValue("mood")))
	http.Redirect(w, r, PagesAt+r.PathValue("id"), http.StatusSeeOther)
}

// permit plays the most frequent fault of sellers: an address that nobody approved. It is Seller Central's list of
// approved senders.
func (p *pages) permit(w http.ResponseWriter, r *http.Request) {
	c, ok := p.room.Conversation(r.FormValue("conversation"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	p.room.Approve(c.Country, c.Seller, r.FormValue("approved") == "yes")
	http.Redirect(w, r, PagesAt+c.ID, http.StatusSeeOther)
}

// file hands out a file of a message. Browsers save it and do not show it.
func (p *pages) file(w http.ResponseWriter, r *http.Request) {
	c, _ := p.room.Conversation(r.PathValue("id"))
	entry, err := strconv.Atoi(r.PathValue("entry"))
	number, err2 := strconv.Atoi(r.PathValue("file"))
	if err != nil || err2 != nil || entry < 0 || entry >= len(c.Entries) || number < 0 || number >= len(c.Entries[entry].Files) {
		http.NotFound(w, r)
		return
	}
	f := c.Entries[entry].Files[number]
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	_, _ = w.Write(f.Content)
}
