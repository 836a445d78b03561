package mailserver_test

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/adapters/mailserver"
	"github.com/keybuzzio/marketplaces/ports"
)

// Mails that are made to hurt are kept or refused, each with an answer, and the server goes on.
func TestHostileMails(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	address := s.serve(t, mailserver.Options{LMTP: true})
	taken := 0
	for _, a := range mailtest.Hostile() {
		if a.Size() > 1_100_000 {
			continue // the reader's own tests have them; TestHugeMail has what is never read
		}
		w := dial(t, address)
		w.want("220")
		w.talk(s.fill(begin + "> DATA\n< 354"))
		w.send(stuffed(string(a.Bytes())))
		if answer := w.reply(); strings.HasPrefix(answer, "250") {
			taken++
		} else if !strings.HasPrefix(answer, "5") {
			t.Errorf("%s: %q", a.Name, answer)
		}
	}
	is.True(taken > 10)
	is.Equal(s.observer.count(ports.DeliveryStored)+s.observer.count(ports.DeliveryDuplicate)+s.observer.count(ports.DeliveryRejected), taken)
}

// stuffed is a text as it is sent after DATA, its end included.
func stuffed(text string) string {
	text = strings.ReplaceAll("\r\n"+text, "\r\n.", "\r\n..")[2:]
	if !strings.HasSuffix(text, "\r\n") && text != "" {
		text += "\r\n"
	}
	return text + ".\r\n"
}

// A mail of 100 MB is refused, with memory as flat as ever and others served meanwhile.
func TestHugeMail(t *testing.T) {
	const size, most = 100 << 20, 80 << 20
	is, s := is.New(t), newStage(t)
	address := s.serve(t, mailserver.Options{LMTP: true, MaxSize: 12 << 20})
	block := []byte(strings.Repeat(strings.Repeat("x", 98)+"\r\n", 1000))
	base := heap()
	huge, w := dial(t, address), dial(t, address)
	huge.want("220")
	huge.talk(s.fill(begin + "> DATA\n< 354"))
	answer := make(chan string, 1)
	go func() {
		for sent := 0; sent < size; sent += len(block) {
			if _, err := huge.Write(block); err != nil {
				break
			}
		}
		huge.send(".\r\n")
		answer <- huge.reply()
	}()
	w.want("220")
	for n := range 20 {
		w.talk(s.fill(begin + "> DATA\n< 354"))
		w.send(mailOf(n) + ".\r\n")
		w.want("250")
	}
	peak, got := heap(), ""
	for got == "" {
		select {
		case got = <-answer:
		case <-time.After(5 * time.Millisecond):
			peak = max(peak, heap())
		}
	}
	is.True(strings.HasPrefix(got, "552 5.3.4")) // heard to the end and refused
	is.True(peak < base+most)
	is.Equal(s.observer.count(ports.DeliveryRefused), 1)
}

// heap is how much of it is in use, garbage that was not collected yet included.
func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// Many who open a text and send nothing hold up nobody.
func TestManyWhoStall(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	address := s.serve(t, mailserver.Options{LMTP: true})
	for range 40 {
		w := dial(t, address)
		w.want("220")
		w.talk(s.fill(begin + "> DATA\n< 354"))
		w.send("X: y\r\n")
	}
	var n atomic.Int64
	for range 5 {
		w := dial(t, address)
		w.want("220")
		w.talk(s.fill(begin + "> DATA\n< 354"))
		w.send(mailOf(int(n.Add(1))) + ".\r\n")
		w.want("250")
	}
}
