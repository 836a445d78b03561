package mailtest

import (
	"cmp"
	"slices"
)

// frame is how Amazon dresses a buyer's message for a seller, and what buyers write, in one language.
type frame struct {
	label                      string // tells frames apart: "fr", "es-MX"
	language, country          string // of the texts; of the marketplace, in lower case
	tld, marketplaceID         string
	greeting, opening, closing string
	older                      [2]string // the markers of earlier years; "" if none are known
	helpful, resolve, report   string    // labels of the footer
	subject                    string    // name, order
	copied                     string    // the subject of the copy of an answer: name
	wrote                      string    // heads a quoted mail
	absent                     string    // an absence notice
	quantity, reason, comment  string    // labels in the notice of a return; "" for the English ones
	names                      []string
	first, second, last        []string // paragraphs of buyers
}

// frames are the languages of the marketplaces.
var frames = slices.Concat(seenFrames, unseenFrames)

// seen reports whether the frame's markers have been seen in mails.
func (f frame) seen() bool {
	return slices.ContainsFunc(seenFrames, func(s frame) bool { return s.label == f.label })
}

// stamp is the name of the region in the number of each delivery.
func (f frame) stamp() string {
	switch f.label {
	case "es-MX", "pt-BR", "en-US", "ca":
		return "SPC-USAmazon-"
	}
	return "SPC-EUAmazon-"
}

// returnLabels are the words of the table in the notice of a return.
func (f frame) returnLabels() (quantity, reason, comment string) {
	return cmp.Or(f.quantity, "Quantity"), cmp.Or(f.reason, "Return reason"), cmp.Or(f.comment, "Buyer comment")
}
