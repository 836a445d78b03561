package mailserver_test

import (
	"database/sql"
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
// database share the machine. The floor is what anybody must do at least who answers after a commit: as many connections that
// commit a row with the mail in it, one by one. Run it with -benchtime=1x.
func BenchmarkLMTP(b *testing.B) {
	for _, sellers := range []int{1, 50} {
		b.Run(fmt.Sprintf("sellers=%d", sellers), func(b *testing.B) {
			const mails = 4 * benchBlock
			for b.Loop() {
				url := pgtest.Durable(b)
				floor := benchFloor(b, url)
				s := newBenchStage(b, url, sellers)
				s.send(b, 0, benchBlock) // the first is for what grows warm
				took := s.send(b, benchBlock, mails)
				b.ReportMetric(mails/took.Seconds(), "mails/s")
				b.ReportMetric(floor, "floor_mails/s")
				b.ReportMetric(mails/took.Seconds()/floor, "ratio")
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
		s := newBenchStage(b, pgtest.Durable(b), 10)
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

// benchFloor returns how many typical mails a second the database at url keeps, each in a transaction of its own.
func benchFloor(b *testing.B, url string) float64 {
	b.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(benchConns)
	db.SetMaxIdleConns(benchConns)
	if _, err := db.ExecContext(b.Context(), "CREATE TABLE floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, raw bytea NOT NULL)"); err != nil {
		b.Fatal(err)
	}
	keep := func(seed uint64) time.Duration {
		mails := make(chan []byte, benchBlock)
		for _, m := range mailtest.Typical(seed, benchBlock) {
			mails <- m.Raw
		}
		close(mails)
		var all sync.WaitGroup
		began := time.Now()
		for range benchConns {
			all.Go(func() {
				for raw := range mails {
					if _, err := db.ExecContext(b.Context(), "INSERT INTO floor (raw) VALUES ($1)", raw); err != nil {
						b.Error(err)
					}
				}
			})
		}
		all.Wait()
		return time.Since(began)
	}
	keep(0) // for what grows warm
	return benchBlock / keep(1).Seconds()
}

func newBenchStage(b *testing.B, url string, sellers int) *benchStage {
	b.Helper()
	s := &benchStage{stage: newPostgresStage(b, url)}
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
