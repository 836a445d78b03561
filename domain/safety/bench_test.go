package safety_test

import (
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain/safety"
)

// ordinaryMessages are what buyers write every day, about 600 bytes each, one per language of the lists. None of it is a
// real message.
var ordinaryMessages = []string{
	"Hello, I ordered two of these lamps last week (order 999-4567890-1234567) and the tracking page has not moved since " +
		"Tuesday. It still says that the parcel left the depot in Leeds. Could you please check with the carrier where it " +
		"is now? I need it by Friday because it is a present for my sister, and we will be travelling from Saturday until " +
		"the end of the month. If it is easier for you, a neighbour at number 14 can sign for it. Also, could you tell me " +
		"whether the bulb is included, or whether I should buy one? Thank you very much for your help, kind regards, Anna",
	"Bonjour, j'ai passé commande il y a dix jours (n° 999-1234567-7654321) et je n'ai toujours pas reçu mon colis. Le " +
		"suivi indique qu'il est arrivé au dépôt de Lyon mais rien ne bouge depuis vendredi. Pouvez-vous vérifier auprès " +
		"du transporteur s'il vous plaît ? Je serai absente la semaine prochaine, ma voisine peut le réceptionner au " +
		"numéro 8. Par ailleurs, la housse est-elle lavable en machine, et à quelle température ? Je vous remercie par " +
		"avance de votre réponse et vous souhaite une très bonne journée. Bien à vous, Hélène",
	"Guten Tag, ich habe vor zehn Tagen eine Kaffeemaschine bestellt (Bestellung 999-2345678-8765432) und laut " +
		"Sendungsverfolgung liegt das Paket seit Dienstag in Köln. Können Sie bitte beim Versanddienst nachfragen, wann " +
		"es zugestellt wird? Am Wochenende bin ich nicht zu Hause, aber meine Nachbarin im Erdgeschoss nimmt es gerne an. " +
		"Außerdem möchte ich wissen, ob das Netzkabel länger als ein Meter ist und ob ein Filter beiliegt. Vielen Dank " +
		"für Ihre Mühe und freundliche Grüße aus München, Jörg",
	"Hola, hice un pedido la semana pasada (999-3456789-9876543) y todavía no ha llegado. En la página de seguimiento " +
		"pone que el paquete salió del almacén de Zaragoza el lunes, pero desde entonces no hay ninguna novedad. ¿Podrían " +
		"preguntar a la empresa de transporte cuándo lo entregarán? Mañana estaré en casa todo el día y el jueves solo por " +
		"la tarde. También quería saber si la funda se puede lavar en la lavadora y si existe en color azul. Muchas gracias " +
		"por su ayuda y un saludo cordial, Begoña",
	"Buongiorno, ho ordinato una lampada da tavolo dieci giorni fa (ordine 999-4567891-1234568) e non è ancora arrivata. " +
		"Il tracciamento dice che il pacco è partito da Bologna martedì, ma da allora non si è più mosso. Potreste " +
		"chiedere al corriere quando verrà consegnato? Sabato sarò fuori città, però la portinaia può ritirarlo al posto " +
		"mio. Vorrei anche sapere se la lampadina è compresa e quanto è lungo il cavo. Grazie mille per la disponibilità, " +
		"cordiali saluti, Niccolò",
	"Goedemiddag, ik heb vorige week twee kussens besteld (bestelling 999-5678912-2345679) en volgens de track en trace " +
		"ligt het pakket al sinds maandag in het sorteercentrum. Kunt u bij de bezorger navragen wanneer het wordt " +
		"afgeleverd? Vrijdag ben ik de hele dag thuis, zaterdag alleen in de ochtend. Verder vroeg ik me af of de hoes " +
		"gewassen kan worden op veertig graden en of u ook een grijze uitvoering verkoopt. Alvast hartelijk bedankt voor " +
		"de moeite en met vriendelijke groet, Marijke",
	"Dzień dobry, tydzień temu zamówiłem u Państwa słuchawki (zamówienie 999-6789123-3456780) i do dzisiaj nie dotarły. " +
		"Według śledzenia paczka od wtorku leży w sortowni w Łodzi i nic się nie dzieje. Czy mogliby Państwo zapytać " +
		"przewoźnika, kiedy zostanie doręczona? W piątek będę cały dzień w domu, a w sobotę tylko do południa. Chciałbym " +
		"też wiedzieć, czy w zestawie jest kabel do ładowania i jak długi on jest. Dziękuję za pomoc i pozdrawiam " +
		"serdecznie, Michał",
	"Hej, jag beställde ett par gardiner för drygt en vecka sedan (order 999-7891234-4567801) och de har inte kommit än. " +
		"Enligt spårningen har paketet legat på terminalen i Örebro sedan i tisdags. Kan ni fråga transportören när det " +
		"kommer att levereras? På fredag är jag hemma hela dagen, men på lördag åker vi bort över helgen. Jag undrar " +
		"också om tyget tål tvätt i fyrtio grader och om det följer med krokar. Tack på förhand för hjälpen och vänliga " +
		"hälsningar, Åsa",
	"Bom dia, fiz uma encomenda na semana passada (pedido 999-8912345-5678902) e ainda não chegou. O rastreamento diz " +
		"que o pacote saiu do armazém de Coimbra na segunda-feira, mas desde então não há nenhuma atualização. Podem " +
		"perguntar à transportadora quando será entregue? Amanhã estou em casa o dia inteiro, na quinta só à tarde. Queria " +
		"saber também se a capa pode ser lavada à máquina e se existe em azul-escuro. Muito obrigado pela atenção e " +
		"cumprimentos, João",
}

// BenchmarkSafety measures the matcher with all lists loaded on ordinary messages: MB/s on one core.
func BenchmarkSafety(b *testing.B) {
	benchmarkFlagText(b, ordinaryMessages)
}

// BenchmarkSafetyModelNumbers measures it where digits among letters make it read each text twice.
func BenchmarkSafetyModelNumbers(b *testing.B) {
	var texts []string
	for _, m := range ordinaryMessages {
		texts = append(texts, m+" (XPS15L, B0TEST12AB, anna@mail.example)")
	}
	benchmarkFlagText(b, texts)
}

// BenchmarkSafetyFlagged measures it where there is much to flag.
func BenchmarkSafetyFlagged(b *testing.B) {
	var texts []string
	for _, m := range ordinaryMessages {
		texts = append(texts, m+" I will sue you, this is fraud: refund me or I open an A-to-z claim.")
	}
	benchmarkFlagText(b, texts)
}

func benchmarkFlagText(b *testing.B, texts []string) {
	size := 0
	for _, m := range texts {
		size += len(m)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	safety.FlagText("") // reads the lists, once
	for b.Loop() {
		for _, m := range texts {
			safety.FlagText(m)
		}
	}
}

func TestOrdinaryMessagesAllocateNothing(t *testing.T) {
	is := is.New(t)
	for _, m := range ordinaryMessages {
		is.Equal(safety.FlagText(m), nil)
		is.Equal(testing.AllocsPerRun(10, func() { safety.FlagText(m) }), 0.0)
	}
}
