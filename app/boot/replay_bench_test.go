package boot_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// BenchmarkReplay runs worker replay as it is built on messages that all differ, in a Postgres that flushes to disk, and
// tells how fast it was and how much memory it took at most. The target is 100 MB, however large the raws are. Run it with
// -benchtime=1x.
func BenchmarkReplay(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "worker")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", binary, "../../cmd/worker").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	odd := largeMails(12, 10_000_000)
	for i := range odd {
		if i%2 == 0 { // no text, which is stored in base64
			odd[i].Raw = append(odd[i].Raw, 0xff, 0)
		}
	}
	for name, mails := range map[string][]mailtest.Mail{
		"20,000 mails": mailtest.Buyers(mailtest.Mails(3, 60_000))[:20_000], "twelve mails of 10 MB of files": odd,
	} {
		b.Run(name, func(b *testing.B) { benchmarkReplay(b, binary, mails) })
	}
}

func benchmarkReplay(b *testing.B, binary string, mails []mailtest.Mail) {
	for b.Loop() {
		b.StopTimer()
		url := pgtest.Durable(b)
		storeSpoilt(b, url, mails)
		w := exec.CommandContext(b.Context(), binary, "--dev", "replay", "--tenant", "demo", "--since", "2000-01-01", "--apply")
		w.Env = []string{"DATABASE_URL=" + url, "KEYBUZZ_DATA_DIR=" + b.TempDir(), "PATH=" + os.Getenv("PATH")}
		var out, log bytes.Buffer
		w.Stdout, w.Stderr = &out, &log
		b.StartTimer()
		begun := time.Now()
		if err := w.Start(); err != nil {
			b.Fatal(err)
		}
		peak := watchMemory(w.Process.Pid)
		if err := w.Wait(); err != nil || !strings.Contains(out.String(), fmt.Sprintf("changed=%d", len(mails))) {
			b.Fatalf("%v: %s", err, log.String())
		}
		b.ReportMetric(float64(len(mails))/time.Since(begun).Seconds(), "mails/s")
		b.ReportMetric(float64(<-peak)/1024, "peak_MB")
		b.ReportMetric(0, "ns/op")
	}
}

// storeSpoilt stores mails as if older code had read them.
func storeSpoilt(b *testing.B, url string, mails []mailtest.Mail) {
	b.Helper()
	db, err := postgres.Open(b.Context(), domain.NewSecret(url), postgres.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tenant, err := domain.ParseTenantID("demo")
	if err != nil {
		b.Fatal(err)
	}
	c, err := domain.NewConnection(tenant, domain.Amazon, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	repo := postgres.NewRepository(db, nil)
	err = repo.Update(b.Context(), tenant, func(ctx context.Context, tx ports.Tx) error {
		if err := tx.Connections.Insert(ctx, c); err != nil {
			return err
		}
		var page []domain.InboundMessage
		for i, m := range mails {
			read := mail.Interpreter{}.Parse(m.Raw, m.Arrived)
			read.ExternalID, read.Language, read.BuyerName = fmt.Sprint(read.ExternalID, "-", i), "xx", "Older"
			page = append(page, read)
			if i%domain.MaxPage > 0 && len(m.Raw) < 1<<20 && i < len(mails)-1 {
				continue
			}
			book, err := tx.Pages.Candidates(ctx, c.State().ID, domain.Keys(page), time.Now())
			if err != nil {
				return err
			}
			if err := tx.Pages.Store(ctx, domain.Thread(c.State(), page, book, time.Now())); err != nil {
				return err
			}
			page = nil
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
