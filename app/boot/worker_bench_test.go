package boot_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/adapters/riverjobs"
	"github.com/keybuzzio/marketplaces/adapters/vault"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// BenchmarkWorker runs the worker as it is built on what waits in a real mailbox, into a Postgres that flushes to disk,
// and tells how fast it was and how much memory it took at most. The target is 100 MB, whatever the backlog. Run it
// with -benchtime=1x.
func BenchmarkWorker(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "worker")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", binary, "../../cmd/worker").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	b.Run("a backlog of 20,000", func(b *testing.B) {
		benchmarkWorker(b, binary, mailboxMails(3, 20_000), 1)
	})
	b.Run("three mails of 10 MB of files for each of eight tenants", func(b *testing.B) {
		benchmarkWorker(b, binary, largeMails(3, 10_000_000), 8)
	})
}

// benchmarkWorker has tenants that all read the same mails.
func benchmarkWorker(b *testing.B, binary string, mails []mailtest.Mail, tenants int) {
	dovecot := mailtest.NewDovecot(b)
	dovecot.Deliver(b, mails...)
	for b.Loop() {
		url, data := pgtest.Durable(b), b.TempDir()
		for n := range tenants {
			connectMailbox(b, url, data, fmt.Sprintf("t%d", n), dovecot.Mailbox())
		}
		w := exec.CommandContext(b.Context(), binary, "--dev", "--once")
		w.Env = []string{"DATABASE_URL=" + url, "KEYBUZZ_DATA_DIR=" + data, "PATH=" + os.Getenv("PATH")}
		var out, log bytes.Buffer
		w.Stdout, w.Stderr = &out, &log
		begun := time.Now()
		if err := w.Start(); err != nil {
			b.Fatal(err)
		}
		peak := watchMemory(w.Process.Pid)
		if err := w.Wait(); err != nil || !strings.Contains(out.String(), "failed=0") {
			b.Fatalf("%v: %s%s", err, out.String(), log.String())
		}
		b.ReportMetric(float64(len(mails)*tenants)/time.Since(begun).Seconds(), "mails/s")
		b.ReportMetric(float64(<-peak)/1024, "peak_MB")
		b.ReportMetric(0, "ns/op")
	}
}

// largeMails are buyers' mails with a file of so many bytes.
func largeMails(n, bytes int) (mails []mailtest.Mail) {
	line := strings.Repeat("A", 76) + "\r\n"
	file := strings.Repeat(line, bytes/57) // base64: 57 bytes a line
	for i := range n {
		mails = append(mails, mailtest.Mail{Arrived: time.Now(), Raw: []byte("From: Ana <abcdefghijklmno@marketplace.amazon.fr>\r\n" +
			"Subject: A photo\r\nDate: Mon, 02 Nov 2026 12:00:00 +0000\r\nMessage-ID: <" + strconv.Itoa(i) + "@example.com>\r\n" +
			"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: image/jpeg\r\n" +
			"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.jpg\r\n\r\n" + file +
			"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHere is the photo.\r\n--x--\r\n")})
	}
	return mails
}

// watchMemory tells, when process pid has ended, the most kilobytes that it had in memory (VmHWM of proc(5)). What wait4
// reports would count this test's own memory, which the process had before it became the worker.
func watchMemory(pid int) <-chan int {
	peak := make(chan int, 1)
	go func() {
		most := 0
		for {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			_, line, found := strings.Cut(string(status), "VmHWM:")
			if err != nil || !found {
				peak <- most
				return
			}
			var n int
			if _, err := fmt.Sscan(line, &n); err == nil {
				most = n
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return peak
}

// connectMailbox connects a tenant to a mailbox, with its secret in the stub of folder data.
func connectMailbox(b testing.TB, url, data, name string, m domain.Mailbox) {
	b.Helper()
	db, err := postgres.Open(b.Context(), domain.NewSecret(url), postgres.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	queue, err := riverjobs.NewQueue(db, postgres.Translate)
	if err != nil {
		b.Fatal(err)
	}
	repo := postgres.NewRepository(db, queue.In)
	a, err := app.New(app.Deps{
		Repository: repo, Directory: repo, PollLedger: repo, Queue: queue, Secrets: vault.NewStub(data), Sources: memory.NewSourceVault(), Mailboxes: anyMailbox{}, Clock: memory.NewClock(time.Now()),
		Clients: map[domain.MarketplaceType]ports.MarketplaceClient{domain.Amazon: noMessages{}},
	})
	if err != nil {
		b.Fatal(err)
	}
	tenant, err := domain.ParseTenantID(name)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := a.SetMailbox.Run(b.Context(), app.SetMailboxCommand{Tenant: tenant, Marketplace: domain.Amazon, Mailbox: m}); err != nil {
		b.Fatal(err)
	}
}

// anyMailbox lets everybody in.
type anyMailbox struct{}

func (anyMailbox) CheckMailbox(context.Context, domain.Mailbox) error { return nil }

// noMessages is a marketplace where nobody writes.
type noMessages struct{}

func (noMessages) Pages(context.Context, domain.ConnectionState, string) iter.Seq2[ports.Page, error] {
	return func(func(ports.Page, error) bool) {}
}
