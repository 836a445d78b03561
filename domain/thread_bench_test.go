package domain_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/keybuzzio/marketplaces/domain"
)

// BenchmarkThread maps a full page of buyers' messages in threads of three, and one of the events of their orders.
func BenchmarkThread(b *testing.B) {
	buyers := make([]domain.InboundMessage, domain.MaxPage)
	events := make([]domain.InboundMessage, domain.MaxPage)
	for i := range buyers {
		id := fmt.Sprint(i / 3)
		buyers[i] = in(message(i), "thread"+id, "order"+id)
		buyers[i].Body = strings.Repeat("Where is my parcel, please? ", 21)
		events[i] = of(in(message(i), "", "order"+id), domain.KindReturnEvent)
	}
	for name, page := range map[string][]domain.InboundMessage{"buyers": buyers, "events": events} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				screened := domain.Screen(connection(b), page)
				s := newShelf(b)
				domain.Thread(s.connection, screened.Accepted, domain.Candidates{}, later)
			}
			b.ReportMetric(float64(len(page)*b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
