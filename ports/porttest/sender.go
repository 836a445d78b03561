package porttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// SenderFixture is a Sender and the other side that it hands answers to. The functions that make the other side
// misbehave hold for every attempt after them, until Mend; nil where it cannot be played.
type SenderFixture struct {
	Sender  ports.Sender
	Message domain.OutgoingMessage // without files, in words that the other side takes; the suite changes its text and ids
	Files   bool                   // files can go with an answer
	Taken   func() []TakenMessage  // what the other side has taken, in any order

	Mend        func() // the other side behaves
	Down        func() // it cannot be reached
	Busy        func() // "not now" before anything is handed over
	Refuse      func() // "never" before anything is handed over
	BusyAfter   func() // "not now", having seen the whole message
	RefuseAfter func() // "never", having seen the whole message
	CutAfter    func() // takes the message, and its answer is lost
	// Silent takes the message and never answers. Each message that it took is told on the channel.
	Silent func() <-chan struct{}
}

// TakenMessage is a message as the other side has it.
type TakenMessage struct {
	Text  string
	Files map[string][]byte // by name; nil without files
}

// TestSender checks a Sender against its contract. open is called once per subtest.
func TestSender(t *testing.T, open func(t *testing.T) SenderFixture) {
	senderRules.check(t, open)
	senderFileRules.check(t, open)
}

// attempt is one call of Send and what the suite saw of it.
type attempt struct {
	receipt domain.Receipt
	err     error
	handed  int // calls of handOver
	early   int // messages of this text that the other side had when handOver was called
}

// letter returns the fixture's message with a text of its own.
func (f SenderFixture) letter() domain.OutgoingMessage {
	m, id := f.Message, uuid.NewString()
	m.ID, m.MessageID, m.Text = id, id+"@reply.example.com", m.Text+"\n"+id
	return m
}

// send makes one attempt.
func (f SenderFixture) send(ctx context.Context, m domain.OutgoingMessage) attempt {
	var a attempt
	a.receipt, a.err = f.Sender.Send(ctx, m, func(context.Context) error {
		a.handed++
		a.early += f.count(m)
		return nil
	})
	return a
}

// count says how often the other side has taken m.
func (f SenderFixture) count(m domain.OutgoingMessage) int {
	n := 0
	for _, t := range f.Taken() {
		if strings.TrimSpace(t.Text) == strings.TrimSpace(m.Text) {
			n++
		}
	}
	return n
}

// trouble is what the other side does, and what an attempt must come to.
func (f SenderFixture) trouble() map[string]struct {
	play   func()
	kind   error
	handed int
} {
	type row = struct {
		play   func()
		kind   error
		handed int
	}
	return map[string]row{
		"down":                  {f.Down, domain.ErrUnavailable, 0},
		"busy":                  {f.Busy, domain.ErrUnavailable, 0},
		"refuses":               {f.Refuse, domain.ErrRejected, 0},
		"busy after the text":   {f.BusyAfter, domain.ErrUnavailable, 1},
		"refuses the text":      {f.RefuseAfter, domain.ErrRejected, 1},
		"takes it, answer lost": {f.CutAfter, domain.ErrOutcomeUnknown, 1},
	}
}

// senderRules are about ports.Sender.
var senderRules = rules[SenderFixture]{
	"what is sent is taken once, after handOver and as it was written": func(t *testing.T, f SenderFixture) {
		is := is.New(t)
		m := f.letter()
		a := f.send(t.Context(), m)
		is.NoErr(a.err)
		is.Equal(a.handed, 1)
		is.Equal(a.early, 0) // nothing was there to take before handOver returned
		is.Equal(f.count(m), 1)
		is.True(len(a.receipt.Detail) <= domain.MaxReceiptDetail)
		is.True(!strings.ContainsAny(a.receipt.Detail, "\r\n@"))
	},
	"sending twice is sending twice": func(t *testing.T, f SenderFixture) {
		is := is.New(t)
		m := f.letter()
		is.NoErr(f.send(t.Context(), m).err)
		is.NoErr(f.send(t.Context(), m).err)
		is.Equal(f.count(m), 2)
	},
	"an error of handOver comes back as it is, with nothing taken": func(t *testing.T, f SenderFixture) {
		is := is.New(t)
		m, wanted := f.letter(), errors.New("cancelled meanwhile")
		_, err := f.Sender.Send(t.Context(), m, func(context.Context) error { return wanted })
		is.True(errors.Is(err, wanted))
		is.True(domain.KindOf(err) == nil) // no kind that it did not have
		is.Equal(f.count(m), 0)
		is.NoErr(f.send(t.Context(), m).err) // and the next attempt is a fresh one
		is.Equal(f.count(m), 1)
	},
	"each trouble has its kind, and nothing is taken but where the answer was lost": func(t *testing.T, f SenderFixture) {
		for name, c := range f.trouble() {
			if c.play == nil {
				continue
			}
			is, m := is.New(t), f.letter()
			c.play()
			a := f.send(t.Context(), m)
			if !errors.Is(a.err, c.kind) || a.handed != c.handed {
				t.Errorf("%s: got %v after %d calls of handOver, want %v after %d", name, a.err, a.handed, c.kind, c.handed)
			}
			is.Equal(a.receipt, domain.Receipt{}) // no receipt for what may not have been taken
			for _, other := range []error{domain.ErrUnavailable, domain.ErrThrottled, domain.ErrRejected, domain.ErrOutcomeUnknown} {
				is.Equal(errors.Is(a.err, other), errors.Is(other, c.kind)) // the kind is one, causes included
			}
			f.Mend()
			if errors.Is(c.kind, domain.ErrOutcomeUnknown) {
				is.Equal(f.count(m), 1) // never repeated
				continue
			}
			is.Equal(f.count(m), 0)
			is.NoErr(f.send(t.Context(), m).err)
			is.Equal(f.count(m), 1)
		}
	},
	"no error holds text, addresses or subject": func(t *testing.T, f SenderFixture) {
		for name, c := range f.trouble() {
			if c.play == nil {
				continue
			}
			m := f.letter()
			c.play()
			err := f.send(t.Context(), m).err
			f.Mend()
			printed := fmt.Sprintf("%v %+v %#v %s", err, err, err, domain.Message(err))
			for _, private := range []string{m.To, m.From, m.Text, m.Subject} {
				if private != "" && strings.Contains(printed, private) {
					t.Errorf("%s: the error holds what must not be seen: %v", name, err)
				}
			}
		}
	},
	"a context that has ended sends nothing and passes as it is": func(t *testing.T, f SenderFixture) {
		is := is.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		m := f.letter()
		a := f.send(ctx, m)
		is.True(errors.Is(a.err, context.Canceled))
		is.Equal(a.handed, 0)
		is.Equal(f.count(m), 0)
	},
	"a context that ends while the answer is awaited is an unknown outcome": func(t *testing.T, f SenderFixture) {
		if f.Silent == nil {
			return
		}
		is := is.New(t)
		took := f.Silent()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-took
			cancel()
		}()
		m := f.letter()
		a := f.send(ctx, m)
		is.True(errors.Is(a.err, domain.ErrOutcomeUnknown))
		is.True(!errors.Is(a.err, context.Canceled)) // which would mean that nothing was taken
		is.Equal(a.handed, 1)
		f.Mend()
		is.Equal(f.count(m), 1)
	},
	"sends at once do not disturb each other": func(t *testing.T, f SenderFixture) {
		is := is.New(t)
		const n = 16
		letters := make([]domain.OutgoingMessage, n)
		for i := range letters {
			letters[i] = f.letter()
		}
		for _, err := range together(n, func(i int) error { return f.persist(t.Context(), letters[i]) }) {
			is.NoErr(err)
		}
		for _, m := range letters {
			is.Equal(f.count(m), 1)
		}
	},
}

// persist sends as a caller does: it tries again what was certainly not taken, for as long as a limit says not now.
func (f SenderFixture) persist(ctx context.Context, m domain.OutgoingMessage) error {
	for {
		err := f.send(ctx, m).err
		var told *domain.Error
		if !errors.Is(err, domain.ErrThrottled) || !errors.As(err, &told) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(told.RetryAfter, 50*time.Millisecond)):
		}
	}
}

// opened is content that counts who has it open.
type opened struct {
	io.Reader
	open *atomic.Int64
	once sync.Once
}

func (o *opened) Close() error {
	o.once.Do(func() { o.open.Add(-1) })
	return nil
}

// attach gives m a file of size bytes by what its reader yields, and returns how many readers are open.
func attach(m *domain.OutgoingMessage, name string, size int, content func() io.Reader) *atomic.Int64 {
	var open atomic.Int64
	m.Files = append(m.Files, domain.OutgoingFile{
		Name: name, MediaType: "application/pdf", Size: int64(size),
		Open: func(context.Context) (io.ReadCloser, error) {
			open.Add(1)
			return &opened{Reader: content(), open: &open}, nil
		},
	})
	return &open
}

// pdf is content that no check of types objects to.
func pdf(size int) []byte {
	return append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte{0, '\r', '\n', '.', '\n', 0xff, 'x'}, size/7)...)
}

// failing yields some bytes and then err.
type failing struct {
	some io.Reader
	err  error
}

func (f failing) Read(b []byte) (int, error) {
	if n, err := f.some.Read(b); err == nil {
		return n, nil
	}
	return 0, f.err
}

// senderFileRules are about files that go with answers.
var senderFileRules = rules[SenderFixture]{
	"files arrive byte for byte and are closed": func(t *testing.T, f SenderFixture) {
		if !f.Files {
			return
		}
		is, m := is.New(t), f.letter()
		one, two := pdf(300<<10), pdf(100)
		openOne := attach(&m, "facture.pdf", len(one), func() io.Reader { return bytes.NewReader(one) })
		openTwo := attach(&m, "étiquette.pdf", len(two), func() io.Reader { return bytes.NewReader(two) })
		is.NoErr(f.send(t.Context(), m).err)
		is.Equal(openOne.Load()+openTwo.Load(), int64(0))
		for _, taken := range f.Taken() {
			is.Equal(len(taken.Files), 2)
			is.True(bytes.Equal(taken.Files["facture.pdf"], one))
			is.True(bytes.Equal(taken.Files["étiquette.pdf"], two))
		}
		is.Equal(f.count(m), 1)
	},
	"a file that cannot be read ends the attempt with nothing taken": func(t *testing.T, f SenderFixture) {
		if !f.Files {
			return
		}
		is, wanted := is.New(t), errors.New("the store is gone")
		for _, after := range []int{0, 200 << 10} {
			m := f.letter()
			open := attach(&m, "a.pdf", 300<<10, func() io.Reader {
				return failing{bytes.NewReader(pdf(300 << 10)[:after]), wanted}
			})
			a := f.send(t.Context(), m)
			is.True(errors.Is(a.err, wanted))
			is.True(!errors.Is(a.err, domain.ErrOutcomeUnknown))
			is.Equal(open.Load(), int64(0))
			is.Equal(f.count(m), 0)
		}
		m := f.letter()
		m.Files = []domain.OutgoingFile{{
			Name: "a.pdf", MediaType: "application/pdf", Size: 3,
			Open: func(context.Context) (io.ReadCloser, error) { return nil, wanted },
		}}
		is.True(errors.Is(f.send(t.Context(), m).err, wanted))
		is.Equal(f.count(m), 0)
	},
	"a file of another size than it says is invalid, with nothing taken": func(t *testing.T, f SenderFixture) {
		if !f.Files {
			return
		}
		is := is.New(t)
		for _, real := range []int{0, 9, 11, 100 << 10} {
			m := f.letter()
			open := attach(&m, "a.pdf", 10, func() io.Reader { return bytes.NewReader(pdf(200 << 10)[:real]) })
			a := f.send(t.Context(), m)
			is.True(errors.Is(a.err, domain.ErrInvalid))
			is.Equal(open.Load(), int64(0))
			is.Equal(f.count(m), 0)
		}
	},
}
