package mailserver_test

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/adapters/mailserver"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/ports"
)

var large = flag.Bool("large", false, "measure memory over 100,000 mails")

const (
	benchConns = 50
	benchBlock = 2000 // mails that are made at a time, so that those who send hold no more
)

// BenchmarkLMTP measures the way of a mail from its first command to the 250 after its commit, on a Postgres that flushes to
// disk, with typical mails by 50 connections: for one seller, whose mails share transactions, and for 50. Senders, server and
// database share the machine. Run it with -benchtime=1x.
func BenchmarkLMTP(b *testing.B) {
	for _, sellers := range []int{1, 50} {
		b.Run(fmt.Sprintf("sellers=%d", sellers), func(b *testing.B) {
			const mails = 4 * benchBlock
			for b.Loop() {
				s := newBenchStage(b, sellers)
				s.send(b, 0, benchBlock) // the first is for what grows warm
				took := s.send(b, benchBlock, mails)
				b.ReportMetric(mails/took.Seconds(), "mails/s")
				b.ReportMetric(float64(s.stored)/float64(s.observer.pages), "mails/transaction")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

// BenchmarkLMTPMemory measures how much the heap holds, garbage left out, after 2,000 mails and after ten times as many, or,
// with -large, 100,000.
func BenchmarkLMTPMemory(b *testing.B) {
	mails := 10 * benchBlock
	if *large {
		mails = 50 * benchBlock
	}
	for b.Loop() {
		s := newBenchStage(b, 10)
		s.send(b, 0, benchBlock)
		first := live()
		s.send(b, benchBlock, mails-benchBlock)
		b.ReportMetric(float64(first)/(1<<20), "MiB-after-2000")
		b.ReportMetric(float64(live())/(1<<20), fmt.Sprintf("MiB-after-%d", mails))
		b.ReportMetric(0, "ns/op")
	}
}

// live is how much of the heap is in use when all garbage is collected.
func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

type benchStage struct {
	*stage
	recipients []string
	address    string
	stored     int
}

func newBenchStage(b *testing.B, sellers int) *benchStage {
	b.Helper()
	s := &benchStage{stage: newPostgresStage(b, pgtest.Durable(b))}
	s.read.forget = true
	for i := range sellers {
		s.recipients = append(s.recipients, s.stage.address(b, fmt.Sprint("seller-", i), "DE").Address)
	}
	s.address = s.serve(b, mailserver.Options{LMTP: true, MaxConnsPerPeer: benchConns})
	return s
}

// send sends n mails, of which before were sent, and returns how long that took.
func (s *benchStage) send(b *testing.B, before, n int) (took time.Duration) {
	b.Helper()
	for sent := 0; sent < n; sent += benchBlock {
		texts := make(chan string, benchBlock)
		for _, m := range mailtest.Typical(uint64(before+sent), benchBlock) {
			texts <- stuffed(string(m.Raw))
		}
		close(texts)
		clients := make([]*client, benchConns)
		for i := range clients {
			clients[i] = dial(b, s.address)
			clients[i].talk("<220\n> LHLO mx\n< 250")
		}
		began := time.Now()
		var all sync.WaitGroup
		for i, w := range clients {
			all.Go(func() { s.sendAll(b, w, s.recipients[i%len(s.recipients)], texts) })
		}
		all.Wait()
		took += time.Since(began)
	}
	s.stored += n
	if got := s.observer.count(ports.DeliveryStored); got != s.stored {
		b.Fatalf("%d of %d mails stored", got, s.stored)
	}
	return took
}

// sendAll sends mails as Postfix does: the commands of each at once.
func (s *benchStage) sendAll(b *testing.B, w *client, recipient string, texts <-chan string) {
	commands := "MAIL FROM:<bounce@example.com>\r\nRCPT TO:<" + recipient + ">\r\nDATA\r\n"
	for text := range texts {
		w.send(commands)
		for range 3 {
			w.reply()
		}
		w.send(text)
		if answer := w.reply(); !strings.HasPrefix(answer, "250") {
			b.Errorf("answered %q", answer)
			return
		}
	}
	w.send("QUIT\r\n")
	w.reply()
	_ = w.Close()
}
