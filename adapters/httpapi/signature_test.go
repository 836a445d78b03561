package httpapi_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/domain"
)

func TestWhoCannotSignLearnsNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	to := s.address(t, "FR")["address"].(string)
	const mail, from = "a mail", "bounce@amazonses.example"
	good := httpapi.SignMail(webhookKey, time.Now(), from, to, []byte(mail))
	drop := func(name string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(name) } }
	again := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Add(name, r.Header.Get(name)) }
	}
	wrong := domain.NewSecret("another-key-of-more-than-32-bytes!!!")
	for name, change := range map[string]func(*http.Request){
		"no headers at all":   anonymousMail,
		"no signature":        drop("X-KeyBuzz-Signature"),
		"no timestamp":        drop("X-KeyBuzz-Timestamp"),
		"no recipient":        drop("X-Envelope-To"),
		"two signatures":      again("X-KeyBuzz-Signature"),
		"two timestamps":      again("X-KeyBuzz-Timestamp"),
		"two recipients":      again("X-Envelope-To"),
		"two senders":         again("X-Envelope-From"),
		"another key":         signed(from, to, mail, wrong),
		"another recipient":   header("X-Envelope-To", "b"+to),
		"another sender":      header("X-Envelope-From", "x@example.com"),
		"another mail":        signed(from, to, mail+" "),
		"another time":        header("X-KeyBuzz-Timestamp", strconv.FormatInt(time.Now().Unix()-3, 10)),
		"too old":             signedBy(-400*time.Second, from, to, mail),
		"of the future":       signedBy(400*time.Second, from, to, mail),
		"a time that is none": header("X-KeyBuzz-Timestamp", "now"),
		"the end of time":     header("X-KeyBuzz-Timestamp", "9223372036854775807"),
		"before time":         header("X-KeyBuzz-Timestamp", "-9223372036854775808"),
		"an unknown version":  header("X-KeyBuzz-Signature", "v2="+good[3:]),
		"no version":          header("X-KeyBuzz-Signature", good[3:]),
		"an empty signature":  header("X-KeyBuzz-Signature", ""),
		"no hex":              header("X-KeyBuzz-Signature", "v1="+strings.Repeat("zz", 32)),
		"half a signature":    header("X-KeyBuzz-Signature", good[:35]),
		"a longer signature":  header("X-KeyBuzz-Signature", good+"00"),
		"many signatures":     header("X-KeyBuzz-Signature", strings.Repeat("v1="+strings.Repeat("00", 32)+",", 10)+good),
		"a token instead":     as(t, "t1"),
		"not even a mail":     header("Content-Type", "text/html"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			a := s.push(t, to, mail, change, func(r *http.Request) {
				switch name {
				case "a token instead", "not even a mail":
					r.Header.Set("X-KeyBuzz-Signature", "v1="+strings.Repeat("00", 32))
				}
			})
			is.Equal(a.Code, http.StatusUnauthorized)
			is.True(strings.HasPrefix(a.json()["detail"].(string), "a good signature is needed"))
		})
	}
}

func anonymousMail(r *http.Request) { r.Header = http.Header{} }

func TestSignaturesThatAreAccepted(t *testing.T) {
	t.Parallel()
	next := domain.NewSecret("the-next-key-has-more-than-32-bytes!")
	s := newStage(t, func(u *setup) { u.keys = append(u.keys, next) })
	to := s.address(t, "FR")["address"].(string)
	const mail = "a mail"
	for name, change := range map[string]func(*http.Request){
		"the old key":            signed("", to, mail, webhookKey),
		"the next key":           signed("", to, mail, next),
		"both":                   signed("", to, mail, next, webhookKey),
		"one good, one not":      signed("", to, mail, domain.NewSecret("a key that is not known here at all!"), next),
		"one of a version to be": func(r *http.Request) { signed("", to, mail)(r); prepend(r, "v2=abc,") },
		"nearly too old":         signedBy(-4*time.Minute, "", to, mail),
		"a clock ahead":          signedBy(4*time.Minute, "", to, mail),
		"a header left out":      func(r *http.Request) { signed("", to, mail)(r); r.Header.Del("X-Envelope-From") },
		"a media type with more": func(r *http.Request) { signed("", to, mail)(r); r.Header.Set("Content-Type", "message/rfc822; x=y") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is.New(t).Equal(s.push(t, to, mail, change).Code, http.StatusOK)
		})
	}
}

func prepend(r *http.Request, s string) {
	r.Header.Set("X-KeyBuzz-Signature", s+r.Header.Get("X-KeyBuzz-Signature"))
}

// The example on the page is one that works.
func TestTheExampleOfASignature(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), loadSpec(t)
	op := s.doc.Paths.Value(webhook).Post
	example := func(name string) string {
		p := op.Parameters.GetByInAndName("header", name)
		return fmt.Sprint(p.Example)
	}
	key := regexp.MustCompile("the key is `([^`]+)`").FindStringSubmatch(op.Description)[1]
	seconds, err := strconv.ParseInt(example("X-KeyBuzz-Timestamp"), 10, 64)
	is.NoErr(err)
	mail := op.RequestBody.Value.Content.Get("message/rfc822").Example.(string)
	is.Equal(httpapi.SignMail(domain.NewSecret(key), time.Unix(seconds, 0), example("X-Envelope-From"), example("X-Envelope-To"), []byte(mail)),
		example("X-KeyBuzz-Signature"))
}

func TestWebhookKeys(t *testing.T) {
	t.Parallel()
	a, b := strings.Repeat("a", 32), strings.Repeat("b", 32)
	for name, c := range map[string]struct {
		setting string
		keys    int
		ok      bool
	}{
		"none":       {"", 0, true},
		"one":        {a, 1, true},
		"two":        {a + "," + b, 2, true},
		"three":      {a + "," + b + "," + a, 0, false},
		"too short":  {a[1:], 0, false},
		"one short":  {a + "," + b[1:], 0, false},
		"none twice": {",", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			setting := domain.Secret{}
			if c.setting != "" {
				setting = domain.NewSecret(c.setting)
			}
			keys, err := httpapi.ParseWebhookKeys(setting)
			is.Equal(len(keys), c.keys)
			is.Equal(err == nil, c.ok)
			if err != nil {
				is.True(strings.Contains(err.Error(), "INBOUND_WEBHOOK_KEY"))
				is.True(!strings.Contains(err.Error(), "aaa") && !strings.Contains(err.Error(), "bbb"))
			}
		})
	}
}
