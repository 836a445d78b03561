package httpapi

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"sync"

	"github.com/keybuzzio/marketplaces/domain"
)

// devPath is where the development page is: the product in a browser, for whoever tries it out. It is served in development mode
// only, knows nothing by itself, and asks the API with the token that it is opened with, in the URL's fragment.
const devPath = "/dev"

// DevPage says where the development page is and what it leads to.
type DevPage struct {
	Origin   string // this server's own address, as browsers write it: http://127.0.0.1:4000
	Appstore string // where sellers begin at the marketplace; "" for nowhere
	Buyers   string // where a person writes as a buyer; "" for nowhere
}

// devPolicy lets the page use what is this server's own.
const devPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

//go:embed dev.html
var devTemplate string

//go:embed dev.js
var devScript []byte

//go:embed dev.css
var devStyle []byte

var devHTML = sync.OnceValue(func() *template.Template { return template.Must(template.New("dev").Parse(devTemplate)) })

// openDev leads to the page from where people look for one.
func openDev(w http.ResponseWriter, _ *http.Request) error {
	seeOther(w, devPath)
	return nil
}

// devPage answers with the page, at its own address only: consents come back there, and a browser's cookies and storage belong to
// an address.
func (s *Server) devPage(w http.ResponseWriter, r *http.Request) error {
	if origin, err := url.Parse(s.dev.Origin); err == nil && r.Host != origin.Host {
		target := url.URL{Scheme: origin.Scheme, Host: origin.Host, Path: devPath, RawQuery: r.URL.RawQuery}
		seeOther(w, target.String())
		return nil
	}
	var countries []string
	for site := range domain.AmazonSites() {
		countries = append(countries, site.Country)
	}
	var page bytes.Buffer
	err := devHTML().Execute(&page, struct {
		Countries []string
		Appstore  string
		Buyers    string
	}{countries, s.dev.Appstore, s.dev.Buyers})
	if err != nil {
		return err
	}
	writeDev(w, "text/html; charset=utf-8", page.Bytes())
	return nil
}

// devFile answers with a part of the page.
func devFile(contentType string, body []byte) handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		writeDev(w, contentType, body)
		return nil
	}
}

func writeDev(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Security-Policy", devPolicy)
	write(w, http.StatusOK, contentType, body)
}
