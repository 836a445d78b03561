package httpapi_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"
	"go.uber.org/mock/gomock"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/portmock"
)

const webhook = "/api/v1/webhooks/inbound-email"

// signed makes a request that of a mail server which pushes a mail: signed when it is made, with each of the keys, or with the
// stage's.
func signed(from, to, mail string, keys ...domain.Secret) func(*http.Request) {
	return signedBy(0, from, to, mail, keys...)
}

// signedBy is signed by a clock that is ahead by so much. The time is that of the request: a test may wait long for its turn.
func signedBy(ahead time.Duration, from, to, mail string, keys ...domain.Secret) func(*http.Request) {
	if len(keys) == 0 {
		keys = []domain.Secret{webhookKey}
	}
	return func(r *http.Request) {
		at := time.Now().Add(ahead)
		signatures := make([]string, len(keys))
		for i, key := range keys {
			signatures[i] = httpapi.SignMail(key, at, from, to, []byte(mail))
		}
		r.Header.Del("Authorization")
		for name, value := range map[string]string{
			"Content-Type": "message/rfc822", "X-Envelope-From": from, "X-Envelope-To": to,
			"X-KeyBuzz-Timestamp": strconv.FormatInt(at.Unix(), 10), "X-KeyBuzz-Signature": strings.Join(signatures, ", "),
		} {
			r.Header.Set(name, value)
		}
	}
}

// push sends a mail as a mail server does.
func (s *stage) push(t testing.TB, to, mail string, change ...func(*http.Request)) answer {
	t.Helper()
	return s.call(t, http.MethodPost, webhook, mail, append([]func(*http.Request){signed("bounce@amazonses.example", to, mail)}, change...)...)
}

// pushable scripts what is read in a mail: a buyer's message in a thread, from a sender who was found authentic.
func (s *stage) pushable(mail string, n int, thread string) string {
	m := message(n, thread)
	m.Authentic = true
	s.source.today[mail] = m
	return mail
}

func TestAMailThatIsPushed(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	to := s.address(t, "FR")["address"].(string)
	is.Equal(s.get(t, status).json()["status"], "PENDING")
	mail := s.pushable("a mail", 1, "a")
	a := s.push(t, to, mail)
	is.Equal(a.Code, http.StatusOK)
	is.Equal(a.Body.String(), `{"outcome":"stored"}`+"\n")
	is.Equal(s.push(t, strings.ToUpper(to), mail).json()["outcome"], "duplicate") // addresses have no case
	is.Equal(s.push(t, s.address(t, "DE")["address"].(string), mail).json()["outcome"], "duplicate")
	is.Equal(s.push(t, to, s.pushable("another", 2, "a")).json()["outcome"], "stored")
	is.Equal(s.push(t, to, "no mail at all").json()["outcome"], "stored") // whatever can be read

	tickets := s.get(t, "/api/v1/tickets").data()
	is.Equal(len(tickets), 2)
	is.Equal(len(s.get(t, "/api/v1/tickets", as(t, "t2")).data()), 0)
	rows := s.get(t, addresses).data()
	is.Equal(rows[1]["status"], "VALIDATED")
	is.Equal(rows[1]["validatedBy"], "relay")
	is.True(rows[1]["lastMailAt"] != nil)

	c := s.get(t, status).json()
	is.Equal(c["status"], "CONNECTED")
	is.Equal(c["displayName"], "Amazon (mail to KeyBuzz)")
	is.Equal(c["lastSyncAt"], nil)
	is.Equal(s.post(t, poll).Body.String(), `{"fetched":0,"created":0,"duplicates":0,"rejected":0}`+"\n") // nothing to poll
	is.Equal(s.get(t, status).json(), c)

	is.Equal(s.post(t, disconnect).Code, http.StatusOK)
	a = s.push(t, to, mail)
	is.Equal(a.Code, http.StatusGone)
	is.Equal(a.json()["type"], "/docs#gone")
	log := s.log.String()
	for _, word := range []string{to, webhookKey.Reveal(), "amazonses", "v1=", "Buyer's"} {
		is.True(!strings.Contains(log, word))
	}
}

func TestAPushedMailThatCannotBeReadIsKept(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	to := s.address(t, "FR")["address"].(string)
	s.source.today["broken"] = domain.InboundMessage{Unreadable: "it is broken", ReceivedAt: noon}
	is.Equal(s.push(t, to, "broken").json()["outcome"], "rejected")
	row := s.get(t, quarantine).data()[0]
	is.Equal(row["rejected"], true)
	is.Equal(s.get(t, quarantine+"/"+row["id"].(string)+"/raw").Body.String(), "broken") // byte for byte
}

func TestWhatIsSignedAndStillRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	to := s.address(t, "FR")["address"].(string)
	for name, c := range map[string]struct {
		to, mail string
		change   func(*http.Request)
		code     int
	}{
		"nobody's address":    {"amazon.t1.fr.aaaaaaaaaaaaaaaaaaaa@inbound.example.com", "a mail", nil, 404},
		"no address":          {"somebody", "a mail", nil, 404},
		"an address quoted":   {`"` + to + `"`, "a mail", nil, 404},
		"two recipients":      {to + "," + to, "a mail", nil, 400},
		"no recipient":        {"", "a mail", nil, 400},
		"no mail":             {to, "", nil, 400},
		"JSON":                {to, "{}", header("Content-Type", "application/json"), 415},
		"no media type":       {to, "a mail", func(r *http.Request) { r.Header.Del("Content-Type") }, 415},
		"another media type":  {to, "a mail", header("Content-Type", "message/rfc822x"), 415},
		"more than 30 MiB":    {to, strings.Repeat("x", 30<<20+1), nil, 413},
		"that, length unsaid": {to, strings.Repeat("x", 30<<20+1), func(r *http.Request) { r.ContentLength = -1 }, 413},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			change := func(r *http.Request) {
				if c.change != nil {
					c.change(r)
				}
			}
			is.Equal(s.push(t, c.to, c.mail, change).Code, c.code)
		})
	}
}

func TestAMailLargerThanOtherBodiesMayBe(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	mail := s.pushable(strings.Repeat("0123456789abcdef", 1<<20), 1, "a") // 16 MiB
	is.Equal(s.push(t, s.address(t, "FR")["address"].(string), mail).json()["outcome"], "stored")
}

func TestAServerThatTakesNoMail(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t, func(u *setup) { u.keys = nil })
	a := s.push(t, "a@inbound.example.com", "a mail")
	is.Equal(a.Code, http.StatusForbidden)
	is.True(strings.Contains(a.json()["detail"].(string), "INBOUND_WEBHOOK_KEY"))
}

// What does not speak against a mail must not make its sender give it up.
func TestATroubleOfOursIsForNow(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"the database is down": domain.Errorf(domain.ErrUnavailable, "down"),
		"somebody was first":   domain.Errorf(domain.ErrConflict, "somebody was first"),
		"a fault of ours":      domain.Errorf(domain.ErrInvalid, "a column is too short"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			repo := portmock.NewMockRepository(gomock.NewController(t))
			s := newStage(t)
			to := s.address(t, "FR")["address"].(string)
			repo.EXPECT().Update(gomock.Any(), gomock.Any(), gomock.Any()).Return(err).AnyTimes()
			broken := newStage(t, func(u *setup) { u.repository, u.routes = repo, s.store })
			a := broken.push(t, to, "a mail")
			is.Equal(a.Code, http.StatusServiceUnavailable)
			is.True(a.Header().Get("Retry-After") != "")
			is.True(!strings.Contains(a.Body.String(), "column"))
		})
	}
}

func TestALargeMailWaitsForMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is, s := is.New(t), newStage(t)
		to := s.address(t, "FR")["address"].(string)
		release := s.HoldUnsigned()
		large := strings.Repeat("x", 1<<20)
		a := s.push(t, to, large)
		is.Equal(a.Code, http.StatusServiceUnavailable)
		is.True(a.Header().Get("Retry-After") != "")
		is.Equal(s.push(t, to, "a small one").Code, http.StatusOK) // goes on
		// What strangers hold here, mail servers do not wait for.
		free, err := s.app.Deliver.Reserve(t.Context(), 30<<20)
		is.NoErr(err)
		free()
		release()
		is.Equal(s.push(t, to, large).Code, http.StatusOK)
		is.Equal(s.push(t, to, large, header("X-KeyBuzz-Signature", "v1="+strings.Repeat("00", 32))).Code, http.StatusUnauthorized)
		is.Equal(s.push(t, to, large).Code, http.StatusOK) // what was refused gave back what it held
	})
}

// deliveries is a ports.Observer of them.
type deliveries struct {
	ports.NoObserver
	mu       sync.Mutex
	outcomes []ports.DeliveryOutcome
}

func (d *deliveries) Delivered(e ports.Delivered) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.Via == ports.ViaWebhook {
		d.outcomes = append(d.outcomes, e.Outcome)
	}
}

// Every mail that is answered is counted once, by what became of it.
func TestDeliveriesAreCounted(t *testing.T) {
	t.Parallel()
	is, seen := is.New(t), &deliveries{}
	s := newStage(t, func(u *setup) { u.observer = seen })
	a := s.address(t, "FR")
	to := a["address"].(string)
	s.push(t, to, "a mail")
	s.push(t, to, "a mail")
	s.source.today["broken"] = domain.InboundMessage{Unreadable: "it is broken", ReceivedAt: noon}
	s.push(t, to, "broken")
	s.push(t, "nobody@inbound.example.com", "a mail")
	s.push(t, to, "a mail", header("Content-Type", "text/plain"))
	s.push(t, to, "a mail", header("X-Envelope-To", "b"+to))
	s.post(t, addresses+"/"+a["id"].(string)+"/retire")
	s.push(t, to, "a mail")
	is.Equal(seen.outcomes, []ports.DeliveryOutcome{
		ports.DeliveryStored, ports.DeliveryDuplicate, ports.DeliveryRejected, ports.DeliveryUnknown, ports.DeliveryRefused,
		ports.DeliveryRefused, ports.DeliveryRetired,
	})
}

// endless is a body that nobody reads to its end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return copy(p, bytes.Repeat([]byte("x"), len(p))), nil
}

func TestABodyWithoutEndIsNotReadToIt(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	body := &endless{}
	a := s.push(t, "a@inbound.example.com", "", func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(body), -1 })
	is.Equal(a.Code, http.StatusRequestEntityTooLarge)
	is.True(body.read < 64<<20)
	body = &endless{}
	a = s.push(t, "a@inbound.example.com", "", func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(body), -1
		r.Header.Set("X-KeyBuzz-Timestamp", "1")
	})
	is.Equal(a.Code, http.StatusUnauthorized)
	is.Equal(body.read, 0) // what cannot be signed well is not read at all
}
