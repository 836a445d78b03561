package mail_test

import (
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
)

// BenchmarkParse reads what buyers write every day.
func BenchmarkParse(b *testing.B) {
	mails := mailtest.Typical(4, 300)
	size := 0
	for _, m := range mails {
		size += len(m.Raw)
	}
	b.SetBytes(int64(size / len(mails)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m := mails[i%len(mails)]
		reader.Parse(m.Raw, m.Arrived)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
