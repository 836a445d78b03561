package mail

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// filePhrases are how texts name a file that comes with them. The first are Amazon's own words for a photo that it keeps, the
// others those of buyers.
var filePhrases = []string{
	"élément photo", "photo element", "attached image",
	"image attached", "photo attached", "attached photo", "attached picture", "picture attached", "see attached",
	"photo jointe", "image jointe", "photos jointes", "photo ci-jointe", "photos ci-jointes", "ci-joint", "pièce jointe", "pièces jointes",
	"im anhang", "siehe anhang", "angehängtes foto", "angehängte foto", "beigefügtes foto",
	"foto allegata", "foto allegate", "in allegato", "immagine allegata",
	"foto adjunta", "fotos adjuntas", "imagen adjunta", "adjunto foto", "adjunto imagen", "archivo adjunto",
	"in de bijlage", "foto bijgevoegd", "bijgevoegde foto",
	"w załączniku", "w zalaczniku",
	"bifogad bild", "bifogar bild", "bifogat foto",
}

// speaksOfFile reports whether a text names a file that should have come with it.
func speaksOfFile(text string) bool {
	text = strings.ToLower(norm.NFC.String(text))
	for _, phrase := range filePhrases {
		if strings.Contains(text, phrase) {
			return true
		}
	}
	return false
}
