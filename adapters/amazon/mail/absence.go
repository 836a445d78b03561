package mail

import "strings"

// absencePhrases are what absence notices say and hardly anybody else: that one was out when the parcel came is no
// absence notice. Folded as foldWords does.
var absencePhrases = foldAll([]string{
	"absent du bureau", "absente du bureau", "actuellement absent", "message d'absence", "réponse automatique", "ne lis pas mes messages",
	"absent jusqu'au", "absente jusqu'au", "en congés jusqu'au", "en congé jusqu'au", "en vacances jusqu'au",
	"out of office", "out of the office", "automatic reply", "auto-reply", "autoreply", "on annual leave", "on vacation until", "on holiday until",
	"abwesenheitsnotiz", "automatische antwort", "nicht im büro", "außer haus bis", "im urlaub bis", "bin bis zum", "derzeit abwesend",
	"fuera de la oficina", "respuesta automática", "de vacaciones hasta", "ausente hasta",
	"fuori ufficio", "risposta automatica", "assente fino al", "in ferie fino", "sono assente dall'ufficio",
	"fora do escritório", "resposta automática", "ausente do escritório", "de férias até",
	"afwezig tot", "automatisch antwoord", "niet op kantoor", "op vakantie tot",
	"poza biurem", "automatyczna odpowiedź", "na urlopie do", "jestem nieobecn",
	"autosvar", "automatiskt svar", "inte på kontoret", "på semester till",
})

func foldAll(phrases []string) []string {
	folded := make([]string, len(phrases))
	for i, p := range phrases {
		folded[i] = foldWords(p)
	}
	return folded
}

// maxNotice bounds the text in which an absence is looked for, in bytes. Notices say it first.
const maxNotice = 1000

// isAbsence reports whether a message reads like the absence notice of a buyer's mail program, which comes by the relay as
// an ordinary message.
func isAbsence(subject, body string) bool {
	folded := foldWords(subject + " " + strings.ReplaceAll(cut(body, maxNotice), "\n", " "))
	for _, phrase := range absencePhrases {
		if strings.Contains(folded, phrase) {
			return true
		}
	}
	return false
}
