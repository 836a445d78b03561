package mailroom

import "strings"

// site is a country's Amazon and the words of its messages, as sellers there have seen them. The words are the
// seller's language, whatever the buyer writes in. Those of the Netherlands have not been seen: English stands in.
type site struct {
	country, tld, marketplaceID string
	greeting                    string
	opening, closing            string // the lines around the buyer's text
	resolve                     string // label of the link that says "no response needed"
	subject                     string // of a buyer's message: name, order
	question                    string // of one without an order: name
	copied                      string // of the copy of an answer: name
	optedOut                    string
	order                       string // "Order"
}

var sites = []site{
	{
		country: "FR", tld: "fr", marketplaceID: "A13V1IB3VIYZZH", greeting: "Vous avez reçu un message.",
		opening: "------------- Message:  -------------", closing: "------------- Fin du message -------------",
		resolve:  "Résoudre le cas",
		subject:  "Demande de renseignements de la part du client Amazon %s (Commande : %s)",
		question: "Demande de renseignements de la part du client Amazon %s", copied: "Votre e-mail à %s",
		optedOut: "Votre message n’a pas été transmis : l’acheteur ne souhaite plus en recevoir", order: "Commande",
	},
	{
		country: "DE", tld: "de", marketplaceID: "A1PA6795UKMFR9", greeting: "Sie haben eine Nachricht erhalten.",
		opening: "------------- Anfang der Nachricht -------------", closing: "------------- Ende der Nachricht -------------",
		resolve: "Fall lösen", subject: "Frage von Amazon-Kunde %s (Bestellung: %s)", question: "Frage von Amazon-Kunde %s",
		copied: "Ihre E-Mail an %s", optedOut: "Ihre Nachricht wurde nicht zugestellt: der Käufer wünscht keine", order: "Bestellung",
	},
	{
		country: "ES", tld: "es", marketplaceID: "A1RKKUPIHCS9HS", greeting: "Ha recibido un mensaje.",
		opening: "------------- Message: -------------", closing: "------------- Finalizar mensaje -------------",
		resolve: "Resolver caso", subject: "Consulta sobre detalles del producto del cliente de Amazon %s (Pedido: %s)",
		question: "Consulta sobre detalles del producto del cliente de Amazon %s", copied: "Su e-mail a %s",
		optedOut: "Su mensaje no se ha entregado: el comprador no desea recibirlos", order: "Pedido",
	},
	{
		country: "IT", tld: "it", marketplaceID: "APJ6JRA9NG5V4", greeting: "Hai ricevuto un messaggio.",
		opening: "------------- Messaggio: -------------", closing: "------------- Fine messaggio -------------",
		resolve: "Risolvi caso", subject: "Richiesta del cliente Amazon %s (Ordine: %s)", question: "Richiesta del cliente Amazon %s",
		copied: "La tua e-mail a %s", optedOut: "Il tuo messaggio non è stato consegnato: l'acquirente non desidera riceverne", order: "Ordine",
	},
	{
		country: "GB", tld: "co.uk", marketplaceID: "A1F83G8C2ARO7P", greeting: "You have received a message.",
		opening: "------------- Begin message -------------", closing: "------------- End message -------------",
		resolve: "Resolve case", subject: "Product details inquiry from Amazon customer %s (Order: %s)",
		question: "Product details inquiry from Amazon customer %s", copied: "Your message to %s",
		optedOut: "Your message was not delivered: the buyer has opted out", order: "Order",
	},
	{
		country: "NL", tld: "nl", marketplaceID: "A1805IZSGTT6HS", greeting: "You have received a message.",
		opening: "------------- Begin message -------------", closing: "------------- End message -------------",
		resolve: "Resolve case", subject: "Product details inquiry from Amazon customer %s (Order: %s)",
		question: "Product details inquiry from Amazon customer %s", copied: "Your message to %s",
		optedOut: "Your message was not delivered: the buyer has opted out", order: "Order",
	},
}

// siteOf returns the Amazon of a country.
func siteOf(country string) (site, bool) {
	for _, s := range sites {
		if s.country == strings.ToUpper(country) {
			return s, true
		}
	}
	return site{}, false
}

func (s site) relayHost() string { return "marketplace.amazon." + s.tld }
