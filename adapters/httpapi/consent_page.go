package httpapi

import (
	"bytes"
	_ "embed"
	"html/template"
	"maps"
	"net/http"
	"sync"

	"github.com/keybuzzio/marketplaces/domain"
)

//go:embed consent.html
var consentTemplate string

//go:embed consent.css
var consentStyle string

var consentHTML = sync.OnceValue(func() *template.Template { return template.Must(template.New("consent").Parse(consentTemplate)) })

// consentView is what the page shows that a consent ends on when it has nowhere else to go.
type consentView struct {
	Language, Title, Text string
	Good                  bool
	Detail                string // in English; "" when there is none
	Reference             string // what to quote; "" when all is well
	ReferenceName         string
	Style                 template.CSS
}

var (
	consentDone   = sentence{"{marketplace} is connected", "{marketplace} est connecté"}
	consentUndone = sentence{"That did not work", "Cela n'a pas fonctionné"}
	consentClose  = sentence{
		"Go back to KeyBuzz; you may close this page. Orders and messages show there by themselves.",
		"Retournez à KeyBuzz ; vous pouvez fermer cette page. Les commandes et les messages s'y affichent d'eux-mêmes.",
	}
	consentReference = sentence{"Reference", "Référence"}
)

// consentProblems says what to do, by status.
var consentProblems = map[int]sentence{
	http.StatusBadRequest: {
		"The link that you came by is incomplete. Nothing was changed: begin again in KeyBuzz.",
		"Le lien par lequel vous êtes venu est incomplet. Rien n'a été modifié : recommencez dans KeyBuzz.",
	},
	http.StatusForbidden: {
		"Sellers cannot authorize KeyBuzz at {marketplace} on this installation.",
		"Les vendeurs ne peuvent pas autoriser KeyBuzz chez {marketplace} sur cette installation.",
	},
	http.StatusConflict: {
		"Something has changed since you began. Look at your connection in KeyBuzz, then begin again.",
		"Quelque chose a changé depuis que vous avez commencé. Regardez votre connexion dans KeyBuzz, puis recommencez.",
	},
	http.StatusUnprocessableEntity: {
		"This way back cannot be used, or not any more. If you saw before that {marketplace} is connected, it still is. If not, begin again in KeyBuzz, in this browser.",
		"Ce retour ne peut pas, ou plus, être utilisé. Si vous avez déjà vu que {marketplace} est connecté, il l'est toujours. Sinon, recommencez dans KeyBuzz, dans ce navigateur.",
	},
	http.StatusServiceUnavailable: {
		"This does not work at the moment. Load this page again in a minute; if that does not help, begin again in KeyBuzz.",
		"Cela ne fonctionne pas pour le moment. Rechargez cette page dans une minute ; si cela ne suffit pas, recommencez dans KeyBuzz.",
	},
	http.StatusInternalServerError: {
		"Something went wrong on our side. Begin again in KeyBuzz; if that does not help, tell us the reference below.",
		"Une erreur s'est produite de notre côté. Recommencez dans KeyBuzz ; si cela ne suffit pas, donnez-nous la référence ci-dessous.",
	},
}

// writeConsentPage tells a person how a consent ended, with the status and the headers that the problem would have.
func writeConsentPage(w http.ResponseWriter, r *http.Request, m domain.MarketplaceType, p problem) {
	if p.Status == statusClientGone {
		w.WriteHeader(p.Status)
		return
	}
	t := tongueOf(w, r)
	view := consentView{Language: t.String(), Style: template.CSS(consentStyle), Good: p.Status == http.StatusOK}
	if view.Good {
		view.Title, view.Text = consentDone.in(t, "marketplace", m.Title()), consentClose.in(t)
	} else {
		view.Title, view.Text = consentUndone.in(t), consentProblems[p.Status].in(t, "marketplace", m.Title())
		view.Detail, view.Reference, view.ReferenceName = p.Detail, exchangeOf(r).id, consentReference.in(t)
	}
	var page bytes.Buffer
	if err := consentHTML().Execute(&page, view); err != nil {
		writeProblem(w, r, newProblem(http.StatusInternalServerError, internalDetail))
		return
	}
	maps.Copy(w.Header(), p.header)
	w.Header().Set("Content-Security-Policy", stylePolicy(consentStyle))
	write(w, p.Status, "text/html; charset=utf-8", page.Bytes())
}
