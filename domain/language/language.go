// Package language tells the language of a short text by its commonest words, or by its script where that decides.
package language

import (
	"strings"
	"unicode"
)

// stopWords are the commonest words and their languages. A word that is common in two languages stands in both lists, or
// in neither.
var stopWords = stopWordTable(map[string]string{
	"fr": "bonjour merci je vous nous est et où ma mon mes votre pas une pour dans avec ai été commande colis sur cette cordialement les des du que qui la le de un en non il",
	"en": "hello the and is my you your not have has was with for this that please thanks thank order would when where what received dear it are i a to",
	"de": "hallo ich sie und nicht ist das der die mein meine ein eine mit bitte wann wo habe wurde danke bestellung für auf sehr geehrte den von es zu in",
	"es": "hola gracias el los mi pedido está y por favor cuando dónde he recibido quiero usted para con una ha del es buenos días que pero la de un en no muchas",
	"it": "ciao buongiorno grazie il mio ordine non è per favore quando dove ho ricevuto vorrei sono con una della che di gli anche salve e la un i le",
	"pt": "olá obrigado obrigada meu minha pedido não está e por favor quando onde recebi quero você para com uma do da que bom dia de um o no muito",
	"nl": "hallo ik het een en niet is mijn bestelling met van wanneer waar heb bedankt graag dank u de voor ook geachte zijn te in",
	"pl": "dzień dobry dziękuję i nie jest moje zamówienie proszę kiedy gdzie mam z na do się czy to jak paczka witam o w za",
	"tr": "merhaba bir bu ve ile için ne zaman nerede değil ben benim sipariş siparişim kargo günler iyi teşekkürler teşekkür ederim lütfen bana çok var yok mı mi da de",
	"sv": "hej tack jag och inte är min det en ett med på för när var har beställning hälsningar mitt som kan ni den till i",
})

func stopWordTable(lists map[string]string) map[string][]string {
	table := map[string][]string{}
	for language, words := range lists {
		for _, w := range strings.Fields(words) {
			table[w] = append(table[w], language)
		}
	}
	return table
}

// maxSample is how many words of a text are looked at.
const maxSample = 300

// sureHits is how many common words a sure answer needs.
const sureHits = 4

// Of returns the ISO 639-1 code of the language of a text, "" when it cannot be told.
//
//   - Quoted lines (> …) do not count; of the rest the first 300 words do.
//   - sure: the language has at least four common words, and twice as many as any other.
//   - Known: English, French, German, Spanish, Italian, Portuguese, Dutch, Polish, Turkish, Swedish; Japanese and Arabic by script.
func Of(text string) (code string, sure bool) {
	best, most, next := "", 0, 0
	for language, n := range scores(text) {
		switch {
		case n > most:
			best, most, next = language, n, most
		case n > next:
			next = n
		}
	}
	if most == next {
		return "", false
	}
	return best, most >= sureHits && most >= 2*next
}

// scores counts the common words of each language.
func scores(text string) map[string]int {
	score := map[string]int{}
	words := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, ">") {
			continue
		}
		for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return !unicode.IsLetter(r) }) {
			if words++; words > maxSample {
				break
			}
			if script := scriptLanguage(word); script != "" {
				score[script] += 2
			}
			for _, language := range stopWords[strings.ToLower(word)] {
				score[language]++
			}
		}
	}
	return score
}

// scriptLanguage returns the language of a word whose script says enough.
func scriptLanguage(word string) string {
	for _, r := range word {
		switch {
		case r < 0x0500:
			return ""
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			return "ja"
		case unicode.Is(unicode.Arabic, r):
			return "ar"
		}
	}
	return ""
}
