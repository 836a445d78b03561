package mailtest

// frame is how Amazon dresses a buyer's message for a seller, and what buyers write, in one language.
type frame struct {
	language, tld, marketplaceID string
	greeting, opening, closing   string
	helpful, resolve, report     string // labels of the footer
	subject                      string // name, order
	names                        []string
	first, second, last          []string // paragraphs of buyers
	template                     bool     // the seller's language is one whose markers are known
}

// frames are the languages of the marketplaces. Where Amazon's words have not been seen, plausible ones stand, so that a
// reader must go by their shape.
var frames = []frame{
	{
		language: "fr", tld: "fr", marketplaceID: "A13V1IB3VIYZZH", template: true,
		greeting: "Vous avez reçu un message.",
		opening:  "------------- Message:  -------------", closing: "------------- Fin du message -------------",
		helpful: "Cet e-mail a-t-il été utile ?", resolve: "Résoudre le cas", report: "Signaler une activité suspecte",
		subject: "Demande de renseignements de la part du client Amazon %s (Commande : %s)",
		names:   []string{"Noé", "Zoé B", "Étienne", "Maëlle"},
		first:   []string{"Bonjour, je n’ai pas encore reçu ma commande.", "Bonjour, est-ce que vous pouvez me dire où est mon colis ?"},
		second:  []string{"Le suivi n'a pas bougé depuis une semaine, et la date est passée.", "J'ai choisi la livraison à l'étage avec rendez-vous."},
		last:    []string{"Merci pour votre réponse, cordialement", "Merci d'avance et bonne journée à vous"},
	},
	{
		language: "de", tld: "de", marketplaceID: "A1PA6795UKMFR9", template: true,
		greeting: "Sie haben eine Nachricht erhalten.",
		opening:  "------------- Anfang der Nachricht -------------", closing: "------------- Ende der Nachricht -------------",
		helpful: "War diese E-Mail hilfreich?", resolve: "Fall lösen", report: "Verdächtige Aktivität melden",
		subject: "Frage von Amazon-Kunde %s (Bestellung: %s)",
		names:   []string{"Jörg", "Käthe", "Lütje M", "Änne"},
		first:   []string{"Sehr geehrte Damen und Herren, meine Bestellung ist nicht angekommen.", "Hallo, wann wird meine Bestellung geliefert?"},
		second:  []string{"Die Straße heißt Weißdornweg, nicht Weißdorngasse.", "Für die Größe habe ich mich leider geirrt, bitte prüfen Sie das."},
		last:    []string{"Danke und viele Grüße", "Ich freue mich auf Ihre Antwort, danke"},
	},
	{
		language: "es", tld: "es", marketplaceID: "A1RKKUPIHCS9HS", template: true,
		greeting: "Ha recibido un mensaje.",
		opening:  "------------- Message: -------------", closing: "------------- Finalizar mensaje -------------",
		helpful: "Ver mensaje", resolve: "Resolver caso", report: "Informar de actividad sospechosa",
		subject: "Consulta sobre detalles del producto del cliente de Amazon %s (Pedido: %s)",
		names:   []string{"Íñigo", "Begoña", "Nuño P", "Inés"},
		first:   []string{"Hola, ¿dónde está mi pedido?", "Buenos días, el pedido no ha llegado."},
		second:  []string{"En el seguimiento pone que está en reparto desde el día 3.", "Quiero saber cuándo llega, es para un cumpleaños del niño."},
		last:    []string{"Muchas gracias por la ayuda", "Gracias, espero su respuesta"},
	},
	{
		language: "es", tld: "com.mx", marketplaceID: "A1AM78C64UM0Y8", template: true,
		greeting: "Recibiste un mensaje.",
		opening:  "------------- Mensaje: -------------", closing: "------------- Finalizar mensaje -------------",
		helpful: "Ver mensaje", resolve: "Resolver caso", report: "Informar de actividad sospechosa",
		subject: "Consulta del cliente de Amazon %s (Pedido: %s)",
		names:   []string{"Ximena", "Ángel", "Lupita R"},
		first:   []string{"Hola, quiero cambiar la dirección de mi pedido.", "Buenos días, ¿el producto tiene garantía?"},
		second:  []string{"La colonia está mal escrita en el pedido, y el código también.", "Por favor dígame cuando sale el paquete."},
		last:    []string{"Gracias por su ayuda", "Quedo a la espera, gracias"},
	},
	{
		language: "it", tld: "it", marketplaceID: "APJ6JRA9NG5V4", template: true,
		greeting: "Hai ricevuto un messaggio.",
		opening:  "------------- Messaggio: -------------", closing: "------------- Fine messaggio -------------",
		helpful: "Questa e-mail è stata utile?", resolve: "Risolvi caso", report: "Segnala attività sospetta",
		subject: "Richiesta di informazioni da %s (Ordine: %s)",
		names:   []string{"Niccolò", "Zaira", "Perla", "Tea L"},
		first:   []string{"Buongiorno, non ho ricevuto il mio ordine.", "Salve, quando arriva il mio ordine?"},
		second:  []string{"Il corriere dice che è già stato consegnato, ma non è così.", "Vorrei sapere se è possibile cambiare il colore della custodia."},
		last:    []string{"Grazie e buona giornata", "Grazie anche per la vostra disponibilità"},
	},
	{
		language: "pt", tld: "com.br", marketplaceID: "A2Q3Y263D00KWC", template: true,
		greeting: "Você recebeu uma mensagem.",
		opening:  "------------- Mensagem: -------------", closing: "------------- Encerrar mensagem -------------",
		helpful: "Este e-mail foi útil?", resolve: "Solucionar o caso", report: "Denunciar atividade questionável",
		subject: "Detalhes do produto Amazon %s pergunta do cliente (Pedido: %s)",
		names:   []string{"João", "Conceição", "Iná S"},
		first:   []string{"Olá, onde está o meu pedido?", "Bom dia, não recebi o meu pedido."},
		second:  []string{"Quero saber quando ele chega, você pode me dizer por favor?", "A transportadora não respondeu até agora."},
		last:    []string{"Muito obrigado", "Obrigada pela atenção"},
	},
	{
		language: "en", tld: "co.uk", marketplaceID: "A1F83G8C2ARO7P", template: true,
		greeting: "You have received a message.",
		opening:  "------------- Begin message -------------", closing: "------------- End message -------------",
		helpful: "Was this email helpful?", resolve: "Resolve case", report: "Report suspicious activity",
		subject: "Product details inquiry from Amazon customer %s (Order: %s)",
		names:   []string{"Nigella", "O'Shea", "Wren T", "ALFIE"},
		first:   []string{"Hello, where is my order? It was due on Monday.", "Dear seller, when will you send the parcel?"},
		second:  []string{"The tracking page has not changed for a week.", "I would like to know whether the lid fits the older model."},
		last:    []string{"Thanks for your help", "Many thanks, and have a good weekend"},
	},
	{
		language: "ja", tld: "co.jp", marketplaceID: "A1VC38T7YXB528", template: true,
		greeting: "メッセージを受け取りました。",
		opening:  "------------- メッセージはここから -------------", closing: "------------- メッセージはここまで -------------",
		helpful: "このメールは役に立ちましたか？", resolve: "解決する", report: "不審な行為を報告する",
		subject: "商品に関する問い合わせ %s (注文: %s)",
		names:   []string{"かえで", "そうた"},
		first:   []string{"注文した商品がまだ届きません。"},
		second:  []string{"いつごろ届くのか教えてください。"},
		last:    []string{"よろしくお願いします。"},
	},
	{
		language: "nl", tld: "nl", marketplaceID: "A1805IZSGTT6HS",
		greeting: "U hebt een bericht ontvangen.",
		opening:  "------------- Bericht: -------------", closing: "------------- Einde bericht -------------",
		helpful: "Was deze e-mail nuttig?", resolve: "Zaak oplossen", report: "Verdachte activiteit melden",
		subject: "Vraag van Amazon-klant %s (Bestelling: %s)",
		names:   []string{"Sjoerd", "Fenna", "Tjitske V"},
		first:   []string{"Hallo, waar is mijn bestelling?", "Goedendag, ik heb het pakket niet ontvangen."},
		second:  []string{"De bezorger was hier niet, en ik was wel thuis.", "Graag hoor ik wanneer het wordt geleverd."},
		last:    []string{"Bedankt en groeten", "Ik hoor het graag van u"},
	},
	{
		language: "pl", tld: "pl", marketplaceID: "A1C3SOZRARQ6R3",
		greeting: "Masz nową wiadomość.",
		opening:  "------------- Wiadomość: -------------", closing: "------------- Koniec wiadomości -------------",
		helpful: "Czy ta wiadomość była pomocna?", resolve: "Rozwiąż sprawę", report: "Zgłoś podejrzaną aktywność",
		subject: "Zapytanie od klienta Amazon %s (Zamówienie: %s)",
		names:   []string{"Łucja", "Świętosław", "Żaneta K"},
		first:   []string{"Dzień dobry, gdzie jest moje zamówienie?", "Witam, paczka nie dotarła do mnie."},
		second:  []string{"Proszę o informację, kiedy to będzie wysłane.", "Czekam już tydzień i nie mam żadnej odpowiedzi."},
		last:    []string{"Dziękuję i pozdrawiam", "Dziękuję za pomoc"},
	},
	{
		language: "sv", tld: "se", marketplaceID: "A2NODRKZP88ZB9",
		greeting: "Du har fått ett meddelande.",
		opening:  "------------- Meddelande: -------------", closing: "------------- Slut på meddelandet -------------",
		helpful: "Var det här e-postmeddelandet till hjälp?", resolve: "Lös ärendet", report: "Rapportera misstänkt aktivitet",
		subject: "Fråga från Amazon-kund %s (Beställning: %s)",
		names:   []string{"Åke", "Örjan", "Saga W"},
		first:   []string{"Hej, var är min beställning?", "Hej, jag har inte fått paketet."},
		second:  []string{"Jag undrar när det kommer och med vilket bolag.", "Det står att det är levererat, men det stämmer inte."},
		last:    []string{"Tack och hälsningar", "Tack för hjälpen"},
	},
	{
		language: "ar", tld: "ae", marketplaceID: "A2VIGQ35RCS4UG",
		greeting: "لقد تلقيت رسالة.",
		opening:  "------------- رسالة: -------------", closing: "------------- نهاية الرسالة -------------",
		helpful: "هل كان هذا البريد مفيدًا؟", resolve: "حل الحالة", report: "الإبلاغ عن نشاط مشبوه",
		subject: "استفسار من عميل أمازون %s (الطلب: %s)",
		names:   []string{"ليلى", "سامر"},
		first:   []string{"مرحبا، أين طلبي؟"},
		second:  []string{"لم يصل الطلب \u200fحتى الآن\u200f وقد مر أسبوع."},
		last:    []string{"شكرا لكم"},
	},
}

// inLanguage returns the first frame of a language.
func inLanguage(language string) frame {
	for _, f := range frames {
		if f.language == language {
			return f
		}
	}
	return frames[0]
}
