package mail

import (
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// subjectPhrases tell Amazon's mails apart where a forwarder has left nothing else: by their subjects in the sellers'
// languages. The first that fits counts: decisions stand before claims, and claims before refunds, since Italy calls a
// claim a request for a refund. Those of it, fr, es, en and pt have been seen, the others are plausible.
var subjectPhrases = foldPhrases([]phrases{
	{domain.KindDeliveryFailure, []string{
		"message could not be delivered", "message was not delivered", "message to the buyer was not",
		"n'a pas été remis", "n'a pas été transmis", "n'a pas pu être remis", "n'a pas été livré",
		"konnte nicht zugestellt werden", "wurde nicht zugestellt", "no se ha entregado", "no se pudo entregar", "no ha sido entregado",
		"non è stato consegnato", "não foi entregue", "não pôde ser entregue", "is niet bezorgd", "kon niet worden bezorgd",
		"nie została dostarczona", "kunde inte levereras", "har inte levererats",
	}},
	{domain.KindChargeback, []string{
		"charge dispute", "chargeback", "contestation de paiement", "rückbuchung", "disputa de cargo", "contracargo",
		"contestazione di addebito", "contestação de cobrança", "terugboeking", "obciążenie zwrotne", "återkrav",
	}},
	{domain.KindClaimClosed, []string{
		"claim decision", "décision concernant la réclamation", "entscheidung zu ihrem garantieantrag", "entscheidung über den garantieantrag",
		"decisión sobre la reclamación", "decisión de la reclamación", "decisione sul reclamo", "decisione relativa al reclamo",
		"decisão da reclamação", "decisão sobre a reclamação", "beslissing over de claim", "decyzja dotycząca roszczenia", "beslut om krav",
	}},
	{domain.KindClaimOpened, []string{
		"claim received on order", "a-to-z guarantee claim", "a-to-z claim", "réclamation reçue", "réclamation au titre de la garantie a à z",
		"garantie a à z", "a-bis-z-garantie", "garantieantrag", "garantía de la a a la z", "garantía de a a z",
		"richiesta di rimborso ricevuta", "garanzia dalla a alla z", "garantia de a a z", "a-tot-z-garantie", "gwarancja od a do z",
		"a till ö-garanti", "a-till-z-garanti",
	}},
	{domain.KindReturnEvent, []string{
		"return authorization request", "return authorisation request", "return requested", "autorisation de retour", "demande de retour",
		"rücksendeantrag", "rücksendegenehmigung", "autorización de devolución", "solicitud de devolución", "autorizzazione del reso",
		"richiesta di reso", "autorização de devolução", "solicitação de devolução", "retourautorisatie", "retourverzoek",
		"autoryzacja zwrotu", "prośba o zwrot", "returauktorisering", "returbegäran",
	}},
	{domain.KindCancelRequest, []string{
		"order cancellation request", "demande d'annulation", "stornierungsanfrage", "antrag auf stornierung", "solicitud de cancelación",
		"richiesta di annullamento", "solicitação de cancelamento", "pedido de cancelamento", "annuleringsverzoek", "prośba o anulowanie",
		"avbokningsbegäran", "begäran om avbeställning",
	}},
	{domain.KindRefundEvent, []string{
		"refund initiated", "refund issued", "remboursement initié", "remboursement effectué", "rückerstattung veranlasst",
		"erstattung veranlasst", "reembolso iniciado", "reembolso emitido", "avviato - ordine", "rimborso avviato", "rimborso emesso",
		"terugbetaling gestart", "terugbetaling geïnitieerd", "rozpoczęto zwrot", "zainicjowano zwrot", "återbetalning har påbörjats",
		"återbetalning påbörjad",
	}},
	{domain.KindFeedback, []string{
		"left feedback", "new feedback", "seller feedback", "new review", "customer review", "nouvelle évaluation", "évaluation de vendeur",
		"commentaire client", "neue bewertung", "verkäuferbewertung", "nueva valoración", "valoración del vendedor", "nuova recensione",
		"nuovo feedback", "feedback del venditore", "nova avaliação", "avaliação do vendedor", "nieuwe beoordeling", "nowa opinia",
		"nytt omdöme",
	}},
	{domain.KindSellerCopy, copyPhrases},
})

// copyPhrases begin the subjects of copies. Of the buyer's name, which may follow, nothing else in such a mail tells.
var copyPhrases = []string{
	"your e-mail to", "your email to", "your message to", "votre e-mail à", "votre message à", "ihre e-mail an", "ihre nachricht an",
	"su correo electrónico a", "su e-mail a", "tu e-mail a", "su mensaje para", "su mensaje a", "tu mensaje a", "la tua e-mail a", "il tuo messaggio a", "seu e-mail para",
	"sua mensagem para", "uw e-mail aan", "uw bericht aan", "twoja wiadomość do", "ditt e-postmeddelande till", "ditt meddelande till",
}

type phrases struct {
	kind domain.MessageKind
	all  []string
}

func foldPhrases(tables []phrases) []phrases {
	for i, t := range tables {
		tables[i].all = foldAll(t.all)
	}
	return tables
}

// subjectKind returns what the subject of a mail of Amazon's says that it is, "" if it says nothing.
func subjectKind(subject string) domain.MessageKind {
	folded := foldWords(subject)
	for _, table := range subjectPhrases {
		for _, phrase := range table.all {
			if strings.Contains(folded, phrase) {
				return table.kind
			}
		}
	}
	return ""
}

// copiedTo returns the name of the buyer in the subject of a copy, "" if it has none.
func copiedTo(subject string) string {
	lower := strings.ToLower(subject)
	if len(lower) != len(subject) { // then places in one are none in the other
		return ""
	}
	for _, phrase := range copyPhrases {
		if _, after, ok := strings.Cut(lower, phrase+" "); ok {
			name, _, _ := strings.Cut(subject[len(subject)-len(after):], "(")
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// isDelayed reports whether the subject of a mail server's report in no set form tells of a delay.
func isDelayed(subject string) bool {
	subject = strings.ToLower(subject)
	return strings.Contains(subject, "delayed") || strings.Contains(subject, "warning") || strings.Contains(subject, "(delay)")
}
