package mail

import (
	"slices"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// What the labels in Amazon's notices stand for, beside the facts.
const (
	labelComment = "comment" // the buyer's own words
	labelOther   = "other"   // known, and of no use
)

// labelStems are parts of the words that label values in Amazon's notices, folded as foldWords does. The first that is in
// a label counts. Those of it, fr and en have been seen, the others are plausible.
var labelStems = []struct {
	label string
	stems []string
}{
	{labelComment, foldAll([]string{"comment", "kommentar", "coment", "opmerking", "komentarz", "yorum", "コメント", "تعليق"})},
	{domain.FactSKU, []string{"sku"}},
	{domain.FactASIN, []string{"asin"}},
	{domain.FactQuantity, foldAll([]string{"quantit", "qty", "menge", "anzahl", "cantidad", "quantidad", "aantal", "ilość", "antal", "miktar", "数量"})},
	{domain.FactReason, foldAll([]string{"reason", "raison", "motif", "grund", "motiv", "reden", "powód", "anledning", "orsak", "neden", "理由"})},
	{labelOther, foldAll([]string{
		"carrier", "transport", "versanddienst", "corriere", "vervoerder", "przewoźnik", "tracking", "suivi", "sendungsnummer", "seguimiento",
		"rastre", "śledzenia", "spårning", "order", "commande", "bestell", "pedido", "ordine", "zamówienie", "beställning", "item", "product",
		"produit", "produkt", "artikel", "articolo", "prodotto", "produto", "amount", "montant", "betrag", "importe", "importo", "bedrag",
		"kwota", "belopp", "datum", "fecha", "return", "refund", "rma",
	})},
}

// labelOf returns what a text labels, "" if it is no label.
func labelOf(text string) string {
	if len(text) > 80 {
		return ""
	}
	words := strings.Fields(foldWords(strings.TrimRight(strings.TrimSpace(text), ": #")))
	if len(words) > 5 {
		return ""
	}
	for _, l := range labelStems {
		for _, stem := range l.stems {
			for _, word := range words {
				if word == stem || len(stem) >= 5 && strings.Contains(word, stem) {
					return l.label
				}
			}
		}
	}
	return ""
}

// readLabels reads the values behind labels in a notice: "Label: value", cells of a row, or rows below a row of labels. The
// first value of a label counts, but for the buyer's comments: all of them, each to the next label.
func readLabels(text string) map[string]string {
	r := labelReader{values: map[string]string{}}
	for line := range strings.Lines(text) {
		r.line(strings.TrimRight(line, "\n"))
	}
	if _, ok := r.values[labelComment]; ok {
		r.values[labelComment] = strings.TrimSpace(strings.Join(r.said, "\n"))
	}
	return r.values
}

// labelReader is at one line of a notice.
type labelReader struct {
	values  map[string]string
	columns []string // what the cells of the rows below a row of labels are
	comment bool     // the line may go on with the buyer's comment
	said    []string // lines of comments
	cell    bool     // which stands in the cell of a table, where a label of the buyer's own ends nothing
}

func (r *labelReader) line(line string) {
	cells := strings.Split(line, "\t")
	if columns := readRow(cells); columns != nil {
		r.columns, r.comment, r.cell = columns, slices.Contains(columns, labelComment), true
		return
	}
	if r.columns != nil && len(cells) == len(r.columns) {
		for i, cell := range cells {
			r.set(r.columns[i], cell)
		}
		return
	}
	label, value := "", ""
	if isSaid := r.comment && len(cells) == 1 && (r.cell || !strings.Contains(line, ":")); !isSaid {
		label, value = labelled(line, cells)
	}
	switch {
	case label != "":
		r.set(label, value)
		r.columns, r.comment, r.cell = nil, label == labelComment, len(cells) > 1
	case isFooterLine(line):
		r.comment = false
	case r.comment:
		r.said = append(r.said, line)
	}
}

// set keeps the first value of a label, and every comment.
func (r *labelReader) set(label, value string) {
	if label == labelComment {
		r.said = append(r.said, value)
	}
	if r.values[label] == "" {
		r.values[label] = strings.TrimSpace(value)
	}
}

// readRow returns what the cells of a row of labels label, nil if it is none. Of two cells the second is a value, though it
// may read like a label.
func readRow(cells []string) []string {
	if len(cells) < 3 {
		return nil
	}
	columns := make([]string, len(cells))
	for i, cell := range cells {
		if columns[i] = labelOf(cell); columns[i] == "" {
			return nil
		}
	}
	return columns
}

// labelled parts a line of one label and its value, which may follow on the next lines.
func labelled(line string, cells []string) (label, value string) {
	if len(cells) > 1 {
		if label = labelOf(cells[0]); label != "" {
			return label, strings.Join(cells[1:], " ")
		}
	}
	if before, after, ok := strings.Cut(line, ":"); ok {
		return labelOf(before), after
	}
	return labelOf(line), ""
}
