package safety_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain/safety"
)

// readSentences reads a file of sentences under [headings].
func readSentences(t testing.TB, language string) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "ordinary", language+".txt"))
	is.New(t).NoErr(err)
	sentences, heading := map[string][]string{}, ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			heading = strings.Trim(line, "[]")
		} else if line != "" {
			sentences[heading] = append(sentences[heading], line)
		}
	}
	return sentences
}

// ordinaryMessage writes a message that no person needs to answer: an opening, some details, a question, a closing.
func ordinaryMessage(r *rand.Rand, sentences map[string][]string) string {
	var parts []string
	for _, heading := range []string{"opening", "detail", "detail", "question", "closing"} {
		parts = append(parts, sentences[heading][r.IntN(len(sentences[heading]))])
	}
	return strings.Join(parts, []string{" ", "\n", "\n\n"}[r.IntN(3)])
}

func TestOrdinaryMessagesAreRarelyBlocked(t *testing.T) {
	t.Parallel()
	const messages, mayBlock, mayReview = 1000, 5, 100 // per language; one question in sixteen asks about refunds
	for _, language := range safety.Languages() {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			sentences, random := readSentences(t, language), rand.New(rand.NewPCG(7, 7))
			blocks, reviews, by := 0, 0, map[string]int{}
			for range messages {
				message := ordinaryMessage(random, sentences)
				flags := safety.FlagText(message)
				for _, f := range flags {
					by[fmt.Sprintf("%s %s %s: %s", f.Action, f.Language, f.Term, message[f.Start:f.End])]++
				}
				switch {
				case blocked(message):
					blocks++
				case len(flags) > 0:
					reviews++
				}
			}
			if blocks > mayBlock || reviews > mayReview {
				t.Errorf("%d blocks and %d reviews in %d ordinary messages: %v", blocks, reviews, messages, by)
			}
			t.Logf("%d blocks, %d reviews: %v", blocks, reviews, by)
		})
	}
}
