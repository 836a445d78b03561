package smtp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/smtp"
	"github.com/keybuzzio/marketplaces/domain"
)

// FuzzServer sends to servers that say anything, whatever they hear. Each attempt ends with one of the kinds that there are, and
// only one that was handed over can have been taken.
func FuzzServer(f *testing.F) {
	const good = "220 mx\r\n250-mx\r\n250 SIZE 100000\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued as 7 for <a@b>\r\n221 bye\r\n"
	f.Add([]byte(good))
	for _, change := range [][2]string{
		{"220", "554"}, {"250-mx", "250-" + strings.Repeat("x", 3000)}, {"SIZE 100000", "SIZE -1"}, {"SIZE 100000", "SIZE 99999999999999999999"},
		{"354", "250"}, {"queued", "\x00\xff"}, {"\r\n", "\n"}, {"250 ok\r\n", ""}, {"354 go", "421 bye"}, {"250 queued", "25"}, {"250 queued", "999 queued"},
		{"250 ok", "250-ok"}, {"250 ok", "-50 ok"}, {"250 queued", "550 5.-1.99999999999 queued"}, {"220 mx", "220 mx\r\n220 mx"},
	} {
		f.Add([]byte(strings.Replace(good, change[0], change[1], 1)))
	}
	f.Fuzz(func(t *testing.T, says []byte) {
		sender := smtp.NewSender(memory.NewSecretStore(), smtp.Options{
			InboundHost: "example.com", Relay: &smtp.Relay{Host: "relay.example", Port: 25, TLS: domain.TLSNone}, Idle: -1,
		})
		sender.DialBy(func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, there) }()
			go func() {
				_, _ = there.Write(says)
				_ = there.Close()
			}()
			return here, nil
		})
		handed, receipt, err := send(t.Context(), sender, answer())
		switch kind := domain.KindOf(err); {
		case err == nil, errors.Is(kind, domain.ErrOutcomeUnknown):
			if handed != 1 {
				t.Fatalf("%v after %d calls of handOver", err, handed)
			}
		case !errors.Is(kind, domain.ErrUnavailable) && !errors.Is(kind, domain.ErrRejected):
			t.Fatalf("an error of no kind that there is: %v", err)
		}
		if len(receipt.Detail) > domain.MaxReceiptDetail || strings.ContainsAny(receipt.Detail, "@\r\n\x00") {
			t.Fatalf("the receipt says %q", receipt.Detail)
		}
		if err != nil && len(says) > 40 && strings.Contains(err.Error(), string(says[10:40])) {
			t.Fatalf("the error repeats the server: %v", err)
		}
	})
}
