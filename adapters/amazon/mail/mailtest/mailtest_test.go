package mailtest_test

import (
	"reflect"
	"regexp"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
)

func TestMails(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	mails := mailtest.Mails(1, 900)
	is.Equal(len(mails), 900)
	is.True(reflect.DeepEqual(mails, mailtest.Mails(1, 900)))
	is.True(reflect.DeepEqual(mails[:40], mailtest.Mails(1, 40))) // more begin with the same
	is.True(!reflect.DeepEqual(mails, mailtest.Mails(2, 900)))

	kinds, languages := map[domain.MessageKind]bool{}, map[string]bool{}
	order := regexp.MustCompile(`[0-9]{3}-[0-9]{7}-[0-9]{7}`)
	for _, m := range mails {
		kinds[m.Want.Kind], languages[m.Want.Language] = true, true
		for _, id := range order.FindAllString(string(m.Raw), -1) {
			is.Equal(id[:4], "999-") // never an order that could exist
		}
	}
	is.Equal(len(kinds), 10) // every kind there is
	for _, language := range []string{"fr", "de", "es", "it", "pt", "en", "ja", "nl", "pl", "sv", "ar"} {
		is.True(languages[language])
	}
}
