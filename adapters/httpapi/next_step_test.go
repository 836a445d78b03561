package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/domain"
)

func TestEveryStepHasItsSentences(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	told := httpapi.NextSteps()
	is.Equal(len(told), len(domain.Steps)) // and there is none for what is no step
	seen := map[string]bool{}
	for _, step := range domain.Steps {
		is.True(slices.Contains(told, step))
		next := domain.NextStep{Step: step, Region: "EU", Country: "FR", Address: "amazon.t1.fr.x@inbound.example.com", Days: 12}
		for _, language := range []string{"en", "fr"} {
			text := httpapi.TellStep(next, language)
			is.True(!seen[text]) // each its own, in each language
			seen[text] = true
			is.True(len(text) > 20 && strings.HasSuffix(text, ".") && !strings.ContainsAny(text, "{}"))
		}
	}
}

func TestStepsNameWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, c := range []struct {
		next   domain.NextStep
		en, fr string
	}{
		{domain.NextStep{Step: domain.StepReauthorize, Region: "NA"}, "for North America was withdrawn", "pour l'Amérique du Nord a été retirée"},
		{domain.NextStep{Step: domain.StepReauthorize, Region: "FE"}, "for the Far East", "pour l'Extrême-Orient"},
		{domain.NextStep{Step: domain.StepReauthorize, Region: "MARS"}, "for MARS", "pour MARS"},
		{domain.NextStep{Step: domain.StepRenew, Region: "EU", Days: 29}, "within 29 days: the authorization for Europe", "d'ici 29 jours : l'autorisation pour l'Europe"},
		{domain.NextStep{Step: domain.StepRenew, Region: "EU", Days: 1}, "within a day:", "d'ici un jour :"},
		{domain.NextStep{Step: domain.StepRenew, Region: "EU", Days: 0}, "again today:", "chez Amazon aujourd'hui :"},
		{domain.NextStep{Step: domain.StepSendMail, Country: "IT", Address: "a@b.example"}, "for IT, have your buyers' messages sent to a@b.example", "(IT), faites envoyer les messages de vos acheteurs à a@b.example"},
	} {
		is.True(strings.Contains(httpapi.TellStep(c.next, "en"), c.en))
		is.True(strings.Contains(httpapi.TellStep(c.next, "fr"), c.fr))
	}
}

func TestTheStatusSaysWhatToDoNext(t *testing.T) {
	t.Parallel()
	api := newAmazon()
	is, s := is.New(t), newStage(t, withAmazon(api), func(u *setup) { u.host = "" })
	expect := func(action, en, fr string) {
		t.Helper()
		for language, text := range map[string]string{"en-GB": en, "fr-CA": fr} {
			a := s.get(t, status, header("Accept-Language", language))
			is.Equal(a.Header().Get("Content-Language"), language[:2])
			is.Equal(a.Header().Get("Vary"), "Accept-Language")
			is.Equal(a.json()["nextAction"], action)
			is.True(strings.Contains(a.json()["nextStep"].(string), text))
		}
	}
	expect("CONNECT", "Connect Amazon", "Connectez Amazon")
	b := s.begin(t, "t1", "FR", "")
	expect("AUTHORIZE", "Authorize us at Amazon", "Autorisez-nous chez Amazon")
	b.back("code-1")
	s.turn(t, "t1")
	expect("SET_MAILBOX", "give us a mailbox", "donnez-nous une boîte")
	s.call(t, http.MethodPut, mailbox, goodMailbox)
	expect("NOTHING", "Nothing to do", "Rien à faire")
	is.Equal(s.statusOf(t, "t1")["lastError"], nil)

	api.gone = true
	s.clock.Advance(8 * 24 * 60 * 60e9) // the account is looked at every week
	s.turn(t, "t1")
	expect("REAUTHORIZE", "for Europe was withdrawn", "pour l'Europe a été retirée")
	now := s.statusOf(t, "t1")
	is.Equal(now["status"], "ERROR")
	is.Equal(now["lastError"], "the seller has withdrawn the authorization") // the connection itself has no error
	granted := now["authorizations"].([]any)[0].(map[string]any)
	is.Equal([]any{granted["status"], granted["daysLeft"], granted["lastError"]}, []any{"WITHDRAWN", nil, "the seller has withdrawn the authorization"})

	s.post(t, disconnect)
	expect("CONNECT", "Connect Amazon", "Connectez Amazon")
	is.Equal(s.statusOf(t, "t1")["authorizations"].([]any)[0].(map[string]any)["status"], "ENDED")
}

func TestInstructionsSpeakFrenchToo(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, withAmazon(newAmazon()))
	for language, parts := range map[string][]string{
		"en": {"1. Open authorizationUrl in this browser", "2. In Seller Central (https://sellercentral-europe.amazon.com/", "have these sent to amazon.t1.fr.", "approved sender"},
		"fr": {"1. Ouvrez authorizationUrl dans ce navigateur", "2. Dans Seller Central (https://sellercentral-europe.amazon.com/", "faites envoyer à amazon.t1.fr.", "expéditeur approuvé"},
	} {
		a := s.call(t, http.MethodPost, connect, `{"country":"FR"}`, header("Accept-Language", language))
		is.Equal(a.Header().Get("Content-Language"), language)
		for _, part := range parts {
			is.True(strings.Contains(a.json()["instructions"].(string), part))
		}
	}
	// Authorized is not the same as having a source of messages.
	s.connected(t, "t2")
	is.True(strings.Contains(s.post(t, connect, as(t, "t2")).json()["instructions"].(string), "PUT "+mailbox))
}

func TestThePageOfConsentsKnowsEveryStatus(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, status := range []int{400, 403, 409, 422, 500, 503} { // what openapi.yaml has for it, without those that find no page
		is.True(slices.Contains(httpapi.ConsentProblems(), status))
	}
}
